using Iced.Intel;

namespace Emulator.Tests.X86.Host;

/// <summary>Which of Iced's encodings are executed on the host, and why others are not.</summary>
internal static class EncodingCatalog
{
    private const byte OperandSizePrefix = 0x66;
    private const byte RepnePrefix = 0xf2;
    private const byte RepPrefix = 0xf3;
    private const byte LockPrefix = 0xf0;
    private const byte MoveFromControl = 0x20;
    private const byte MoveToControl = 0x22;

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
        ("approximations differ between processors", [Mnemonic.Rcpps, Mnemonic.Rcpss, Mnemonic.Rsqrtps, Mnemonic.Rsqrtss]),
        ("the host's kernel emulates it, its values are the kernel's", [Mnemonic.Sgdt, Mnemonic.Sidt, Mnemonic.Sldt, Mnemonic.Str, Mnemonic.Smsw]),
        ("depends on the kernel's descriptors", [Mnemonic.Lar, Mnemonic.Lsl, Mnemonic.Verr, Mnemonic.Verw]),
        ("loads a segment register", [Mnemonic.Lds, Mnemonic.Les, Mnemonic.Lfs, Mnemonic.Lgs, Mnemonic.Lss, Mnemonic.Retf, Mnemonic.Iret, Mnemonic.Iretd, Mnemonic.Iretq]),
        ("its length differs between processors", [Mnemonic.Ud0]),
        ("an undefined instruction of AMD's where Intel's have a NOP", [Mnemonic.Reservednop]),
        ("undocumented, of the 80286 and 80386", [Mnemonic.Loadall, Mnemonic.Storeall]),
        ("the host's kernel handles it", [Mnemonic.Int, Mnemonic.Int1]));

    /// <summary>All encodings that are compared in a mode of 64 or 32 bits.</summary>
    public static IReadOnlyList<OpCodeInfo> For(int bits) =>
        [.. Enum.GetValues<Code>().Where(code => ReasonToSkip(code, bits) is null).Select(static code => code.ToOpCode())];

    /// <summary>Why an encoding is not compared; null when it is.</summary>
    public static string? ReasonToSkip(Code code, int bits)
    {
        var info = code.ToOpCode();
        if (!info.IsInstruction) return "not an instruction";
        if (!(bits == 64 ? info.Mode64 : info.Mode32)) return "not of this mode";
        if (info.DecoderOption != DecoderOptions.None) return "only of some processors";
        if (code.CpuidFeatures().Any(static feature => !Features.Contains(feature))) return "not a feature that is emulated";
        if (Incomparable.TryGetValue(code.Mnemonic(), out string? reason)) return reason;
        if (code == Code.Movsxd_r16_rm16) return "AMD's processors read four bytes";
        bool usesMmx = false;
        bool usesSegment = false;
        for (int i = 0; i < info.OpCount; i++)
        {
            var kind = info.GetOpKind(i);
            usesMmx |= kind is OpCodeOperandKind.mm_reg or OpCodeOperandKind.mm_rm or OpCodeOperandKind.mm_or_mem;
            usesSegment |= kind is OpCodeOperandKind.seg_reg or OpCodeOperandKind.cs or OpCodeOperandKind.ds or OpCodeOperandKind.es or OpCodeOperandKind.ss
                or OpCodeOperandKind.fs or OpCodeOperandKind.gs or OpCodeOperandKind.farbr2_2 or OpCodeOperandKind.farbr4_2;
        }

        if (usesMmx) return "MMX state is not emulated yet";
        if (usesSegment && code.Mnemonic() == Mnemonic.Push && info.OperandSize != 16) return "processors differ: four bytes or two are written";
        bool reads = code.Mnemonic() == Mnemonic.Push || code is Code.Mov_rm16_Sreg or Code.Mov_r32m16_Sreg or Code.Mov_r64m16_Sreg;
        if ((usesSegment && !reads) || IsFarIndirect(code)) return "loads a segment register";
        if (usesSegment && bits == 64) return "64-bit Linux leaves null selectors in its segment registers";
        if (bits == 64 && IsNearBranch16(info)) return "processors differ: Intel's ignore the operand size of near branches in 64-bit mode";
        return null;
    }

    /// <summary>Why an instruction is not compared though its encoding is: prefixes; null when it is.</summary>
    public static string? ReasonToSkip(in Instruction instruction, ReadOnlySpan<byte> bytes, int bits)
    {
        if (instruction.IsInvalid) return bytes.IndexOf([LockPrefix]) is >= 0 and var at && bytes[at..].IndexOfAny(MoveFromControl, MoveToControl) >= 0 ? "LOCK MOV CR0 is MOV CR8 of AMD's" : null;
        if (ReasonToSkip(instruction.Code, bits) is { } reason) return reason;
        bool isNearBranch = instruction.FlowControl is not (FlowControl.Next or FlowControl.Interrupt or FlowControl.Exception);
        if (bits == 64 && isNearBranch && bytes[..^1].Contains(OperandSizePrefix)) return "processors differ: 66 before near branches in 64-bit mode";
        if (instruction.Mnemonic is Mnemonic.Loope or Mnemonic.Loopne && bytes.IndexOfAny(RepnePrefix, RepPrefix) is >= 0 and var prefix && prefix < bytes.Length - 2)
        {
            return "F2 and F3 choose between LOOPE and LOOPNE of AMD's processors";
        }

        if (instruction.Code == Code.Pause && bytes.Length > 2) return "processors differ: F3 REX.B 90 is XCHG of AMD's";
        return null;
    }

    private static bool IsFarIndirect(Code code) => code is Code.Call_m1616 or Code.Call_m1632 or Code.Call_m1664
        or Code.Jmp_m1616 or Code.Jmp_m1632 or Code.Jmp_m1664;

    private static bool IsNearBranch16(OpCodeInfo info) => info.OperandSize == 16
        && info.Code.FlowControl() is FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch or FlowControl.Call
            or FlowControl.IndirectBranch or FlowControl.IndirectCall or FlowControl.Return;

    private static Dictionary<Mnemonic, string> Reasons(params (string Reason, Mnemonic[] Mnemonics)[] reasons) =>
        (from entry in reasons
         from mnemonic in entry.Mnemonics
         select KeyValuePair.Create(mnemonic, entry.Reason)).ToDictionary();
}
