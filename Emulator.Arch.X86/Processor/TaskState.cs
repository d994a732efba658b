using System.Runtime.CompilerServices;
using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <summary>What a task switch loads from a task-state segment (Intel SDM volume 3, 7.2.1 and 7.6).</summary>
internal struct TaskState
{
    public GeneralRegisters Generals;
    public SegmentSelectors Selectors;
    public ulong InstructionPointer;
    public ulong Flags;

    /// <summary>CR3, which a 16-bit TSS has not.</summary>
    public ulong? PageTables;
    public ushort Ldt;

    /// <summary>The T flag: a debug trap follows the switch.</summary>
    public bool IsTraced;

    /// <summary>EAX to EDI.</summary>
    [InlineArray(8)]
    internal struct GeneralRegisters
    {
        private ulong _first;
    }

    /// <summary>In the order of encodings.</summary>
    [InlineArray(6)]
    internal struct SegmentSelectors
    {
        private ushort _first;
    }

    /// <summary>Where fields are.</summary>
    internal readonly record struct Layout(
        int WordSize, uint MinimumLimit, uint Cr3, uint Pointer, uint Flags, uint Generals, uint Segments, int SegmentCount, uint Ldt, uint Trap);

    private static readonly Layout Layout16 = new(2, 0x2b, 0, 0x0e, 0x10, 0x12, 0x22, 4, 0x2a, 0);
    private static readonly Layout Layout32 = new(4, 0x67, 0x1c, 0x20, 0x24, 0x28, 0x48, 6, 0x60, 0x64);

    public static Layout LayoutOf(SystemSegment tss) => tss.Is32BitTss ? Layout32 : Layout16;

    /// <summary>Reads all of it.</summary>
    public static GuestFault? Read(X86Cpu cpu, SystemSegment tss, out TaskState state)
    {
        state = default;
        var layout = LayoutOf(tss);
        int size = layout.WordSize;
        if (ReadField(cpu, tss, layout.Pointer, size, out state.InstructionPointer) is { } noPointer) return noPointer;
        if (ReadField(cpu, tss, layout.Flags, size, out state.Flags) is { } noFlags) return noFlags;
        for (int i = 0; i < 8; i++)
        {
            if (ReadField(cpu, tss, layout.Generals + (uint)(i * size), size, out ulong general) is { } fault) return fault;
            state.Generals[i] = size == 2 ? general | 0xffff_0000 : general;
        }

        for (int i = 0; i < layout.SegmentCount; i++)
        {
            if (ReadField(cpu, tss, layout.Segments + (uint)(i * size), 2, out ulong selector) is { } fault) return fault;
            state.Selectors[i] = (ushort)selector;
        }

        if (ReadField(cpu, tss, layout.Ldt, 2, out ulong ldt) is { } noLdt) return noLdt;
        state.Ldt = (ushort)ldt;
        if (size == 2) return null;
        if (ReadField(cpu, tss, layout.Cr3, size, out ulong tables) is { } noTables) return noTables;
        state.PageTables = tables;
        if (ReadField(cpu, tss, layout.Trap, 1, out ulong trap) is { } noTrap) return noTrap;
        state.IsTraced = (trap & 1) != 0;
        return null;
    }

    /// <summary>Saves what runs now to its TSS.</summary>
    public static GuestFault? SaveCurrent(X86Cpu cpu, SystemSegment tss, ulong pointer, ulong flags)
    {
        var layout = LayoutOf(tss);
        int size = layout.WordSize;
        if (WriteField(cpu, tss, layout.Pointer, size, pointer) is { } noPointer) return noPointer;
        if (WriteField(cpu, tss, layout.Flags, size, flags) is { } noFlags) return noFlags;
        for (int i = 0; i < 8; i++)
        {
            if (WriteField(cpu, tss, layout.Generals + (uint)(i * size), size, cpu[X86Slots.General64(i)]) is { } fault) return fault;
        }

        for (int i = 0; i < layout.SegmentCount; i++)
        {
            if (WriteField(cpu, tss, layout.Segments + (uint)(i * size), 2, cpu.Registers.Segments[i].Selector) is { } fault) return fault;
        }

        return null;
    }

    private static GuestFault? ReadField(X86Cpu cpu, SystemSegment tss, uint offset, int size, out ulong value) =>
        cpu.ReadSystem(cpu.LinearOf(tss.Base, offset), size, out value);

    private static GuestFault? WriteField(X86Cpu cpu, SystemSegment tss, uint offset, int size, ulong value) =>
        cpu.WriteSystem(cpu.LinearOf(tss.Base, offset), size, value);
}
