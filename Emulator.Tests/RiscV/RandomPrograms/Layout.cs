namespace Emulator.Tests.RiscV.RandomPrograms;

/// <summary>
/// Where everything is in an image of random programs: the monitor, its variables, then one slot for each program. Inside a slot, words
/// are 8 bytes apart on either width.
/// </summary>
internal static class Layout
{
    public const ulong Ram = 0x8000_0000;
    public const ulong RamSize = 64 << 20;
    public const int Page = 0x1000;
    public const int Word = 8;

    /// <summary>Two words: the context of the program to run next, and how many are left.</summary>
    public const int MonitorVariables = 0x2000;

    public const int FirstSlot = 0x10_0000;
    public const int SlotSize = 0x2_0000;

    /// <summary>The program's code: some pages, aligned to their size, so that an offset in them says where in any mapping of them.</summary>
    public const int Code = 0;
    public const int CodeSize = 0x4000;

    /// <summary>The handler of traps that are delegated to S.</summary>
    public const int SupervisorCode = 0x4000;

    /// <summary>The monitor's record of the program.</summary>
    public const int Context = 0x5000;

    /// <summary>The S handler's record.</summary>
    public const int SupervisorContext = 0x7000;

    /// <summary>What the program loads and stores.</summary>
    public const int Window = 0x8000;
    public const int WindowPages = 4;

    public const int Tables = 0xc000;

    public static ulong SlotAddress(int index) => Ram + FirstSlot + ((ulong)index * SlotSize);
}

/// <summary>Offsets in a context. Word 0 is the running hash, words 1 to 31 are the x registers.</summary>
internal static class ContextLayout
{
    public const int Hash = 0;
    public const int Floats = 0x100;
    public const int TrapCount = 0x200;
    public const int CodeAddress = 0x208;
    public const int ExitOffset = 0x210;
    public const int SupervisorPage = 0x218;

    /// <summary>The bits of mstatus.MPP with which a program goes on after it could not fetch.</summary>
    public const int HomePrivilege = 0x220;

    /// <summary>Where it goes on then.</summary>
    public const int Targets = 0x280;
    public const int TargetCount = 16;
    public const int InitialCsrs = 0x300;
    public const int FinalCsrs = 0x400;
    public const int Log = 0x800;
    public const int LogEntry = 64;
    public const int MaxTraps = 96;
}

/// <summary>Offsets in the context of the S handler, after the x registers.</summary>
internal static class SupervisorContextLayout
{
    public const int TrapCount = 0x100;
    public const int CodeAddress = 0x108;
    public const int ExitOffset = 0x110;
    public const int Targets = 0x180;
    public const int Log = 0x200;
    public const int MaxTraps = 28;
}

/// <summary>CSR numbers that the harness uses.</summary>
internal static class CsrNumber
{
    public const int Fcsr = 0x003;
    public const int Sstatus = 0x100;
    public const int Sie = 0x104;
    public const int Stvec = 0x105;
    public const int Scounteren = 0x106;
    public const int Senvcfg = 0x10a;
    public const int Sscratch = 0x140;
    public const int Sepc = 0x141;
    public const int Scause = 0x142;
    public const int Stval = 0x143;
    public const int Sip = 0x144;
    public const int Satp = 0x180;
    public const int Mstatus = 0x300;
    public const int Medeleg = 0x302;
    public const int Mideleg = 0x303;
    public const int Mie = 0x304;
    public const int Mtvec = 0x305;
    public const int Mcounteren = 0x306;
    public const int Menvcfg = 0x30a;
    public const int Mscratch = 0x340;
    public const int Mepc = 0x341;
    public const int Mcause = 0x342;
    public const int Mtval = 0x343;
    public const int Mip = 0x344;
    public const int Pmpcfg0 = 0x3a0;
    public const int Pmpcfg2 = 0x3a2;
    public const int Pmpcfg3 = 0x3a3;
    public const int Pmpaddr0 = 0x3b0;
    public const int Pmpaddr1 = 0x3b1;
    public const int Pmpaddr15 = 0x3bf;

    /// <summary>What a program starts with, in the order in which the monitor writes it.</summary>
    public static readonly int[] Initial =
    [
        Fcsr, Medeleg, Mideleg, Mie, Mip, Mtval, Mcause, Stvec, Sscratch, Sepc, Scause, Stval, Mcounteren, Scounteren, Menvcfg, Senvcfg,
        Pmpaddr0, Pmpaddr1, Pmpcfg0, Satp, Mepc, Mstatus,
    ];

    /// <summary>What is compared at its end.</summary>
    public static readonly int[] Final =
    [
        Fcsr, Mstatus, Mcause, Mepc, Mtval, Mip, Mie, Medeleg, Mideleg, Sepc, Scause, Stval, Sstatus, Satp, Mcounteren, Scounteren,
        Pmpaddr0, Pmpaddr1, Pmpcfg0,
    ];
}
