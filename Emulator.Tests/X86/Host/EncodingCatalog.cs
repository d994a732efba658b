using Iced.Intel;

namespace Emulator.Tests.X86.Host;

/// <summary>Which of Iced's encodings are executed on the host, and why others are not.</summary>
internal static class EncodingCatalog
{
    public const string NoInstruction = "not an instruction";
    public const string OtherMode = "not of this mode";
    public const string OtherProcessors = "only of some processors";
    public const string OtherFeature = "not a feature that is emulated";

    private static readonly HashSet<CpuidFeature> Features =
    [
        CpuidFeature.INTEL8086, CpuidFeature.INTEL186, CpuidFeature.INTEL286,
        CpuidFeature.INTEL386, CpuidFeature.INTEL486, CpuidFeature.X64, CpuidFeature.CMOV, CpuidFeature.CX8, CpuidFeature.CMPXCHG16B,
        CpuidFeature.BMI1, CpuidFeature.BMI2, CpuidFeature.LZCNT, CpuidFeature.POPCNT, CpuidFeature.MOVBE, CpuidFeature.ADX,
        CpuidFeature.CLFSH, CpuidFeature.MULTIBYTENOP, CpuidFeature.PAUSE, CpuidFeature.SSE, CpuidFeature.SSE2, CpuidFeature.SSE4_2,
    ];

    /// <summary>Instructions that are not compared, and why.</summary>
    public static IReadOnlyDictionary<Mnemonic, string> Incomparable { get; } = Reasons(
        ("x87 state is not emulated yet", [Mnemonic.Wait, Mnemonic.Fxsave, Mnemonic.Fxsave64, Mnemonic.Fxrstor, Mnemonic.Fxrstor64]),
        ("of SSE4.2 only CRC32 is emulated", [Mnemonic.Pcmpestri, Mnemonic.Pcmpestri64, Mnemonic.Pcmpestrm, Mnemonic.Pcmpestrm64,
            Mnemonic.Pcmpistri, Mnemonic.Pcmpistrm, Mnemonic.Pcmpgtq]),
        ("the host's kernel emulates it, its values are the kernel's", [Mnemonic.Sgdt, Mnemonic.Sidt, Mnemonic.Sldt, Mnemonic.Str, Mnemonic.Smsw]),
        ("its length differs between processors", [Mnemonic.Ud0]),
        ("undocumented, of the 80286 and 80386", [Mnemonic.Loadall, Mnemonic.Storeall]),
        ("the host's kernel handles it", [Mnemonic.Int, Mnemonic.Int1]));

    /// <summary>All encodings that are compared in a mode of 64 or 32 bits.</summary>
    public static IReadOnlyList<OpCodeInfo> For(int bits) =>
        [.. Enum.GetValues<Code>().Where(code => ReasonToSkip(code, bits) is null).Select(static code => code.ToOpCode())];

    /// <summary>Why an encoding is not compared; null when it is.</summary>
    public static string? ReasonToSkip(Code code, int bits)
    {
        var info = code.ToOpCode();
        if (!info.IsInstruction) return NoInstruction;
        if (!(bits == 64 ? info.Mode64 : info.Mode32)) return OtherMode;
        if (info.DecoderOption != DecoderOptions.None) return OtherProcessors;
        if (code.CpuidFeatures().Any(static feature => !Features.Contains(feature))) return OtherFeature;
        if (Incomparable.TryGetValue(code.Mnemonic(), out string? reason)) return reason;
        if (bits == 64 && IsNearBranch16(info)) return "its length differs between processors: Intel's ignore the operand size of near branches in 64-bit mode";
        for (int i = 0; i < info.OpCount; i++)
        {
            if (info.GetOpKind(i) is OpCodeOperandKind.mm_reg or OpCodeOperandKind.mm_rm or OpCodeOperandKind.mm_or_mem) return "MMX state is not emulated yet";
        }

        return null;
    }

    private static bool IsNearBranch16(OpCodeInfo info) => info.OperandSize == 16 && info.Code is not (Code.Retfw or Code.Retfw_imm16 or Code.Iretw)
        && info.Code.FlowControl() is FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch or FlowControl.Call
            or FlowControl.IndirectBranch or FlowControl.IndirectCall or FlowControl.Return
        && info.Code is not (Code.Call_m1616 or Code.Jmp_m1616);

    private static Dictionary<Mnemonic, string> Reasons(params (string Reason, Mnemonic[] Mnemonics)[] reasons) =>
        (from entry in reasons
         from mnemonic in entry.Mnemonics
         select KeyValuePair.Create(mnemonic, entry.Reason)).ToDictionary();
}
