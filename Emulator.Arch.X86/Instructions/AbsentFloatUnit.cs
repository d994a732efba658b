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
    // They leave a register or memory as it is, where a unit would have written it.
    private static readonly Mnemonic[] Probes =
    [
        Mnemonic.Fninit, Mnemonic.Fnclex, Mnemonic.Fnstcw, Mnemonic.Fnstsw, Mnemonic.Fldcw, Mnemonic.Fneni, Mnemonic.Fndisi, Mnemonic.Fnsetpm,
    ];

    public static IReadOnlyList<InstructionRow> Rows { get; } = CreateRows();

    private static List<InstructionRow> CreateRows()
    {
        List<InstructionRow> rows = [];
        foreach (var code in Enum.GetValues<Code>())
        {
            if (IsOfUnit(code)) rows.Add(new(code, Lift));
        }

        rows.Add(new(Mnemonic.Wait, static l => l.Ir.Call(ControlHelpers.CheckWait)));
        return rows;
    }

    private static bool IsOfUnit(Code code)
    {
        if (code == Code.Wait || code.Encoding() != EncodingKind.Legacy) return false;
        foreach (var feature in code.CpuidFeatures())
        {
            if (feature is CpuidFeature.FPU or CpuidFeature.FPU287 or CpuidFeature.FPU387) return true;
        }

        return false;
    }

    private static void Lift(X86Lifter l)
    {
        l.Ir.Call(ControlHelpers.CheckFloatUnit);
        if (!Probes.Contains(l.Instruction.Mnemonic)) l.Fault(X86Exception.InvalidOpcode);
    }
}
