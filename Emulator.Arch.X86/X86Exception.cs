using Emulator.Core.Execution;

namespace Emulator.Arch.X86;

/// <summary>Exception vectors (Intel SDM volume 3, table 6-1).</summary>
public enum X86Exception : byte
{
    /// <summary>#DE.</summary>
    DivideError = 0,

    /// <summary>#DB.</summary>
    Debug = 1,

    /// <summary>NMI.</summary>
    NonMaskableInterrupt = 2,

    /// <summary>#BP.</summary>
    Breakpoint = 3,

    /// <summary>#OF.</summary>
    Overflow = 4,

    /// <summary>#BR.</summary>
    BoundRange = 5,

    /// <summary>#UD.</summary>
    InvalidOpcode = 6,

    /// <summary>#NM.</summary>
    DeviceNotAvailable = 7,

    /// <summary>#DF, error code 0.</summary>
    DoubleFault = 8,

    /// <summary>#TS, error code.</summary>
    InvalidTss = 10,

    /// <summary>#NP, error code.</summary>
    SegmentNotPresent = 11,

    /// <summary>#SS, error code.</summary>
    StackFault = 12,

    /// <summary>#GP, error code.</summary>
    GeneralProtection = 13,

    /// <summary>#PF, error code; CR2 has the address.</summary>
    PageFault = 14,

    /// <summary>#MF.</summary>
    FloatingPoint = 16,

    /// <summary>#AC, error code 0.</summary>
    AlignmentCheck = 17,

    /// <summary>#MC.</summary>
    MachineCheck = 18,

    /// <summary>#XM.</summary>
    SimdFloatingPoint = 19,
}

/// <summary>
/// Guest faults of x86: <see cref="GuestFault.Code"/> is the vector, <see cref="GuestFault.Value"/> the error code and
/// <see cref="GuestFault.Value2"/> the address for CR2, or the bits for DR6.
/// </summary>
internal static class X86Fault
{
    public static GuestFault Of(X86Exception exception, ulong errorCode = 0) => new((uint)exception, errorCode);

    public static GuestFault GeneralProtection(ulong errorCode = 0) => Of(X86Exception.GeneralProtection, errorCode);

    public static GuestFault InvalidTss(ulong errorCode) => Of(X86Exception.InvalidTss, errorCode);

    public static GuestFault NotPresent(ulong errorCode) => Of(X86Exception.SegmentNotPresent, errorCode);

    public static GuestFault Stack(ulong errorCode = 0) => Of(X86Exception.StackFault, errorCode);

    public static GuestFault Debug(ulong dr6Bits) => new((uint)X86Exception.Debug, 0, dr6Bits);

    /// <summary>Of an access to an address that is not canonical: #SS if it turns out that the instruction used the stack, else #GP.</summary>
    public static GuestFault NonCanonical(ulong address) => new((uint)X86Exception.GeneralProtection, 0, address);

    /// <summary>Of an access to an address that is not aligned: another fault if it turns out that the address is not admitted.</summary>
    public static GuestFault Misaligned(ulong address) => new((uint)X86Exception.AlignmentCheck, 0, address);

    public static GuestFault PageFault(ulong address, ulong errorCode) => new((uint)X86Exception.PageFault, errorCode, address);
}
