using System.Security.Cryptography;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Privileged;

namespace Emulator.Arch.RiscV;

/// <content>Counters and who may read them (Priv. spec 3.1.10 to 3.1.12, 12.1.4), and the entropy source.</content>
public sealed partial class RiscVHart
{
    private const uint SeedValid = 2u << 30; // OPST = ES16

    /// <summary>mcycle: one cycle per instruction.</summary>
    internal ulong ReadMcycle() => ReadCounter(CounterBit.Cycle, Registers.Mcycle);

    internal void WriteMcycle(ulong value) => Registers.Mcycle = WriteCounter(CounterBit.Cycle, value);

    internal ulong ReadMinstret() => ReadCounter(CounterBit.Instret, Registers.Minstret);

    internal void WriteMinstret(ulong value) => Registers.Minstret = WriteCounter(CounterBit.Instret, value);

    internal void WriteMcountinhibit(ulong value)
    {
        uint changed = Registers.Mcountinhibit ^ ((uint)value & CounterBit.Inhibitable);
        if ((changed & (1u << CounterBit.Cycle)) != 0) Registers.Mcycle = ToggleInhibit(CounterBit.Cycle, Registers.Mcycle);
        if ((changed & (1u << CounterBit.Instret)) != 0) Registers.Minstret = ToggleInhibit(CounterBit.Instret, Registers.Minstret);
        Registers.Mcountinhibit ^= changed;
    }

    /// <summary>True when the current privilege may read a user-level counter.</summary>
    internal bool MayReadCounter(int counter)
    {
        uint bit = 1u << counter;
        if (Registers.Privilege == Privilege.Machine) return true;
        if ((Registers.Mcounteren & bit) == 0) return false;
        return Registers.Privilege == Privilege.Supervisor || !Isa.Has(RiscVExtension.S) || (Registers.Scounteren & bit) != 0;
    }

    /// <summary>stimecmp in S needs TM and STCE (Sstc).</summary>
    internal bool MayUseStimecmp() => Registers.Privilege == Privilege.Machine
        || (MayReadCounter(CounterBit.Time) && (Registers.Menvcfg & Envcfg.Stce) != 0);

    internal bool MayUseSeed() => Registers.Privilege switch
    {
        Privilege.Machine => true,
        Privilege.Supervisor => (Registers.Mseccfg & Mseccfg.Sseed) != 0,
        _ => (Registers.Mseccfg & Mseccfg.Useed) != 0,
    };

    internal ulong ReadSeed() => SeedValid | _entropy();

    private static ushort HostEntropy() => (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1);

    private bool IsInhibited(int counter) => (Registers.Mcountinhibit & (1u << counter)) != 0;

    // The instruction count includes the instruction that reads; the counter must not.
    private ulong ReadCounter(int counter, ulong held) => IsInhibited(counter) ? held : unchecked(InstructionCount - 1 + held);

    // The next instruction reads what was written.
    private ulong WriteCounter(int counter, ulong value) => IsInhibited(counter) ? value : unchecked(value - InstructionCount);

    private ulong ToggleInhibit(int counter, ulong held) =>
        unchecked(IsInhibited(counter) ? held - InstructionCount : held + InstructionCount);
}
