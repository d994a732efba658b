using System.Runtime.CompilerServices;
using Emulator.Core.Ir;

namespace Emulator.Core.Execution;

/// <summary>Atomic read-modify-write operations of the IR, with the host's own atomics on guest memory.</summary>
// SAFETY: works on host addresses that MemoryAccess.AtomicAddress has checked for alignment, kind and range.
internal static unsafe class AtomicOperations
{
    private const int Address32 = 16;

    /// <summary>Packs what an atomic operation knows when it is translated.</summary>
    public static int Pack(in IrInstruction instruction, int mmuIndex)
    {
        int width = instruction.Opcode == Opcode.AtomicCompareExchange ? (int)instruction.Immediate : instruction.C.Index;
        return (int)instruction.Opcode | (width << 16) | (mmuIndex << 24);
    }

    /// <summary>Executes one operation; on a fault, the fault is left in the hart and the result means nothing.</summary>
    /// <param name="state">The hart's state block.</param>
    /// <param name="address">A of the operation.</param>
    /// <param name="operand">B of the operation.</param>
    /// <param name="expected">C of the operation, for compare and exchange.</param>
    /// <param name="packed">From <see cref="Pack"/>.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Execute(StateBlock* state, ulong address, ulong operand, ulong expected, int packed)
    {
        var opcode = (Opcode)(packed & 0xffff);
        int width = (packed >> 16) & 0xff;
        int mmuIndex = packed >> 24;
        if ((width & Address32) != 0) address = (uint)address;
        int size = width & 15;
        var kind = opcode == Opcode.LoadExclusive ? AccessKind.Read : AccessKind.Write;
        var cpu = VirtualCpu.FromState(state);
        bool isUnrestricted = cpu.Architecture.HasUnrestrictedAtomics;
        if (isUnrestricted && (address & (ulong)(size - 1)) != 0) return MisalignedAtomics.Execute(cpu, opcode, address, size, mmuIndex, operand, expected);
        byte* host = MemoryAccess.AtomicAddress(cpu, address, size, mmuIndex, kind, out var written, isUnrestricted);
        if (host == null)
        {
            return state->ExitReason == ExitReason.None ? OnDevice(cpu, opcode, address, size, mmuIndex, operand, expected) : 0;
        }

        ulong result = opcode switch
        {
            Opcode.LoadExclusive => LoadExclusive(state, host, address, size),
            Opcode.StoreExclusive => StoreExclusive(state, host, address, size, operand),
            Opcode.AtomicCompareExchange => CompareExchange(host, size, expected, operand),
            Opcode.AtomicSwap => Exchange(host, size, operand),
            Opcode.AtomicAdd when size == 8 => (ulong)Interlocked.Add(ref *(long*)host, (long)operand) - operand,
            Opcode.AtomicAdd when size == 4 => (ulong)(Interlocked.Add(ref *(int*)host, (int)operand) - (int)operand),
            _ => ReadModifyWrite(opcode, host, size, operand),
        };
        written.Written(cpu.MemorySystem);
        return result;
    }

    private static ulong LoadExclusive(StateBlock* state, byte* host, ulong address, int size)
    {
        ulong value = Extend(Read(host, size), size);
        Interlocked.MemoryBarrier();
        state->ReservationAddress = address;
        state->ReservationValue = value;
        return value;
    }

    // The reservation holds when the value is unchanged, as on hosts without exclusive monitors; an A-B-A change is not seen.
    private static ulong StoreExclusive(StateBlock* state, byte* host, ulong address, int size, ulong operand)
    {
        bool reserved = state->ReservationAddress == address;
        ulong expected = state->ReservationValue;
        state->ReservationAddress = StateBlock.NoReservation;
        return reserved && CompareExchange(host, size, expected, operand) == expected ? 0u : 1u;
    }

    private static ulong ReadModifyWrite(Opcode opcode, byte* host, int size, ulong operand)
    {
        ulong b = Extend(operand, size);
        while (true)
        {
            ulong old = Extend(Read(host, size), size);
            ulong value = Compute(opcode, old, b, 0);
            if (CompareExchange(host, size, old, value) == old) return old;
        }
    }

    /// <summary>What memory holds afterwards; all are sign-extended.</summary>
    public static ulong Compute(Opcode opcode, ulong old, ulong operand, ulong expected) => opcode switch
    {
        Opcode.AtomicCompareExchange => old == expected ? operand : old,
        Opcode.AtomicSwap => operand,
        Opcode.AtomicAdd => old + operand,
        Opcode.AtomicAnd => old & operand,
        Opcode.AtomicOr => old | operand,
        Opcode.AtomicXor => old ^ operand,
        Opcode.AtomicMinS => (long)old < (long)operand ? old : operand,
        Opcode.AtomicMaxS => (long)old > (long)operand ? old : operand,
        Opcode.AtomicMinU => old < operand ? old : operand, // sign extension keeps the unsigned order of narrow values
        _ => old > operand ? old : operand,
    };

    // A device has no atomic operations: it sees a load and a store.
    private static ulong OnDevice(VirtualCpu cpu, Opcode opcode, ulong address, int size, int mmuIndex, ulong operand, ulong expected)
    {
        ulong old = Extend(MemoryAccess.Load(cpu, address, size, mmuIndex), size);
        if (cpu.State->ExitReason != ExitReason.None) return 0;
        MemoryAccess.Store(cpu, address, size, mmuIndex, Compute(opcode, old, Extend(operand, size), Extend(expected, size)));
        return old;
    }

    private static ulong CompareExchange(byte* host, int size, ulong expected, ulong desired) => size switch
    {
        1 => (ulong)(sbyte)Interlocked.CompareExchange(ref *host, (byte)desired, (byte)expected),
        2 => (ulong)(short)Interlocked.CompareExchange(ref *(ushort*)host, (ushort)desired, (ushort)expected),
        4 => (ulong)Interlocked.CompareExchange(ref *(int*)host, (int)desired, (int)expected),
        _ => Interlocked.CompareExchange(ref *(ulong*)host, desired, expected),
    };

    private static ulong Exchange(byte* host, int size, ulong value) => size switch
    {
        1 => (ulong)(sbyte)Interlocked.Exchange(ref *host, (byte)value),
        2 => (ulong)(short)Interlocked.Exchange(ref *(ushort*)host, (ushort)value),
        4 => (ulong)Interlocked.Exchange(ref *(int*)host, (int)value),
        _ => Interlocked.Exchange(ref *(ulong*)host, value),
    };

    private static ulong Read(byte* host, int size) => size switch
    {
        1 => Volatile.Read(ref *host),
        2 => Volatile.Read(ref *(ushort*)host),
        4 => Volatile.Read(ref *(uint*)host),
        _ => Volatile.Read(ref *(ulong*)host),
    };

    /// <summary>Sign-extends from a size in bytes.</summary>
    public static ulong Extend(ulong value, int size) => size switch
    {
        1 => (ulong)(sbyte)value,
        2 => (ulong)(short)value,
        4 => (ulong)(int)value,
        _ => value,
    };
}
