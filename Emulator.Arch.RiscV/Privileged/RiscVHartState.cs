using System.Runtime.CompilerServices;
using Emulator.Arch.RiscV.Privileged;

namespace Emulator.Arch.RiscV;

/// <summary>
/// The control and status registers of a hart and whether it runs: all its mutable architectural state besides the slots and the
/// program counter of its state block. Levels of interrupt lines are not part of it: the devices drive them again.
/// </summary>
public record struct RiscVHartState
{
    internal Privilege Privilege;
    internal HartRunState RunState;
    internal SleepReason Sleep;
    internal byte Frm;
    internal ulong Status;
    internal ulong Mtvec;
    internal ulong Medeleg;
    internal ulong Mideleg;
    internal ulong Mie;
    internal ulong Mscratch;
    internal ulong Mepc;
    internal ulong Mcause;
    internal ulong Mtval;
    internal ulong Stvec;
    internal ulong Sscratch;
    internal ulong Sepc;
    internal ulong Scause;
    internal ulong Stval;
    internal ulong Satp;
    internal ulong Stimecmp;
    internal ulong Menvcfg;
    internal ulong Senvcfg;
    internal ulong Mseccfg;
    internal uint Mcounteren;
    internal uint Scounteren;
    internal uint Mcountinhibit;

    /// <summary>Software-writable bits of mip; also set by other harts.</summary>
    internal ulong SoftwarePending;

    /// <summary>A running counter's distance from the instruction count, or the value of an inhibited one.</summary>
    internal ulong Mcycle;

    /// <inheritdoc cref="Mcycle"/>
    internal ulong Minstret;

    internal StateEnables Mstateen;
    internal PmpConfigs PmpConfigs;
    internal PmpAddresses PmpAddresses;
}

/// <summary>mstateen0 to mstateen3.</summary>
[InlineArray(Privileged.Mstateen.Count)]
internal struct StateEnables : IEquatable<StateEnables>
{
    private ulong _first;

    public readonly bool Equals(StateEnables other) => ((ReadOnlySpan<ulong>)this).SequenceEqual(other);

    public override readonly bool Equals(object? obj) => obj is StateEnables other && Equals(other);

    public override readonly int GetHashCode() => _first.GetHashCode();
}

/// <summary>The bytes of pmpcfg.</summary>
[InlineArray(PmpConfig.Entries)]
internal struct PmpConfigs : IEquatable<PmpConfigs>
{
    private byte _first;

    public readonly bool Equals(PmpConfigs other) => ((ReadOnlySpan<byte>)this).SequenceEqual(other);

    public override readonly bool Equals(object? obj) => obj is PmpConfigs other && Equals(other);

    public override readonly int GetHashCode() => _first.GetHashCode();
}

/// <summary>The pmpaddr registers.</summary>
[InlineArray(PmpConfig.Entries)]
internal struct PmpAddresses : IEquatable<PmpAddresses>
{
    private ulong _first;

    public readonly bool Equals(PmpAddresses other) => ((ReadOnlySpan<ulong>)this).SequenceEqual(other);

    public override readonly bool Equals(object? obj) => obj is PmpAddresses other && Equals(other);

    public override readonly int GetHashCode() => _first.GetHashCode();
}
