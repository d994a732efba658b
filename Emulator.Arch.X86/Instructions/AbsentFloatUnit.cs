using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>
/// x87 instructions on a processor without the unit: #NM where CR0 asks for it, so that emulators in the guest work; else the ones that
/// programs look for the unit with do nothing, and the others raise #UD.
/// </summary>
internal static class AbsentFloatUnit
{
    private static readonly CpuidFeature[] Unit = [CpuidFeature.FPU, CpuidFeature.FPU287, CpuidFeature.FPU387];

    // They leave a register or memory as it is, where a unit would have written it.
    private static readonly Mnemonic[] Probes =
    [
        Mnemonic.Fninit, Mnemonic.Fnclex, Mnemonic.Fnstcw, Mnemonic.Fnstsw, Mnemonic.Fldcw, Mnemonic.Fneni, Mnemonic.Fndisi, Mnemonic.Fnsetpm,
    ];

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        .. Enum.GetValues<Code>().Where(IsOfUnit).Select(static code => new InstructionRow(code, Lift)),
        new(Mnemonic.Wait, static l => l.Ir.Call(ControlHelpers.CheckWait)),
    ];

    private static bool IsOfUnit(Code code) => code != Code.Wait && code.Encoding() == EncodingKind.Legacy && code.CpuidFeatures().Any(Unit.Contains);

    private static void Lift(X86Lifter l)
    {
        l.Ir.Call(ControlHelpers.CheckFloatUnit);
        if (!Probes.Contains(l.Instruction.Mnemonic)) l.Fault(X86Exception.InvalidOpcode);
    }
}
