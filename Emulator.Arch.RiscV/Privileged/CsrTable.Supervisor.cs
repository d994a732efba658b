using static Emulator.Arch.RiscV.Isa.RiscVExtension;

namespace Emulator.Arch.RiscV.Privileged;

/// <content>Supervisor CSRs (Priv. spec 12.1).</content>
internal sealed partial class CsrTable
{
    private static CsrDefinition[] Supervisor =>
    [
        new(0x100, "sstatus", static h => h.ReadSstatus(), static (h, v) => h.WriteSstatus(v)) { Needs = S },
        new(0x104, "sie", static h => h.Registers.Mie & h.Registers.Mideleg, static (h, v) => h.WriteSie(v)) { Needs = S },
        new(0x105, "stvec", static h => h.Registers.Stvec, static (h, v) => h.Registers.Stvec = LegalTvec(v)) { Needs = S },
        new(0x106, "scounteren", static h => h.Registers.Scounteren, static (h, v) => h.Registers.Scounteren = (uint)v) { Needs = S },
        new(0x10a, "senvcfg", static h => h.Registers.Senvcfg, static (h, v) => h.WriteSenvcfg(v))
        {
            Needs = S, Guard = static h => h.IsStateEnabled(0, Mstateen.Envcfg),
        },
        new(0x140, "sscratch", static h => h.Registers.Sscratch, static (h, v) => h.Registers.Sscratch = v) { Needs = S },
        new(0x141, "sepc", static h => h.Registers.Sepc, static (h, v) => h.Registers.Sepc = h.LegalEpc(v)) { Needs = S },
        new(0x142, "scause", static h => h.Registers.Scause, static (h, v) => h.Registers.Scause = v) { Needs = S },
        new(0x143, "stval", static h => h.Registers.Stval, static (h, v) => h.Registers.Stval = v) { Needs = S },
        new(0x144, "sip", static h => h.Pending & h.Registers.Mideleg, static (h, v) => h.WriteSip(v)) { Needs = S },
        .. Wide(0x14d, 0x15d, "stimecmp", static h => h.Registers.Stimecmp, static (h, v) => h.WriteStimecmp(v), Sstc, static h => h.MayUseStimecmp()),
        new(0x180, "satp", static h => h.Registers.Satp, static (h, v) => h.WriteSatp(v)) { Needs = S, Guard = static h => h.MayUseSatp() },
    ];

    /// <summary>Direct and vectored are the modes there are.</summary>
    private static ulong LegalTvec(ulong value) => value & ~2ul;
}
