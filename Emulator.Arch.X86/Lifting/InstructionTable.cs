using Emulator.Arch.X86.Instructions;
using Emulator.Arch.X86.Instructions.Sse;
using Iced.Intel;

namespace Emulator.Arch.X86.Lifting;

/// <summary>Builds the IR of one instruction.</summary>
internal delegate void Lift(X86Lifter lifter);

/// <summary>One row: every encoding of a mnemonic, and what it means.</summary>
/// <param name="Mnemonic">The name that Iced's decoder gives it.</param>
/// <param name="Lift">Its meaning.</param>
internal sealed record InstructionRow(Mnemonic Mnemonic, Lift Lift)
{
    /// <summary>A row for one encoding, whose mnemonic means something else in others: MOVSD, MOV to control registers.</summary>
    public InstructionRow(Code code, Lift lift)
        : this(code.Mnemonic(), lift) => Code = code;

    /// <summary>The only encoding that the row is for, or INVALID when it is for all that have no row of their own.</summary>
    public Code Code { get; }
}

/// <summary>All instructions that are executed; whatever has no row raises #UD.</summary>
internal static class InstructionTable
{
    /// <summary>All rows, family by family.</summary>
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        .. FarControl.Rows,
        .. SegmentMoves.Rows,
        .. ControlMoves.Rows,
        .. InterruptFlag.Rows,
        .. Identification.Rows,
        .. PortInstructions.Rows,
        .. AbsentFloatUnit.Rows,
        .. Arithmetic.Rows,
        .. Moves.Rows,
        .. NearControl.Rows,
        .. Stack.Rows,
        .. SseMoves.Rows,
        .. PackedInteger.Rows,
        .. PackedShifts.Rows,
        .. Shuffles.Rows,
        .. SseArithmetic.Rows,
        .. SseRoots.Rows,
        .. SseComparison.Rows,
        .. SseConversion.Rows,
        .. SseToInteger.Rows,
        .. SseSystem.Rows,
        .. FlagInstructions.Rows,
        .. Shifts.Rows,
        .. Rotates.Rows,
        .. Multiplication.Rows,
        .. Division.Rows,
        .. BitTests.Rows,
        .. BitCounts.Rows,
        .. BitManipulation.Rows,
        .. CarryChains.Rows,
        .. Instructions.Decimal.Rows,
        .. Exchanges.Rows,
        .. Hints.Rows,
        .. Strings.Rows,
        .. SoftwareInterrupts.Rows,
    ];

    private static readonly InstructionRow?[] ByCode = Build();

    public static InstructionRow? Find(Code code) => ByCode[(int)code];

    private static InstructionRow?[] Build()
    {
        var ofMnemonic = new Dictionary<int, InstructionRow>(); // keys of enumerations would be compiled at run time
        var ofCode = new Dictionary<int, InstructionRow>();
        foreach (var row in Rows)
        {
            bool isNew = row.Code == Code.INVALID ? ofMnemonic.TryAdd((int)row.Mnemonic, row) : ofCode.TryAdd((int)row.Code, row);
            if (!isNew) throw new InvalidOperationException($"{row.Mnemonic} ({row.Code}) has two rows");
        }

        var codes = Enum.GetValues<Code>();
        var table = new InstructionRow?[codes.Length];
        foreach (var code in codes)
        {
            if (ofCode.TryGetValue((int)code, out var row) || ofMnemonic.TryGetValue((int)code.Mnemonic(), out row)) table[(int)code] = row;
        }

        return table;
    }
}
