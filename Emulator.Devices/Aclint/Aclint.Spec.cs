namespace Emulator.Devices;

/// <summary>
/// Offsets of the MSWI and MTIMER devices of the RISC-V Advanced Core Local Interruptor specification 1.0, laid out as in
/// SiFive's CLINT (<c>sifive,clint0</c>), with which its section 1.1 asks to be compatible.
/// </summary>
public sealed partial class Aclint
{
    /// <summary>Bytes of address space: MSWI at 0, MTIMER behind it.</summary>
    public const uint WindowSize = 0x1_0000;

    /// <summary>What <see cref="Time"/> counts in one second: the virt machine's <c>timebase-frequency</c>.</summary>
    public const ulong Frequency = 10_000_000;

    /// <summary>The most harts one chip serves here; the specification allows 4095.</summary>
    public const int MaximumHarts = HartArray<ulong>.Length;

    /// <summary>Nanoseconds in one tick of mtime.</summary>
    internal const ulong NanosecondsPerTick = 1_000_000_000 / Frequency;

    /// <summary>Registers of the window.</summary>
    internal enum Register : uint
    {
        /// <summary>MSIP0, 4 bytes a hart; bit 0 is the machine software interrupt (ACLINT 3.1).</summary>
        Msip = 0x0000,

        /// <summary>MTIMECMP0, 8 bytes a hart (ACLINT 2.1).</summary>
        MtimeCmp = 0x4000,

        /// <summary>MTIME, 8 bytes for all harts.</summary>
        Mtime = 0xBFF8,
    }
}

/// <summary>Offsets of the SSWI device of the same specification (chapter 4).</summary>
public sealed partial class AclintSswi
{
    /// <summary>Bytes of address space: a SETSSIP register of 4 bytes for each hart.</summary>
    public const uint WindowSize = 0x4000;

    /// <summary>Writing this bit of SETSSIP sends the interrupt; the others are reserved.</summary>
    internal const ulong SetSsip = 1;
}
