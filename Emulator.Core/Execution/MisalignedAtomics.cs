using Emulator.Core.Ir;

namespace Emulator.Core.Execution;

/// <summary>
/// Atomic operations at addresses that are no multiple of their size. Within eight aligned bytes they are as atomic as any other. Over
/// two such words they exclude each other and the exchanges of <see cref="WideAtomics"/>, lose no concurrent write, and what other
/// harts may see meanwhile is what is said there.
/// </summary>
// SAFETY: the pointers come from MemoryAccess.AtomicAddress, which checked eight aligned bytes of RAM each.
internal static unsafe class MisalignedAtomics
{
    private const int WordSize = 8;
    private const ulong InWord = WordSize - 1;

    /// <summary>The old content, sign-extended; on a fault, the fault is left in the hart and the result means nothing.</summary>
    public static ulong Execute(VirtualCpu cpu, Opcode opcode, ulong address, int size, int mmuIndex, ulong operand, ulong expected)
    {
        if (!MemoryAccess.ProbeWrite(cpu, address, size, mmuIndex)) return 0;
        operand = AtomicOperations.Extend(operand, size);
        expected = AtomicOperations.Extend(expected, size);
        int shift = 8 * (int)(address & InWord);
        byte* low = MemoryAccess.AtomicAddress(cpu, address & ~InWord, WordSize, mmuIndex, AccessKind.Write, out var lowWritten);
        if (low == null) return 0;
        if (shift + (8 * size) <= 8 * WordSize)
        {
            ulong before = InOneWord(ref *(ulong*)low, opcode, shift, size, operand, expected);
            lowWritten.Written(cpu.MemorySystem);
            return before;
        }

        byte* high = MemoryAccess.AtomicAddress(cpu, unchecked((address & ~InWord) + WordSize), WordSize, mmuIndex, AccessKind.Write, out var highWritten);
        if (high == null) return 0;
        while (true)
        {
            var pair = new UInt128(Interlocked.Read(ref *(ulong*)high), Interlocked.Read(ref *(ulong*)low));
            ulong old = AtomicOperations.Extend((ulong)(pair >> shift), size);
            var mask = (UInt128)Mask(size) << shift;
            var desired = (pair & ~mask) | (((UInt128)AtomicOperations.Compute(opcode, old, operand, expected) << shift) & mask);
            if (WideAtomics.CompareExchange(ref *(ulong*)low, ref *(ulong*)high, pair, desired) != pair) continue;
            lowWritten.Written(cpu.MemorySystem);
            highWritten.Written(cpu.MemorySystem);
            return old;
        }
    }

    private static ulong InOneWord(ref ulong word, Opcode opcode, int shift, int size, ulong operand, ulong expected)
    {
        ulong mask = Mask(size) << shift;
        while (true)
        {
            ulong before = Interlocked.Read(ref word);
            ulong old = AtomicOperations.Extend(before >> shift, size);
            ulong desired = (before & ~mask) | ((AtomicOperations.Compute(opcode, old, operand, expected) << shift) & mask);
            if (Interlocked.CompareExchange(ref word, desired, before) == before) return old;
        }
    }

    private static ulong Mask(int size) => size == WordSize ? ulong.MaxValue : (1ul << (8 * size)) - 1;
}
