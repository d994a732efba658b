namespace Emulator.Arch.X86.Processor;

/// <summary>Where an interrupt or exception comes from, as far as its delivery depends on it.</summary>
internal enum InterruptKind : byte
{
    /// <summary>A fault or trap found by the processor.</summary>
    Exception,

    /// <summary>An interrupt from outside: INTR or NMI.</summary>
    External,

    /// <summary>INT n: the gate's DPL counts, and in virtual-8086 mode IOPL.</summary>
    Software,

    /// <summary>INT3 and INTO: the gate's DPL counts.</summary>
    SoftwareException,

    /// <summary>INT1: nothing is checked.</summary>
    PrivilegedSoftware,
}

/// <summary>One interrupt or exception to be delivered.</summary>
/// <param name="Vector">Its number.</param>
/// <param name="Kind">Where it comes from.</param>
/// <param name="ReturnAddress">Linear address to return to.</param>
/// <param name="ErrorCode">For exceptions that push one in protected mode.</param>
/// <param name="SetsResumeFlag">The saved EFLAGS have RF set: faults.</param>
internal readonly record struct InterruptEvent(byte Vector, InterruptKind Kind, ulong ReturnAddress, ulong? ErrorCode = null, bool SetsResumeFlag = false)
{
    private const int IdtBit = 2;

    public bool IsSoftware => Kind is InterruptKind.Software or InterruptKind.SoftwareException or InterruptKind.PrivilegedSoftware;

    /// <summary>The EXT bit of error codes that arise during delivery.</summary>
    public uint External => Kind is InterruptKind.Software or InterruptKind.SoftwareException ? 0u : 1;

    /// <summary>The error code that points to this vector in the IDT.</summary>
    public uint IdtError => ((uint)Vector << 3) | IdtBit | External;

    /// <summary>The error code that names a selector.</summary>
    public uint SelectorError(int selector) => ((uint)selector & X86Cpu.SelectorErrorMask) | External;
}
