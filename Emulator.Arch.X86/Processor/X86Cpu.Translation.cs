using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Arch.X86.Processor;

/// <content>From linear to physical addresses (Intel SDM volume 3, chapter 4).</content>
public sealed partial class X86Cpu
{
    /// <inheritdoc/>
    protected override bool TryTranslate(
        GuestVirtualAddress address, AccessKind kind, int size, int mmuIndex, out AddressTranslation translation, out GuestFault fault)
    {
        fault = default;
        translation = new AddressTranslation(new GuestPhysicalAddress(address.Value), kind != AccessKind.Execute, kind != AccessKind.Execute, kind == AccessKind.Execute);
        return true;
    }
}
