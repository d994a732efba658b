using System.Runtime.CompilerServices;
using Emulator.Core.Backends.Cil;
using Emulator.Core.Ir;

namespace Emulator.Core.Execution;

/// <summary>What generated code calls when its TLB probe fails.</summary>
// SAFETY: the state pointer comes from generated code, which got it from its hart.
internal static unsafe class SlowMemory
{
    /// <summary>Added to the MMU index of a load that faults as a store would.</summary>
    public const int ForStore = 1 << 8;

    /// <summary>A load by opcode, extended to 64 bits.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Load(StateBlock* state, ulong address, int opcode, int mmuIndex)
    {
        var cpu = VirtualCpu.FromState(state);
        cpu.SlowAccesses++;
        int size = MemoryEmitter.SizeOf((Opcode)opcode);
        bool isForStore = (mmuIndex & ForStore) != 0;
        mmuIndex &= ~ForStore;
        if (isForStore && !MemoryAccess.ProbeWrite(cpu, address, size, mmuIndex)) return 0;
        ulong value = MemoryAccess.Load(cpu, address, size, mmuIndex);
        return Extend((Opcode)opcode, value);
    }

    /// <summary>A store by opcode.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Store(StateBlock* state, ulong address, ulong value, int opcode, int mmuIndex)
    {
        var cpu = VirtualCpu.FromState(state);
        cpu.SlowAccesses++;
        MemoryAccess.Store(cpu, address, MemoryEmitter.SizeOf((Opcode)opcode), mmuIndex, value);
    }

    /// <summary>Extends what a load read.</summary>
    public static ulong Extend(Opcode opcode, ulong value) => opcode switch
    {
        Opcode.Load8S => (ulong)(sbyte)value,
        Opcode.Load16S => (ulong)(short)value,
        Opcode.Load32S => (ulong)(int)value,
        _ => value,
    };
}

/// <summary>The part of a memory operation's handler that is known when it is translated.</summary>
internal static class MemoryDetail
{
    private const int LiteralShift = 4;

    public static long Pack(int mmuIndex, in IrInstruction instruction) => mmuIndex | (instruction.C.Index << LiteralShift);

    public static (int MmuIndex, AccessTraits Traits) Unpack(long detail) => ((int)(detail & 15), (AccessTraits)(detail >> LiteralShift));
}
