using Emulator.Arch.X86.Lifting;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>MOV of general registers, MOVZX, MOVSX, LEA, XCHG, PUSH and POP of general operands, CMOVcc, SETcc.</summary>
internal static class Moves
{
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Movzx, static l => l.Write(0, l.ReadZero(1))),
        new(Mnemonic.Movsx, static l => l.Write(0, l.ReadSigned(1))),
        new(Mnemonic.Movsxd, static l => l.Write(0, l.ReadSigned(1))),
        new(Mnemonic.Lea, static l => l.Write(0, l.EffectiveAddress())),
        .. Conditional(),
    ];

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
