using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>Moves between XMM registers, memory and general registers.</summary>
internal static class SseMoves
{
    private static readonly Helper MergeLow32 = X86Helpers.Register(MergeLow32Of);

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        SseRow.Of(Mnemonic.Movaps, Aligned),
        SseRow.Of(Mnemonic.Movapd, Aligned),
        SseRow.Of(Mnemonic.Movdqa, Aligned),
        SseRow.Of(Mnemonic.Movntps, Aligned),
        SseRow.Of(Mnemonic.Movntpd, Aligned),
        SseRow.Of(Mnemonic.Movntdq, Aligned),
        SseRow.Of(Mnemonic.Movups, Unaligned),
        SseRow.Of(Mnemonic.Movupd, Unaligned),
        SseRow.Of(Mnemonic.Movdqu, Unaligned),
        SseRow.Of(Mnemonic.Movss, MoveSingle),
        SseRow.Of(Code.Movsd_xmm_xmmm64, MoveDouble),
        SseRow.Of(Code.Movsd_xmmm64_xmm, MoveDouble),
        SseRow.Of(Mnemonic.Movlps, LowHalf),
        SseRow.Of(Mnemonic.Movlpd, LowHalf),
        SseRow.Of(Mnemonic.Movhps, HighHalf),
        SseRow.Of(Mnemonic.Movhpd, HighHalf),
        SseRow.Of(Mnemonic.Movhlps, static l => l.Ir.WriteVector(l.XmmSlot(0), l.Ir.VectorPack(High(l, 1), High(l, 0)))),
        SseRow.Of(Mnemonic.Movlhps, static l => l.Ir.WriteVector(l.XmmSlot(0), l.Ir.VectorPack(Low(l, 0), Low(l, 1)))),
        SseRow.Of(Mnemonic.Movd, Scalar),
        SseRow.Of(Mnemonic.Movq, Scalar),
        new(Mnemonic.Movnti, static l => l.Write(0, l.Read(1))),
    ];

    private static Value Low(X86Lifter l, int operand) => l.Ir.VectorLow(IrBuilder.ReadVector(l.XmmSlot(operand)));

    private static Value High(X86Lifter l, int operand) => l.Ir.VectorHigh(IrBuilder.ReadVector(l.XmmSlot(operand)));

    private static void Aligned(X86Lifter l) => l.WriteVector(0, l.ReadVector(1));

    private static void Unaligned(X86Lifter l) => l.WriteVectorUnaligned(0, l.ReadVectorUnaligned(1));

    // a scalar from memory clears the rest of the register, one from a register keeps it
    private static void MoveSingle(X86Lifter l)
    {
        if (l.IsMemory(0)) l.Write(0, Low(l, 1));
        else if (l.IsMemory(1)) l.Ir.WriteVector(l.XmmSlot(0), l.ReadLowLane(1, 4));
        else l.Ir.WriteVector(l.XmmSlot(0), l.Ir.Call(MergeLow32, IrBuilder.ReadVector(l.XmmSlot(0)), IrBuilder.ReadVector(l.XmmSlot(1))));
    }

    private static void MoveDouble(X86Lifter l)
    {
        if (l.IsMemory(0)) l.Write(0, Low(l, 1));
        else if (l.IsMemory(1)) l.Ir.WriteVector(l.XmmSlot(0), l.ReadLowLane(1, 8));
        else l.Ir.WriteVector(l.XmmSlot(0), l.Ir.VectorPack(Low(l, 1), High(l, 0)));
    }

    private static void LowHalf(X86Lifter l)
    {
        if (l.IsMemory(0)) l.Write(0, Low(l, 1));
        else l.Ir.WriteVector(l.XmmSlot(0), l.Ir.VectorPack(l.Read(1), High(l, 0)));
    }

    private static void HighHalf(X86Lifter l)
    {
        if (l.IsMemory(0)) l.Write(0, High(l, 1));
        else l.Ir.WriteVector(l.XmmSlot(0), l.Ir.VectorPack(Low(l, 0), l.Read(1)));
    }

    // MOVD and MOVQ: the rest of an XMM register is cleared, also by MOVQ between two of them
    private static void Scalar(X86Lifter l)
    {
        if (!IsXmm(l, 0))
        {
            l.Write(0, Low(l, 1));
            return;
        }

        var scalar = IsXmm(l, 1) ? Low(l, 1) : l.ReadZero(1);
        l.Ir.WriteVector(l.XmmSlot(0), l.Ir.VectorPack(scalar, 0));
    }

    private static bool IsXmm(X86Lifter l, int operand) => !l.IsMemory(operand) && l.Instruction.GetOpRegister(operand).IsXMM();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> MergeLow32Of(Vector128<byte> a, Vector128<byte> b, int constant) =>
        a.AsSingle().WithElement(0, b.AsSingle().ToScalar()).AsByte();
}
