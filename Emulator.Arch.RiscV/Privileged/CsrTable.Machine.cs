using Emulator.Arch.RiscV.Isa;
using static Emulator.Arch.RiscV.Isa.RiscVExtension;

namespace Emulator.Arch.RiscV.Privileged;

/// <content>Machine CSRs (Priv. spec 3.1).</content>
internal sealed partial class CsrTable
{
    private const int PmpConfigsPerRegister32 = 4;

    private static CsrDefinition[] MachineInformation =>
    [
        new(0xf11, "mvendorid", static _ => HartIdentity.VendorId) { Needs = Zicsr },
        new(0xf12, "marchid", static _ => HartIdentity.ArchitectureId) { Needs = Zicsr },
        new(0xf13, "mimpid", static _ => HartIdentity.ImplementationId) { Needs = Zicsr },
        new(0xf14, "mhartid", static h => (ulong)h.Index) { Needs = Zicsr },
        new(0xf15, "mconfigptr", static _ => 0) { Needs = Zicsr },
        new(0x301, "misa", static h => HartIdentity.Misa(h.Isa)) { Needs = Zicsr },
    ];

    private static CsrDefinition[] MachineTraps =>
    [
        new(0x300, "mstatus", static h => h.ReadMstatus(), static (h, v) => h.WriteMstatus(v)) { Needs = Zicsr },
        new(0x310, "mstatush", static _ => 0) { Needs = Zicsr, Width = BaseWidth.Rv32 },
        new(0x302, "medeleg", static h => h.Registers.Medeleg, static (h, v) => h.WriteMedeleg(v)) { Needs = S },
        new(0x312, "medelegh", static _ => 0) { Needs = S, Width = BaseWidth.Rv32 },
        new(0x303, "mideleg", static h => h.Registers.Mideleg, static (h, v) => h.WriteMideleg(v)) { Needs = S },
        new(0x304, "mie", static h => h.Registers.Mie, static (h, v) => h.WriteMie(v)) { Needs = Zicsr },
        new(0x305, "mtvec", static h => h.Registers.Mtvec, static (h, v) => h.Registers.Mtvec = LegalTvec(v)) { Needs = Zicsr },
        new(0x340, "mscratch", static h => h.Registers.Mscratch, static (h, v) => h.Registers.Mscratch = v) { Needs = Zicsr },
        new(0x341, "mepc", static h => h.Registers.Mepc, static (h, v) => h.Registers.Mepc = h.LegalEpc(v)) { Needs = Zicsr },
        new(0x342, "mcause", static h => h.Registers.Mcause, static (h, v) => h.Registers.Mcause = v) { Needs = Zicsr },
        new(0x343, "mtval", static h => h.Registers.Mtval, static (h, v) => h.Registers.Mtval = v) { Needs = Zicsr },
        new(0x344, "mip", static h => h.Pending, static (h, v) => h.WriteMip(v))
        {
            Needs = Zicsr, ReadForModify = static h => h.PendingForModify,
        },
    ];

    private static CsrDefinition[] MachineConfiguration =>
    [
        .. Wide(0x30a, 0x31a, "menvcfg", static h => h.Registers.Menvcfg, static (h, v) => h.WriteMenvcfg(v), U),
        .. Wide(0x747, 0x757, "mseccfg", static h => h.Registers.Mseccfg, static (h, v) => h.WriteMseccfg(v), Zkr),
    ];

    private static CsrDefinition[] MachineProtection =>
    [
        .. Numbered.Rows(PmpConfig.Entries / PmpConfigsPerRegister32, static i => new CsrDefinition(
            0x3a0 + i, $"pmpcfg{i}",
            h => h.ReadPmpConfigs(i * PmpConfigsPerRegister32),
            (h, v) => h.WritePmpConfigs(i * PmpConfigsPerRegister32, v))
        {
            Needs = Zicsr, Width = i % 2 == 0 ? BaseWidth.Any : BaseWidth.Rv32,
        }),
        .. Numbered.Rows(PmpConfig.Entries, static i => new CsrDefinition(
            0x3b0 + i, $"pmpaddr{i}", h => h.Registers.PmpAddresses[i], (h, v) => h.WritePmpAddress(i, v))
        {
            Needs = Zicsr,
        }),
    ];

    private static CsrDefinition[] MachineCounters =>
    [
        new(0x306, "mcounteren", static h => h.Registers.Mcounteren, static (h, v) => h.Registers.Mcounteren = (uint)v) { Needs = U },
        new(0x320, "mcountinhibit", static h => h.Registers.Mcountinhibit, static (h, v) => h.WriteMcountinhibit(v)) { Needs = Zicsr },
        .. Wide(0xb00, 0xb80, "mcycle", static h => h.ReadMcycle(), static (h, v) => h.WriteMcycle(v), Zicsr),
        .. Wide(0xb02, 0xb82, "minstret", static h => h.ReadMinstret(), static (h, v) => h.WriteMinstret(v), Zicsr),
        .. EventCounters(static i =>
            Wide(0xb00 + i, 0xb80 + i, $"mhpmcounter{i}", static _ => NoEvent, null, Zicsr)),
        .. Zeros(0x323, "mhpmevent", CounterBit.FirstEvent, CounterBit.Count - CounterBit.FirstEvent, Zicsr),
    ];

    private static CsrDefinition[] StateEnables =>
    [
        .. Numbered.Rows(Mstateen.Count, static i => Wide(
            0x30c + i, 0x31c + i, $"mstateen{i}", h => h.Registers.Mstateen[i], (h, v) => h.WriteMstateen(i, v), Smstateen)).SelectMany(static pair => pair),
        .. Numbered.Rows(Mstateen.Count, static i => new CsrDefinition(0x10c + i, $"sstateen{i}", static _ => 0)
        {
            Needs = Ssstateen, Guard = h => h.IsStateEnabled(i, Mstateen.Sstateen),
        }),
    ];

    /// <summary>Of the debug specification: there are no triggers, which tinfo says.</summary>
    private static CsrDefinition[] Triggers =>
    [
        new(0x7a0, "tselect", static _ => 0) { Needs = Zicsr },
        .. Zeros(0x7a1, "tdata", 1, 3, Zicsr),
        new(0x7a4, "tinfo", static _ => 1) { Needs = Zicsr },
    ];
}
