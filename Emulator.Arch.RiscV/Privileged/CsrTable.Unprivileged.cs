using Emulator.Core.Ir;
using static Emulator.Arch.RiscV.Isa.RiscVExtension;

namespace Emulator.Arch.RiscV.Privileged;

/// <content>fcsr (Unpriv. spec, "F Extension"), the counters ("Zicntr" and "Zihpm") and the entropy source.</content>
internal sealed partial class CsrTable
{
    private const ulong FflagsMask = 0x1f;
    private const int FrmShift = 5;
    private const ulong FrmMask = 7;
    private static readonly Slot Fflags = new(StateSlots.FloatFlags);

    private static CsrDefinition[] FloatingPoint =>
    [
        new(0x001, "fflags", static h => h[Fflags] & FflagsMask, static (h, v) => WriteFflags(h, v)) { Needs = F, Guard = IsFloatOn },
        new(0x002, "frm", static h => h.Registers.Frm, static (h, v) => WriteFrm(h, v)) { Needs = F, Guard = IsFloatOn },
        new(0x003, "fcsr", static h => (h[Fflags] & FflagsMask) | ((ulong)h.Registers.Frm << FrmShift), static (h, v) => WriteFcsr(h, v))
        {
            Needs = F, Guard = IsFloatOn,
        },
    ];

    private static CsrDefinition[] UnprivilegedCounters =>
    [
        new(0x015, "seed", static h => h.ReadSeed()) { Needs = Zkr, IsWriteOnly = true, Guard = static h => h.MayUseSeed() },
        .. Wide(0xc00, 0xc80, "cycle", static h => h.ReadMcycle(), null, Zicntr, static h => h.MayReadCounter(CounterBit.Cycle)),
        .. Wide(0xc01, 0xc81, "time", static h => h.Time, null, Zicntr, static h => h.MayReadCounter(CounterBit.Time)),
        .. Wide(0xc02, 0xc82, "instret", static h => h.ReadMinstret(), null, Zicntr, static h => h.MayReadCounter(CounterBit.Instret)),
        .. EventCounters(static i =>
            Wide(0xc00 + i, 0xc80 + i, $"hpmcounter{i}", static _ => NoEvent, null, Zihpm, h => h.MayReadCounter(i))),
    ];

    private static bool IsFloatOn(RiscVHart hart) => hart.FloatStatus != ExtensionStatus.Off;

    private static void WriteFflags(RiscVHart hart, ulong value)
    {
        hart[Fflags] = value & FflagsMask;
        hart.MarkFloatDirty();
    }

    private static void WriteFrm(RiscVHart hart, ulong value)
    {
        hart.Registers.Frm = (byte)(value & FrmMask);
        hart.MarkFloatDirty();
    }

    private static void WriteFcsr(RiscVHart hart, ulong value)
    {
        WriteFflags(hart, value);
        WriteFrm(hart, value >> FrmShift);
    }
}
