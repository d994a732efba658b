using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Arch.X86.Processor;

/// <content>Accesses of the processor itself: descriptor tables, task states, stacks of handlers. Faults are values here.</content>
public sealed partial class X86Cpu
{
    internal const int SelectorErrorMask = 0xfffc;
    private const int TableIndicator = 4;
    private const int DescriptorSize = 8;

    /// <summary>The translations that data accesses at a privilege level use.</summary>
    internal X86MmuIndex DataIndexAt(int cpl) => cpl == 3 ? X86MmuIndex.User
        : (this[X86Slots.ControlFlags] & Eflags.Ac) != 0 ? X86MmuIndex.SupervisorUserAccess : X86MmuIndex.Supervisor;

    internal GuestFault? ReadLinear(ulong linear, int size, X86MmuIndex index, out ulong value) =>
        TryLoad(new GuestVirtualAddress(linear), size, (int)index, out value, out var fault) ? null : fault;

    internal GuestFault? WriteLinear(ulong linear, int size, X86MmuIndex index, ulong value) =>
        TryStore(new GuestVirtualAddress(linear), size, (int)index, value, out var fault) ? null : fault;

    /// <summary>An implicit supervisor access (Intel SDM volume 3, 4.6): as a supervisor, whatever the CPL is.</summary>
    internal GuestFault? ReadSystem(ulong linear, int size, out ulong value) => ReadLinear(linear, size, X86MmuIndex.Supervisor, out value);

    internal GuestFault? WriteSystem(ulong linear, int size, ulong value) => WriteLinear(linear, size, X86MmuIndex.Supervisor, value);

    /// <summary>Reads the descriptor that a selector names.</summary>
    /// <param name="selector">Not null.</param>
    /// <param name="outside">The fault if the selector's table ends before it.</param>
    /// <param name="descriptor">The eight bytes.</param>
    internal GuestFault? ReadDescriptor(int selector, GuestFault outside, out Descriptor descriptor)
    {
        descriptor = default;
        bool isLocal = (selector & TableIndicator) != 0;
        uint offset = (uint)selector & ~7u;
        uint limit = isLocal ? Registers.Ldtr.Limit : Registers.Gdtr.Limit;
        if (isLocal && (Registers.Ldtr.Attributes & SegmentAttributes.Present) == 0) return outside;
        if (offset + DescriptorSize - 1 > limit) return outside;
        ulong address = LinearOf(isLocal ? Registers.Ldtr.Base : Registers.Gdtr.Base, offset);
        if (ReadSystem(address, DescriptorSize, out ulong low) is { } fault) return fault;
        descriptor = new Descriptor(low, 0, address);
        return null;
    }

    /// <summary>In IA-32e mode, adds the second half of a system descriptor or gate; #GP if its type field is not 0.</summary>
    internal GuestFault? ReadUpperHalf(int selector, GuestFault outside, ref Descriptor descriptor)
    {
        const ulong upperType = 0x1f00ul << 32;
        if (!IsLongMode) return null;
        uint limit = (selector & TableIndicator) != 0 ? Registers.Ldtr.Limit : Registers.Gdtr.Limit;
        if (((uint)selector & ~7u) + (2 * DescriptorSize) - 1 > limit) return outside;
        if (ReadSystem(descriptor.Address + DescriptorSize, DescriptorSize, out ulong high) is { } fault) return fault;
        if ((high & upperType) != 0) return outside;
        descriptor = descriptor with { High = high & uint.MaxValue };
        return null;
    }

    /// <summary>Sets the accessed bit of a code or data descriptor in its table.</summary>
    internal GuestFault? MarkAccessed(Descriptor descriptor) => descriptor.Has(SegmentAttributes.Accessed)
        ? null
        : WriteSystem(descriptor.Address + 5, 1, (byte)(descriptor.Attributes | SegmentAttributes.Accessed));

    /// <summary>Sets or clears the busy bit of a TSS descriptor in its table.</summary>
    internal GuestFault? MarkBusy(Descriptor descriptor, bool isBusy)
    {
        const byte busy = 2;
        byte rights = (byte)descriptor.Attributes;
        return WriteSystem(descriptor.Address + 5, 1, isBusy ? (byte)(rights | busy) : (byte)(rights & ~busy));
    }

    /// <summary>A linear address outside of 64-bit segments: 32 bits, but for table bases of IA-32e mode.</summary>
    internal ulong LinearOf(ulong tableBase, ulong offset) => IsLongMode ? tableBase + offset : (uint)(tableBase + offset);

    internal bool IsLongMode => _mode.Has(X86Mode.LongMode);

    internal bool IsProtected => _mode.Has(X86Mode.Protected) && !_mode.Has(X86Mode.Virtual8086);

    internal bool IsVirtual8086 => _mode.Has(X86Mode.Virtual8086);

    internal bool Is64BitCode => _mode.Is64;
}
