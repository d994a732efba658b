using Emulator.Arch.X86.Instructions;
using Iced.Intel;

namespace Emulator.Arch.X86.Lifting;

/// <summary>Builds the IR of one instruction.</summary>
internal delegate void Lift(X86Lifter lifter);

/// <summary>One row: every encoding of a mnemonic, and what it means.</summary>
/// <param name="Mnemonic">The name that Iced's decoder gives it.</param>
/// <param name="Lift">Its meaning.</param>
internal sealed record InstructionRow(Mnemonic Mnemonic, Lift Lift);

/// <summary>All instructions that are executed; whatever has no row raises #UD.</summary>
internal static class InstructionTable
{
    private static readonly InstructionRow?[] ByMnemonic = Build();

    /// <summary>All rows, family by family.</summary>
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        .. Arithmetic.Rows,
        .. Moves.Rows,
        .. NearControl.Rows,
    ];

    public static InstructionRow? Find(Mnemonic mnemonic) => ByMnemonic[(int)mnemonic];

    private static InstructionRow?[] Build()
    {
        var table = new InstructionRow?[Enum.GetValues<Mnemonic>().Length];
        foreach (var row in Rows)
        {
            if (table[(int)row.Mnemonic] is not null) throw new InvalidOperationException($"{row.Mnemonic} has two rows");
            table[(int)row.Mnemonic] = row;
        }

        return table;
    }
}
