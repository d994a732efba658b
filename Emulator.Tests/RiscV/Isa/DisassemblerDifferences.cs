using System.Text.RegularExpressions;
using Emulator.Arch.RiscV.Decoding;

namespace Emulator.Tests.RiscV.Isa;

/// <summary>Where other disassemblers differ from the manual or from our choices, each with the reason.</summary>
internal static partial class DisassemblerDifferences
{
    private const uint Opcode = 0x7f;
    private const uint MiscMem = 0x0f;

    private static readonly (Func<Case, bool> Applies, string Reason)[] Known =
    [
        (c => c.Bits == 0, "they give the defined illegal instruction a name"),
        (c => c.Actual is not null && c.Expected is not null && (CsrNumber().IsMatch(c.Actual) || CsrNumber().IsMatch(c.Expected))
            && CsrName().Replace(c.Actual, "$1 csr") == CsrName().Replace(c.Expected, "$1 csr"),
            "they name CSRs that we do not have, and the other way round"),
        (c => c.Actual?.Contains("ntl.", StringComparison.Ordinal) == true && c.Expected?.Contains("add zero,", StringComparison.Ordinal) == true,
            "locality hints are aliases to them"),
        (c => c is { Actual: "pause", Expected: "fence w,0" }, "pause is an alias to LLVM"),
        (c => c.Actual is not null && c.Expected is not null && ShiftBy0().Replace(c.Actual, "$1") == c.Expected.Replace("64", "", StringComparison.Ordinal),
            "a compressed shift by 0 has a name of its own (for RV128) to them"),
        (c => c.Actual?.Replace("c.nop", "c.addi zero,", StringComparison.Ordinal).Replace(", ", ",", StringComparison.Ordinal) == c.Expected,
            "GNU prints C.NOP with a hint as C.ADDI"),
        (c => c.Actual is null && c.Expected is not null && LuiOf0().IsMatch(c.Expected), "reserved (Unpriv. spec, C.LUI), LLVM prints it"),
        (c => c.Actual is not null && c.Expected is not null && Lui0().Replace(c.Expected, "") == Lui0().Replace(c.Actual, ""),
            "LLVM prints the immediate of a C.LUI hint as signed"),
        (c => c.Actual is null && c.Expected is not null && WideShift().IsMatch(c.Expected),
            "shifts by 32 and more are reserved on RV32 (Unpriv. spec 2.4.1, C.SLLI), they print them"),
        (c => c.Actual is null && c.Expected is not null && Withdrawn().IsMatch(c.Expected), "GNU knows instructions of old drafts, and of H with Svinval"),
        (c => c.Actual is null && c.Expected is not null && KeyRound().IsMatch(c.Expected), "reserved (Unpriv. spec, AES64KS1I), GNU prints it"),
        (c => c.Actual is not null && ExactConversion().IsMatch(c.Actual) && (c.Expected is null || c.Actual == $"{c.Expected},rne"),
            "exact conversions do not round: they leave RNE out, and GNU knows no other mode there"),
        (c => c.Expected is null && c.Row?.Decode(c.Bits).Rm is 5 or 6, "with a reserved rounding mode a row is found, and lifted as illegal"),
        (c => c.Actual is null && c.Expected?.StartsWith("fcvtmod.w.d", StringComparison.Ordinal) == true, "only RTZ is valid, LLVM prints all"),
        (c => (c.Bits & Opcode) == MiscMem && c.Actual?.StartsWith("fence", StringComparison.Ordinal) == true,
            "reserved fields of FENCE are ignored (Unpriv. spec 2.7), GNU calls them undefined"),
    ];

    public static bool IsKnown(uint bits, InstructionDefinition? row, string? actual, string? expected)
    {
        var difference = new Case(bits, row, actual, expected);
        return Known.Any(known => known.Applies(difference));
    }

    private readonly record struct Case(uint Bits, InstructionDefinition? Row, string? Actual, string? Expected);

    [GeneratedRegex(@"^(csrr\w+ \w+),\d+")]
    private static partial Regex CsrNumber();

    [GeneratedRegex(@"^(csrr\w+ \w+),\w+")]
    private static partial Regex CsrName();

    [GeneratedRegex(@"^(c\.s\w+ \w+),0$")]
    private static partial Regex ShiftBy0();

    [GeneratedRegex(@"^c\.lui \w+,0$")]
    private static partial Regex LuiOf0();

    [GeneratedRegex(@"(?<=^c\.lui zero,).*$")]
    private static partial Regex Lui0();

    [GeneratedRegex(@"^(c\.)?(slli|srli|srai|rori|bseti|bclri|binvi|bexti) \w+,(\w+,)?(3[2-9]|[45]\d|6[0-3])$")]
    private static partial Regex WideShift();

    [GeneratedRegex(@"^(sfence\.vm|hret|uret|dret|hinval\.\w+|hfence\.\w+)( .*)?$")]
    private static partial Regex Withdrawn();

    [GeneratedRegex(@"^fcvt\.(s\.h|d\.h|d\.s|d\.wu?) ")]
    private static partial Regex ExactConversion();

    [GeneratedRegex(@"^aes64ks1i \w+,\w+,1[1-5]$")]
    private static partial Regex KeyRound();
}
