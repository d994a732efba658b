using System.Runtime.CompilerServices;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Arch.X86.Instructions;

/// <summary>A repeated MOVS or STOS, as the argument of its helper.</summary>
/// <param name="Bytes">Size of an element.</param>
/// <param name="AddressBytes">Size of index registers and counter.</param>
/// <param name="Segment">Of the source, numbered as in encodings.</param>
internal readonly record struct StringRun(int Bytes, int AddressBytes, int Segment)
{
    private const int AddressShift = 8;
    private const int SegmentShift = 16;

    public long Pack() => (long)Bytes | ((long)AddressBytes << AddressShift) | ((long)Segment << SegmentShift);

    public static StringRun Unpack(ulong packed) => new((byte)packed, (byte)(packed >> AddressShift), (byte)(packed >> SegmentShift));
}

/// <summary>
/// REP MOVS and REP STOS in runs. A run ends with the page of source or destination, where an index register wraps, with the
/// segment, and after one element if DF is set, an element lies on two pages, or something traps after each element; so it is the
/// same on every engine, and when its first element does not fault none does.
/// </summary>
internal static class StringHelpers
{
    /// <summary>(<see cref="StringRun"/>): moves a run and sets the registers; the counter is not 0.</summary>
    public static readonly Helper MoveRun = X86Helpers.Register(MoveRunOf, Effects);

    /// <summary>(<see cref="StringRun"/>): stores a run and sets the registers; the counter is not 0.</summary>
    public static readonly Helper StoreRun = X86Helpers.Register(StoreRunOf, Effects);

    private const HelperEffects Effects = HelperEffects.ReadsSlots | HelperEffects.WritesSlots | HelperEffects.MayFault | HelperEffects.Memory;
    private const int Rax = 0;
    private const int Rsi = 6;
    private const int Rdi = 7;
    private const ulong PageSize = 4096;
    private const ulong BreakpointsEnabled = 0xff;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong MoveRunOf(VirtualCpu cpu, ulong packed, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        var run = StringRun.Unpack(packed);
        ulong source = Cut(cpu[X86Slots.General64(Rsi)], run.AddressBytes);
        ulong destination = Cut(cpu[X86Slots.General64(Rdi)], run.AddressBytes);
        int count = Math.Min(ElementsFrom(source, run, ElementsWanted(x86, run)), ElementsFrom(destination, run, ElementsWanted(x86, run)));
        if (!TryGetLinear(x86, run.Segment, source, run.Bytes, false, ref count, out ulong from)) return 0;
        if (!TryGetLinear(x86, X86Cpu.Es, destination, run.Bytes, true, ref count, out ulong to))
        {
            // what the load raises comes before
            cpu.TryLoad(new GuestVirtualAddress(from), run.Bytes, ((X86Mode)cpu.Mode).MmuIndexNumber, out _);
            return 0;
        }

        count = Math.Min(ElementsOnPage(from, run, count), ElementsOnPage(to, run, count));
        int done = cpu.CopyBlock(
            new GuestVirtualAddress(to), new GuestVirtualAddress(from), run.Bytes, count, ((X86Mode)cpu.Mode).MmuIndexNumber);
        if (done == 0) return 0; // upper halves stay as they are
        Advance(x86, run, Rsi, done);
        Advance(x86, run, Rdi, done);
        Count(x86, run, done);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong StoreRunOf(VirtualCpu cpu, ulong packed, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        var run = StringRun.Unpack(packed);
        ulong destination = Cut(cpu[X86Slots.General64(Rdi)], run.AddressBytes);
        int count = ElementsFrom(destination, run, ElementsWanted(x86, run));
        if (!TryGetLinear(x86, X86Cpu.Es, destination, run.Bytes, true, ref count, out ulong to)) return 0;
        count = ElementsOnPage(to, run, count);
        int done = cpu.FillBlock(
            new GuestVirtualAddress(to), cpu[X86Slots.General64(Rax)], run.Bytes, count, ((X86Mode)cpu.Mode).MmuIndexNumber);
        if (done == 0) return 0;
        Advance(x86, run, Rdi, done);
        Count(x86, run, done);
        return 0;
    }

    private static int ElementsWanted(X86Cpu cpu, StringRun run)
    {
        bool isSingle = (cpu[X86Slots.ControlFlags] & (Eflags.Df | Eflags.Tf)) != 0 || (cpu.Registers.Debug.Dr7 & BreakpointsEnabled) != 0;
        ulong count = Cut(cpu[X86Slots.Rcx], run.AddressBytes);
        return isSingle ? 1 : (int)Math.Min(count, PageSize);
    }

    // Elements until the index register wraps, at least one.
    private static int ElementsFrom(ulong offset, StringRun run, int wanted)
    {
        ulong left = run.AddressBytes switch { 2 => (1ul << 16) - offset, 4 => (1ul << 32) - offset, _ => PageSize * 8 };
        return (int)Math.Clamp(left / (uint)run.Bytes, 1, (ulong)wanted);
    }

    private static int ElementsOnPage(ulong linear, StringRun run, int wanted) =>
        (int)Math.Clamp((PageSize - (linear & (PageSize - 1))) / (uint)run.Bytes, 1, (ulong)wanted);

    // A run that leaves its segment is cut to its first element, which may be in it.
    private static bool TryGetLinear(X86Cpu cpu, int segment, ulong offset, int bytes, bool isWrite, ref int count, out ulong linear)
    {
        if (((X86Mode)cpu.Mode).Is64)
        {
            linear = segment >= X86Cpu.Fs ? offset + cpu[X86Slots.SegmentBase(segment)] : offset;
            return true;
        }

        if (cpu.TryGetLinear(new SegmentAccess(segment, bytes * count, isWrite), offset, out linear, out _)) return true;
        count = 1;
        if (cpu.TryGetLinear(new SegmentAccess(segment, bytes, isWrite), offset, out linear, out var fault)) return true;
        cpu.RaiseFault(fault);
        return false;
    }

    private static void Advance(X86Cpu cpu, StringRun run, int register, int elements)
    {
        bool isDown = (cpu[X86Slots.ControlFlags] & Eflags.Df) != 0;
        long step = (long)elements * (isDown ? -run.Bytes : run.Bytes);
        var slot = X86Slots.General64(register);
        cpu[slot] = Merge(cpu[slot], cpu[slot] + (ulong)step, run.AddressBytes);
    }

    private static void Count(X86Cpu cpu, StringRun run, int elements) =>
        cpu[X86Slots.Rcx] = Merge(cpu[X86Slots.Rcx], cpu[X86Slots.Rcx] - (uint)elements, run.AddressBytes);

    private static ulong Cut(ulong value, int bytes) => bytes switch { 2 => (ushort)value, 4 => (uint)value, _ => value };

    private static ulong Merge(ulong old, ulong value, int bytes) => bytes == 2 ? (old & ~(ulong)ushort.MaxValue) | (ushort)value : Cut(value, bytes);
}
