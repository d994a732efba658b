using Emulator.Arch.X86.Lifting;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>Near jumps, Jcc.</summary>
internal static class NearControl
{
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        .. Conditional(),
    ];

    /// <summary>Where a near branch goes, relative to the instruction, and its operand size.</summary>
    public static (long Displacement, int Bytes) Target(X86Lifter l) => l.Instruction.Op0Kind switch
    {
        OpKind.NearBranch16 => ((short)l.Instruction.NearBranch16, 2),
        OpKind.NearBranch32 => ((int)l.Instruction.NearBranch32, 4),
        _ => ((long)l.Instruction.NearBranch64, 8),
    };

    private static IEnumerable<InstructionRow> Conditional()
    {
        foreach (var (mnemonic, condition) in new (Mnemonic, ConditionCode)[]
        {
            (Mnemonic.Jo, ConditionCode.o), (Mnemonic.Jno, ConditionCode.no), (Mnemonic.Jb, ConditionCode.b), (Mnemonic.Jae, ConditionCode.ae),
            (Mnemonic.Je, ConditionCode.e), (Mnemonic.Jne, ConditionCode.ne), (Mnemonic.Jbe, ConditionCode.be), (Mnemonic.Ja, ConditionCode.a),
            (Mnemonic.Js, ConditionCode.s), (Mnemonic.Jns, ConditionCode.ns), (Mnemonic.Jp, ConditionCode.p), (Mnemonic.Jnp, ConditionCode.np),
            (Mnemonic.Jl, ConditionCode.l), (Mnemonic.Jge, ConditionCode.ge), (Mnemonic.Jle, ConditionCode.le), (Mnemonic.Jg, ConditionCode.g),
        })
        {
            yield return new InstructionRow(mnemonic, l =>
            {
                var (displacement, bytes) = Target(l);
                l.BranchNear(l.RelationOf(condition), displacement, bytes);
            });
        }
    }
}
