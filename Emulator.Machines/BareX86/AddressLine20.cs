using Emulator.Arch.X86.Processor;
using Emulator.Core.Bus;

namespace Emulator.Machines.BareX86;

/// <summary>The processor's A20M# input, low active, as the gate drives it: on the processor's thread, or while that stands.</summary>
internal sealed class AddressLine20(X86Cpu processor) : IInterruptLine
{
    private const ulong Bit = 1 << 20;

    /// <inheritdoc/>
    public void Set(bool asserted) => processor.AddressMask = asserted ? ulong.MaxValue : ~Bit;
}
