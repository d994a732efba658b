using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Arch.X86.Processor;

/// <content>Exceptions and interrupts (Intel SDM volume 3, chapter 6).</content>
public sealed partial class X86Cpu
{
    /// <inheritdoc/>
    protected override bool HasWakeupEvent => false;

    /// <inheritdoc/>
    protected override GuestFault AccessFault(GuestVirtualAddress address, AccessKind kind) => X86Fault.GeneralProtection();

    /// <inheritdoc/>
    protected override GuestFault MisalignedFault(GuestVirtualAddress address, AccessKind kind, int size) =>
        size == 16 ? X86Fault.GeneralProtection() : X86Fault.Of(X86Exception.AlignmentCheck);

    /// <inheritdoc/>
    protected override void DeliverFault(GuestFault fault) => LastFault = fault;

    /// <inheritdoc/>
    protected override bool TryDeliverInterrupt() => false;

    /// <summary>The fault delivered last.</summary>
    internal GuestFault? LastFault { get; set; }
}
