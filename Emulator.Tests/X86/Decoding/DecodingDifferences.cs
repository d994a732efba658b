using System.Text.RegularExpressions;
using Iced.Intel;

namespace Emulator.Tests.X86.Decoding;

/// <summary>Where Capstone reads code otherwise than Iced does, each with the reason.</summary>
internal static partial class DecodingDifferences
{
    private static readonly string[] Prefixes = ["lock", "rep", "repe", "repne", "repz", "repnz", "xacquire", "xrelease", "bnd", "notrack", "data16", "addr32"];

    // The same instruction by another name.
    private static readonly Dictionary<string, string> Aliases = new()
    {
        ["sal"] = "shl",
        ["movabs"] = "mov",
        ["lcall"] = "call",
        ["ljmp"] = "jmp",
        ["retfq"] = "retf",
        ["pushaw"] = "pusha",
        ["pushal"] = "pushad",
        ["popaw"] = "popa",
        ["popal"] = "popad",
        ["feni8087_nop"] = "fneni",
        ["fdisi8087_nop"] = "fndisi",
        ["fsetpm"] = "fnsetpm",
    };

    private static readonly (string Reason, Func<Difference, bool> Applies)[] Known =
    [
        ("reserved NOPs and hints (SDM volume 2, table A-3): NOP to Capstone, or nothing", static d =>
            d is { Ours: "reservednop" or "nop" or "prefetch" or "prefetchw" or "prefetchwt1" or "prefetchit0" or "prefetchit1" or "cldemote", Theirs: "nop" or "" }),
        ("UD0 and UD1 have a ModR/M byte (SDM volume 2, UD), not to Capstone", static d => d.Ours is "ud0" or "ud1"),
        ("the low bits of a fence's ModR/M byte are ignored (SDM volume 2, LFENCE)", static d => d is { Ours: "lfence" or "mfence" or "sfence", Theirs: "" }),
        ("REX.R of a segment register is ignored", static d => d is { Bits: 64, Ours: "mov", Theirs: "", Opcode: 0x8c or 0x8e }),
        ("66 does not shorten near branches in 64-bit mode (SDM volume 1, 6.3.7), it does to Capstone", static d => d is { Bits: 64, Ours: "call" or "jmp" } && d.Ours == d.Theirs && d.Has(0x66)),
        ("66 before a conditional branch likewise", static d => d is { Bits: 64, SecondOpcode: >= 0x80 and <= 0x8f } && d.Ours == d.Theirs && d.Has(0x66)),
        ("LOCK where it is not allowed is undefined (SDM volume 2, LOCK)", static d => d.Ours.Length == 0 && d.Has(0xf0)),
        ("MOV to CS, from segment registers and of control and debug registers that do not exist (SDM volume 2, MOV)", static d => d is { Ours: "", Theirs: "mov" }),
        ("instructions of other makers", static d => d.Ours.Length == 0 && d.SecondOpcode is 0x0f or 0xa6 or 0xa7),
        ("SWAPGS is of 64-bit mode", static d => d is { Ours: "", Theirs: "swapgs" } && d.Bits != 64),
        ("66, F2 and F3 before opcodes that have no such encoding, and before VEX, are undefined (SDM volume 2, 2.1.2 and 2.3.2)", static d =>
            d.Ours.Length == 0 && (d.Has(0x66) || d.Has(0xf2) || d.Has(0xf3))),
        ("EVEX.b of a register operand where there is no rounding is undefined (SDM volume 2, 2.7.11)", static d => d is { Ours: "", Opcode: 0x62 }),
        ("Capstone names CBW and CWD of 16-bit code as of 32-bit code", static d => d is { Bits: 16, IsSameLength: true, Ours: "cbw" or "cwde" or "cwd" or "cdq" }),
        ("Capstone loses F2 and F3 in 16-bit code, and 66 next to them", static d => d.IsSameLength && (d.Has(0xf2) || d.Has(0xf3)) && (d.Bits == 16 || d.Has(0x66))),
        ("a REX prefix that is not last is ignored, and REX.W of INS and OUTS (SDM volume 2, 2.2.1), not to Capstone", static d =>
            d is { Bits: 64, IsSameLength: true } && (d.HasEarlyRex || d.Opcode is 0x6d or 0x6f)),
    ];

    public static string NameOf(in Instruction instruction)
    {
        string name = instruction.Mnemonic.ToString().ToLowerInvariant();
        return Aliases.GetValueOrDefault(name, name);
    }

    public static string NameOf(string mnemonic)
    {
        string name = mnemonic.Split(' ').FirstOrDefault(static word => !Prefixes.Contains(word), mnemonic);
        if (Predicate().Match(name) is { Success: true } match) return $"cmp{match.Groups[1].Value}"; // CMPPS with its predicate
        return Aliases.GetValueOrDefault(name, name);
    }

    public static string? Find(int bits, byte[] bytes, string ours, string theirs, bool isSameLength)
    {
        var difference = new Difference(bits, bytes, ours, theirs, isSameLength);
        return Known.Where(known => known.Applies(difference)).Select(static known => known.Reason).FirstOrDefault();
    }

    [GeneratedRegex("^cmp(?:eq|lt|le|unord|neq|nlt|nle|ord)(ps|pd|ss|sd)$")]
    private static partial Regex Predicate();

    private sealed record Difference(int Bits, byte[] Bytes, string Ours, string Theirs, bool IsSameLength)
    {
        private static readonly byte[] LegacyPrefixes = [0x66, 0x67, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0xf2, 0xf3, 0xf0];

        public byte Opcode => Bytes[PrefixCount];

        public int SecondOpcode => Opcode == 0x0f ? Bytes[PrefixCount + 1] : -1;

        private int PrefixCount => Bytes.Take(Bytes.Length - 2).TakeWhile(b => LegacyPrefixes.Contains(b) || (Bits == 64 && (b & 0xf0) == 0x40)).Count();

        public bool HasEarlyRex => Bytes.AsSpan(0, Math.Max(PrefixCount - 1, 0)).ContainsAnyInRange((byte)0x40, (byte)0x4f);

        public bool Has(byte prefix) => Bytes.AsSpan(0, PrefixCount).Contains(prefix);
    }
}
