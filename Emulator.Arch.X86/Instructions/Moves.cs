using Emulator.Arch.X86.Lifting;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>MOV of general registers, MOVZX, MOVSX, LEA, XCHG, BSWAP, MOVBE, XLAT, sign extensions of the accumulator, CMOVcc, SETcc.</summary>
internal static class Moves
{
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Mov, Move),
        new(Mnemonic.Movzx, static l => l.Write(0, l.ReadZero(1))),
        new(Mnemonic.Movsx, static l => l.Write(0, l.ReadSigned(1))),
        new(Mnemonic.Movsxd, static l => l.Write(0, l.ReadSigned(1))),
        new(Mnemonic.Lea, static l => l.Write(0, l.EffectiveAddress())),
        new(Mnemonic.Xchg, Exchange),
        new(Mnemonic.Bswap, SwapBytes),
        new(Mnemonic.Movbe, static l => l.Write(0, Reversed(l, l.Read(1), l.SizeOf(0)))),
        new(Mnemonic.Xlatb, Translate),
        new(Mnemonic.Cbw, static l => l.WriteRegister(Register.AX, l.Ir.SignExtend8(l.ReadRegister(Register.AL)))),
        new(Mnemonic.Cwde, static l => l.WriteRegister(Register.EAX, l.Ir.SignExtend16(l.ReadRegister(Register.AX)))),
        new(Mnemonic.Cdqe, static l => l.WriteRegister(Register.RAX, l.Ir.SignExtend32(l.ReadRegister(Register.EAX)))),
        new(Mnemonic.Cwd, static l => SpreadSign(l, 2)),
        new(Mnemonic.Cdq, static l => SpreadSign(l, 4)),
        new(Mnemonic.Cqo, static l => SpreadSign(l, 8)),
        .. Conditional(),
    ];

    // Moves to and from other registers have rows of their own.
    private static void Move(X86Lifter l)
    {
        if (IsGeneral(l, 0) && IsGeneral(l, 1)) l.Write(0, l.Read(1));
        else l.Fault(X86Exception.InvalidOpcode);
    }

    private static bool IsGeneral(X86Lifter l, int operand) =>
        l.Instruction.GetOpKind(operand) != OpKind.Register || l.Instruction.GetOpRegister(operand).IsGPR();

    // XCHG with memory is atomic without being asked (SDM volume 3, 9.1.2.1).
    private static void Exchange(X86Lifter l)
    {
        var first = l.PlaceOf(0, writes: true);
        var second = l.PlaceOf(1, writes: true);
        if (first.IsMemory) (first, second) = (second, first);
        if (second.IsMemory)
        {
            l.WriteRegister(first.Register, l.Atomic(Opcode.AtomicSwap, second, l.Read(first)));
            return;
        }

        var a = l.Ir.Hold(l.Read(first));
        var b = l.Ir.Hold(l.Read(second));
        l.Write(first, b);
        l.Write(second, a);
    }

    // Of 16 bits BSWAP is undefined; processors clear the register.
    private static void SwapBytes(X86Lifter l)
    {
        int bytes = l.SizeOf(0);
        l.Write(0, bytes == 2 ? 0 : Reversed(l, l.Read(0), bytes));
    }

    private static Value Reversed(X86Lifter l, Value value, int bytes) => l.Ir.ShrU(l.Ir.ByteSwap(value), 64 - (8 * bytes));

    // AL = [rBX + AL]; Iced names AL as the index, which is no scaled register.
    private static void Translate(X86Lifter l)
    {
        var offset = l.Ir.Add(l.ReadRegister(l.Instruction.MemoryBase), l.Ir.ZeroExtend8(l.ReadRegister(Register.AL)));
        var address = l.Linear(l.Instruction.MemorySegment - Register.ES, l.ZeroExtend(offset, l.AddressSize), 1, false);
        l.WriteRegister(Register.AL, l.Load(address, 1));
    }

    private static void SpreadSign(X86Lifter l, int bytes) => l.WriteRegister(
        X86Lifter.GeneralRegister(2, bytes), l.Ir.ShrS(l.SignExtend(l.ReadRegister(X86Lifter.GeneralRegister(0, bytes)), bytes), 63));

    private static IEnumerable<InstructionRow> Conditional()
    {
        foreach (var (mnemonic, condition) in new (Mnemonic, ConditionCode)[]
        {
            (Mnemonic.Seto, ConditionCode.o), (Mnemonic.Setno, ConditionCode.no), (Mnemonic.Setb, ConditionCode.b), (Mnemonic.Setae, ConditionCode.ae),
            (Mnemonic.Sete, ConditionCode.e), (Mnemonic.Setne, ConditionCode.ne), (Mnemonic.Setbe, ConditionCode.be), (Mnemonic.Seta, ConditionCode.a),
            (Mnemonic.Sets, ConditionCode.s), (Mnemonic.Setns, ConditionCode.ns), (Mnemonic.Setp, ConditionCode.p), (Mnemonic.Setnp, ConditionCode.np),
            (Mnemonic.Setl, ConditionCode.l), (Mnemonic.Setge, ConditionCode.ge), (Mnemonic.Setle, ConditionCode.le), (Mnemonic.Setg, ConditionCode.g),
        })
        {
            yield return new InstructionRow(mnemonic, l => l.Write(0, l.Condition(condition)));
        }

        foreach (var (mnemonic, condition) in new (Mnemonic, ConditionCode)[]
        {
            (Mnemonic.Cmovo, ConditionCode.o), (Mnemonic.Cmovno, ConditionCode.no), (Mnemonic.Cmovb, ConditionCode.b), (Mnemonic.Cmovae, ConditionCode.ae),
            (Mnemonic.Cmove, ConditionCode.e), (Mnemonic.Cmovne, ConditionCode.ne), (Mnemonic.Cmovbe, ConditionCode.be), (Mnemonic.Cmova, ConditionCode.a),
            (Mnemonic.Cmovs, ConditionCode.s), (Mnemonic.Cmovns, ConditionCode.ns), (Mnemonic.Cmovp, ConditionCode.p), (Mnemonic.Cmovnp, ConditionCode.np),
            (Mnemonic.Cmovl, ConditionCode.l), (Mnemonic.Cmovge, ConditionCode.ge), (Mnemonic.Cmovle, ConditionCode.le), (Mnemonic.Cmovg, ConditionCode.g),
        })
        {
            // memory is read, and a 32-bit destination's upper half cleared, also when the condition fails
            yield return new InstructionRow(mnemonic, l => l.Write(0, l.Ir.Select(l.Condition(condition), l.Read(1), l.Read(0))));
        }
    }
}
