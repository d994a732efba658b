namespace Emulator.Arch.RiscV;

/// <summary>Codes of synchronous exceptions as mcause and scause give them (Priv. spec 3.1.15); also the code of a guest fault.</summary>
public enum ExceptionCause : uint
{
    /// <summary>A jump to an address that is not a multiple of the instruction alignment.</summary>
    InstructionAddressMisaligned = 0,

    /// <summary>A fetch that nothing answers or that PMP forbids.</summary>
    InstructionAccessFault = 1,

    /// <summary>An undefined or disabled instruction, or one that the privilege forbids.</summary>
    IllegalInstruction = 2,

    /// <summary>EBREAK or a trigger.</summary>
    Breakpoint = 3,

    /// <summary>A load or load-reserved that must be aligned and is not.</summary>
    LoadAddressMisaligned = 4,

    /// <summary>A load that nothing answers or that PMP forbids.</summary>
    LoadAccessFault = 5,

    /// <summary>A store or atomic access that must be aligned and is not.</summary>
    StoreAddressMisaligned = 6,

    /// <summary>A store or atomic access that nothing answers or that PMP forbids.</summary>
    StoreAccessFault = 7,

    /// <summary>ECALL in U.</summary>
    EnvironmentCallFromUser = 8,

    /// <summary>ECALL in S.</summary>
    EnvironmentCallFromSupervisor = 9,

    /// <summary>ECALL in M.</summary>
    EnvironmentCallFromMachine = 11,

    /// <summary>A fetch without a valid translation.</summary>
    InstructionPageFault = 12,

    /// <summary>A load without a valid translation.</summary>
    LoadPageFault = 13,

    /// <summary>A store or atomic access without a valid translation.</summary>
    StorePageFault = 15,

    /// <summary>A check that software asked for, such as a missing landing pad.</summary>
    SoftwareCheck = 18,

    /// <summary>Corrupted data was accessed.</summary>
    HardwareError = 19,
}
