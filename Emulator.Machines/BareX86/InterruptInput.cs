using Emulator.Arch.X86;
using Emulator.Core.Bus;
using Emulator.Core.Execution;
using Emulator.Devices;

namespace Emulator.Machines.BareX86;

/// <summary>The processor's INTR input, between it and the interrupt controllers; they are made after it.</summary>
internal sealed class InterruptInput : IInterruptSource, IInterruptLine
{
    /// <summary>Acknowledges.</summary>
    public Pic8259Pair? Controllers { get; set; }

    /// <summary>Is woken.</summary>
    public VirtualCpu? Processor { get; set; }

    /// <inheritdoc/>
    public bool HasPending => Controllers!.IsRequesting;

    /// <inheritdoc/>
    public byte Acknowledge() => Controllers!.Acknowledge();

    /// <inheritdoc/>
    public void Set(bool asserted)
    {
        if (asserted) Processor?.RequestAttention();
    }
}
