namespace Emulator.Arch.X86.Processor;

/// <summary>Bits of CR0 (Intel SDM volume 3, 2.5).</summary>
internal static class Cr0
{
    public const ulong Pe = 1ul << 0;
    public const ulong Mp = 1ul << 1;
    public const ulong Em = 1ul << 2;
    public const ulong Ts = 1ul << 3;
    public const ulong Et = 1ul << 4;
    public const ulong Ne = 1ul << 5;
    public const ulong Wp = 1ul << 16;
    public const ulong Am = 1ul << 18;
    public const ulong Nw = 1ul << 29;
    public const ulong Cd = 1ul << 30;
    public const ulong Pg = 1ul << 31;
}

/// <summary>Bits of CR4.</summary>
internal static class Cr4
{
    public const ulong Vme = 1ul << 0;
    public const ulong Pvi = 1ul << 1;
    public const ulong Tsd = 1ul << 2;
    public const ulong De = 1ul << 3;
    public const ulong Pse = 1ul << 4;
    public const ulong Pae = 1ul << 5;
    public const ulong Mce = 1ul << 6;
    public const ulong Pge = 1ul << 7;
    public const ulong Pce = 1ul << 8;
    public const ulong OsFxsr = 1ul << 9;
    public const ulong OsXmmExcpt = 1ul << 10;
    public const ulong Umip = 1ul << 11;
    public const ulong La57 = 1ul << 12;
    public const ulong FsGsBase = 1ul << 16;
    public const ulong PcidE = 1ul << 17;
    public const ulong OsXsave = 1ul << 18;
    public const ulong Smep = 1ul << 20;
    public const ulong Smap = 1ul << 21;
}

/// <summary>Bits of IA32_EFER.</summary>
internal static class Efer
{
    public const ulong Sce = 1ul << 0;
    public const ulong Lme = 1ul << 8;
    public const ulong Lma = 1ul << 10;
    public const ulong Nxe = 1ul << 11;
}

/// <summary>Bits of DR6.</summary>
internal static class DebugStatus
{
    public const ulong Breakpoints = 0xf;
    public const ulong Access = 1ul << 13;
    public const ulong SingleStep = 1ul << 14;
    public const ulong TaskSwitch = 1ul << 15;

    /// <summary>Bits that are always set.</summary>
    public const ulong Fixed = 0xffff_0ff0;
}

/// <summary>Bits of DR7.</summary>
internal static class DebugControl
{
    public const ulong Enables = 0xff;
    public const ulong GeneralDetect = 1ul << 13;

    /// <summary>Bit 10 is always set.</summary>
    public const ulong Fixed = 1ul << 10;

    /// <summary>What can be written.</summary>
    public const ulong Writable = 0xffff_2bff;
}

/// <summary>Bits of EFLAGS besides the arithmetic ones.</summary>
internal static class Eflags
{
    public const ulong Reserved1 = 1ul << 1;
    public const ulong Arithmetic = (ulong)Flags.ArithmeticFlags.All;
    public const ulong Tf = 1ul << 8;
    public const ulong If = 1ul << 9;
    public const ulong Df = 1ul << 10;
    public const int IoplShift = 12;
    public const ulong Iopl = 3ul << IoplShift;
    public const ulong Nt = 1ul << 14;
    public const ulong Rf = 1ul << 16;
    public const ulong Vm = 1ul << 17;
    public const ulong Ac = 1ul << 18;
    public const ulong Vif = 1ul << 19;
    public const ulong Vip = 1ul << 20;
    public const ulong Id = 1ul << 21;

    /// <summary>All flags that are not reserved.</summary>
    public const ulong Implemented = Arithmetic | Tf | If | Df | Iopl | Nt | Rf | Vm | Ac | Vif | Vip | Id;
}
