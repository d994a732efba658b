using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Arch.RiscV;

/// <summary>A RISC-V hart: control and status registers, traps, translation and protection (Privileged specification 1.13).</summary>
public sealed partial class RiscVHart : VirtualCpu
{
    /// <summary>Creates a hart in its state after reset.</summary>
    /// <param name="architecture">What it executes.</param>
    /// <param name="memory">The bus it is on.</param>
    /// <param name="index">Its number, also its mhartid.</param>
    public RiscVHart(Architecture architecture, MemorySystem memory, int index)
        : base(architecture, memory, index)
    {
    }

    /// <inheritdoc/>
    public override uint Mode => new RiscVMode(Privilege.Machine, RiscVMmuIndex.Machine, ExtensionStatus.Off, 0).Pack();

    /// <inheritdoc/>
    protected override bool HasWakeupEvent => true;

    /// <inheritdoc/>
    public override void Reset() => ProgramCounter = 0;

    /// <inheritdoc/>
    protected override bool TryTranslate(
        GuestVirtualAddress address, AccessKind kind, int mmuIndex, out AddressTranslation translation, out GuestFault fault)
    {
        translation = new AddressTranslation(new GuestPhysicalAddress(address.Value), true, true, true);
        fault = default;
        return true;
    }

    /// <inheritdoc/>
    protected override GuestFault AccessFault(GuestVirtualAddress address, AccessKind kind) => new((uint)ExceptionCause.LoadAccessFault, address.Value);

    /// <inheritdoc/>
    protected override GuestFault MisalignedFault(GuestVirtualAddress address, AccessKind kind) =>
        new((uint)ExceptionCause.LoadAddressMisaligned, address.Value);

    /// <inheritdoc/>
    protected override void DeliverFault(GuestFault fault)
    {
    }

    /// <inheritdoc/>
    protected override bool TryDeliverInterrupt() => false;
}
