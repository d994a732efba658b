namespace Emulator.Arch.RiscV.Privileged;

/// <summary>Fields of mstatus and sstatus in the 64-bit layout (Priv. spec 3.1.6); on RV32 the upper half is mstatush.</summary>
internal static class Mstatus
{
    public const ulong Sie = 1ul << 1;
    public const ulong Mie = 1ul << 3;
    public const ulong Spie = 1ul << 5;
    public const ulong Mpie = 1ul << 7;
    public const ulong Spp = 1ul << 8;
    public const int MppShift = 11;
    public const ulong Mpp = 3ul << MppShift;
    public const int FsShift = 13;
    public const ulong Fs = 3ul << FsShift;
    public const ulong Mprv = 1ul << 17;
    public const ulong Sum = 1ul << 18;
    public const ulong Mxr = 1ul << 19;
    public const ulong Tvm = 1ul << 20;
    public const ulong Tw = 1ul << 21;
    public const ulong Tsr = 1ul << 22;

    /// <summary>UXL and SXL with the value for 64 bits.</summary>
    public const ulong Uxl64 = 2ul << 32;
    public const ulong Sxl64 = 2ul << 34;
    public const ulong Sd64 = 1ul << 63;
    public const ulong Sd32 = 1ul << 31;

    /// <summary>What sstatus shows of the fields that can be set.</summary>
    public const ulong SupervisorView = Sie | Spie | Spp | Fs | Sum | Mxr;
}

/// <summary>Numbers of interrupts (Priv. spec 3.1.15); also their bits in mip and mie.</summary>
internal static class InterruptCause
{
    public const int SupervisorSoftware = 1;
    public const int MachineSoftware = 3;
    public const int SupervisorTimer = 5;
    public const int MachineTimer = 7;
    public const int SupervisorExternal = 9;
    public const int MachineExternal = 11;
    public const int CounterOverflow = 13;

    public const ulong Ssip = 1ul << SupervisorSoftware;
    public const ulong Msip = 1ul << MachineSoftware;
    public const ulong Stip = 1ul << SupervisorTimer;
    public const ulong Mtip = 1ul << MachineTimer;
    public const ulong Seip = 1ul << SupervisorExternal;
    public const ulong Meip = 1ul << MachineExternal;

    public const ulong Supervisor = Ssip | Stip | Seip;
    public const ulong Machine = Msip | Mtip | Meip;

    /// <summary>Most urgent first (Priv. spec 3.1.9).</summary>
    public static ReadOnlySpan<byte> ByPriority =>
    [
        MachineExternal, MachineSoftware, MachineTimer, SupervisorExternal, SupervisorSoftware, SupervisorTimer, CounterOverflow,
    ];
}

/// <summary>Fields of menvcfg and senvcfg (Priv. spec 3.1.18 and 10.1.10).</summary>
internal static class Envcfg
{
    public const ulong Fiom = 1ul << 0;
    public const int CbieShift = 4;
    public const ulong Cbie = 3ul << CbieShift;
    public const ulong CbieReserved = 2ul << CbieShift;
    public const ulong Cbcfe = 1ul << 6;
    public const ulong Cbze = 1ul << 7;
    public const ulong Adue = 1ul << 61;
    public const ulong Pbmte = 1ul << 62;
    public const ulong Stce = 1ul << 63;
}

/// <summary>Fields of mseccfg (Unpriv. spec, "Entropy Source").</summary>
internal static class Mseccfg
{
    public const ulong Useed = 1ul << 8;
    public const ulong Sseed = 1ul << 9;
}

/// <summary>Fields of mstateen0 to mstateen3 ("Smstateen").</summary>
internal static class Mstateen
{
    /// <summary>In mstateen0: access to senvcfg.</summary>
    public const ulong Envcfg = 1ul << 62;

    /// <summary>Access to the sstateen of the same number.</summary>
    public const ulong Sstateen = 1ul << 63;

    public const int Count = 4;
}

/// <summary>Bits of mcounteren, scounteren and mcountinhibit.</summary>
internal static class CounterBit
{
    public const int Cycle = 0;
    public const int Time = 1;
    public const int Instret = 2;
    public const int FirstEvent = 3;
    public const int Count = 32;
    public const uint Unprivileged = (1u << Cycle) | (1u << Time) | (1u << Instret);
    public const uint Inhibitable = (1u << Cycle) | (1u << Instret);
}

/// <summary>Page-table entries (Priv. spec 12.3.1 and 12.4.1).</summary>
internal static class Pte
{
    public const ulong V = 1ul << 0;
    public const ulong R = 1ul << 1;
    public const ulong W = 1ul << 2;
    public const ulong X = 1ul << 3;
    public const ulong U = 1ul << 4;
    public const ulong G = 1ul << 5;
    public const ulong A = 1ul << 6;
    public const ulong D = 1ul << 7;
    public const int PpnShift = 10;
    public const ulong Ppn32 = 0x3f_ffff;
    public const ulong Ppn64 = 0xfff_ffff_ffff;
    public const ulong Reserved64 = 0x7ful << 54;
    public const ulong Pbmt = 3ul << 61;
    public const ulong PbmtReserved = 3ul << 61;
    public const ulong N = 1ul << 63;

    /// <summary>Low PPN bits of a NAPOT entry, and their value for 64 KiB (Svnapot).</summary>
    public const ulong NapotMask = 0xf;
    public const ulong Napot64K = 8;
}

/// <summary>Fields of a pmpcfg byte (Priv. spec 3.7.1).</summary>
internal static class PmpConfig
{
    public const byte R = 1;
    public const byte W = 2;
    public const byte X = 4;
    public const byte A = 0x18;
    public const byte Off = 0x00;
    public const byte Tor = 0x08;
    public const byte Na4 = 0x10;
    public const byte Napot = 0x18;
    public const byte L = 0x80;
    public const byte Writable = R | W | X | A | L;
    public const int Entries = 16;

    /// <summary>pmpaddr holds bits 55:2 of an address on RV64 and 33:2 on RV32.</summary>
    public const int AddressShift = 2;
    public const ulong AddressMask64 = (1ul << 54) - 1;
}
