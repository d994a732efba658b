namespace Emulator.Arch.X86;

/// <summary>
/// What drives a processor's INTR input: an interrupt controller. After the input has risen, the controller calls
/// <see cref="Core.Execution.VirtualCpu.RequestAttention"/>; the processor asks for the level when it may take an interrupt.
/// </summary>
public interface IInterruptSource
{
    /// <summary>The level of INTR. Read on the processor's thread.</summary>
    bool HasPending { get; }

    /// <summary>The interrupt acknowledge cycle: gives the vector. Called on the processor's thread, when it has seen the input high.</summary>
    byte Acknowledge();
}
