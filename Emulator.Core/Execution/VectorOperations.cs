using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Core.Execution;

/// <summary>Vector operations of the IR: their definition for the reference interpreter, and the slow paths of their memory accesses.</summary>
// SAFETY: slots are indexed by the verified IR; host pointers come from TLB entries, checked for the whole access.
internal static unsafe class VectorOperations
{
    public const int Size = 16;
    private const int HalfSize = 8;

    /// <summary>Executes one operation; a vector result is stored, a scalar one returned.</summary>
    public static ulong Execute(VirtualCpu cpu, IrInstruction instruction, ulong a, ulong b, int mmuIndex)
    {
        var state = cpu.State;
        switch (instruction.Opcode)
        {
            case Opcode.VectorLoad:
                var loaded = IsAligned(instruction)
                    ? AlignedVectorMemory.Load(state, Address(a, instruction), mmuIndex)
                    : Load(state, Address(a, instruction), mmuIndex);
                if (state->ExitReason == ExitReason.None) *At(state, instruction.Destination) = loaded;
                return 0;
            case Opcode.VectorStore:
                if (IsAligned(instruction)) AlignedVectorMemory.Store(state, Address(a, instruction), *At(state, instruction.B), mmuIndex);
                else Store(state, Address(a, instruction), *At(state, instruction.B), mmuIndex);
                return 0;
            case Opcode.VectorCopy:
                *At(state, instruction.Destination) = *At(state, instruction.A);
                return 0;
            case Opcode.VectorLow:
                return At(state, instruction.A)->AsUInt64().ToScalar();
            case Opcode.VectorHigh:
                return At(state, instruction.A)->AsUInt64().GetElement(1);
            case Opcode.VectorPack:
                *At(state, instruction.Destination) = Vector128.Create(a, b).AsByte();
                return 0;
            case Opcode.CallVectorFloat:
                var (floatHelper, number) = VectorCall.Unpack(instruction.Immediate);
                var operation = cpu.Architecture.Helpers[floatHelper].VectorFloat!;
                *At(state, instruction.Destination) = operation(*At(state, instruction.A), *At(state, instruction.B), number, ref state->FloatFlags);
                return 0;
            default:
                var (helper, constant) = VectorCall.Unpack(instruction.Immediate);
                var method = cpu.Architecture.Helpers[helper].Vector!;
                *At(state, instruction.Destination) = method(*At(state, instruction.A), *At(state, instruction.B), constant);
                return 0;
        }
    }

    /// <summary>Loads 16 bytes; a fault is left in the hart.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<byte> Load(StateBlock* state, ulong address, int mmuIndex)
    {
        var cpu = VirtualCpu.FromState(state);
        cpu.SlowAccesses++;
        ulong low = MemoryAccess.Load(cpu, address, HalfSize, mmuIndex);
        if (state->ExitReason != ExitReason.None) return default;
        ulong high = MemoryAccess.Load(cpu, unchecked(address + HalfSize), HalfSize, mmuIndex);
        return Vector128.Create(low, high).AsByte();
    }

    /// <summary>Stores 16 bytes, all or none; a fault is left in the hart.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Store(StateBlock* state, ulong address, Vector128<byte> value, int mmuIndex)
    {
        var cpu = VirtualCpu.FromState(state);
        cpu.SlowAccesses++;
        ulong last = unchecked(address + Size - 1);
        if ((address & GuestPage.Mask) != (last & GuestPage.Mask) && !MemoryAccess.ProbeWrite(cpu, address, Size, mmuIndex)) return;
        MemoryAccess.Store(cpu, address, HalfSize, mmuIndex, value.AsUInt64().ToScalar());
        if (state->ExitReason != ExitReason.None) return;
        MemoryAccess.Store(cpu, unchecked(address + HalfSize), HalfSize, mmuIndex, value.AsUInt64().GetElement(1));
    }

    private static Vector128<byte>* At(StateBlock* state, Slot slot) => (Vector128<byte>*)(state->Slots + slot.Index);

    private static bool IsAligned(IrInstruction instruction) => ((AccessTraits)instruction.C.Index & AccessTraits.Aligned) != 0;

    private static ulong Address(ulong a, IrInstruction instruction)
    {
        ulong address = unchecked(a + (ulong)instruction.Immediate);
        return ((AccessTraits)instruction.C.Index & AccessTraits.Address32) != 0 ? (uint)address : address;
    }
}

/// <summary>The slow paths of vector accesses that fault unless they are aligned.</summary>
// SAFETY: as VectorOperations.
internal static unsafe class AlignedVectorMemory
{
    /// <summary>Loads 16 bytes; a fault is left in the hart.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<byte> Load(StateBlock* state, ulong address, int mmuIndex) =>
        Admits(state, address, AccessKind.Read) ? VectorOperations.Load(state, address, mmuIndex) : default;

    /// <summary>Stores 16 bytes, all or none; a fault is left in the hart.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Store(StateBlock* state, ulong address, Vector128<byte> value, int mmuIndex)
    {
        if (Admits(state, address, AccessKind.Write)) VectorOperations.Store(state, address, value, mmuIndex);
    }

    private static bool Admits(StateBlock* state, ulong address, AccessKind kind)
    {
        if ((address & (VectorOperations.Size - 1)) == 0) return true;
        var cpu = VirtualCpu.FromState(state);
        cpu.RaiseFault(cpu.MisalignedFault(new GuestVirtualAddress(address), kind, VectorOperations.Size));
        return false;
    }
}
