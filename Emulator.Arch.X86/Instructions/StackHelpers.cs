using System.Runtime.CompilerServices;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Arch.X86.Instructions;

/// <summary>What ENTER builds, as the argument of <see cref="StackHelpers.Enter"/>.</summary>
/// <param name="Bytes">Operand size: what is pushed.</param>
/// <param name="StackBytes">Size of the stack pointer.</param>
/// <param name="Space">Bytes of local storage.</param>
/// <param name="Level">Nesting level.</param>
internal readonly record struct FrameShape(int Bytes, int StackBytes, int Space, int Level)
{
    public const int MaxLevels = 32;

    private const int StackShift = 8;
    private const int LevelShift = 16;
    private const int SpaceShift = 32;

    public long Pack() => (long)Bytes | ((long)StackBytes << StackShift) | ((long)Level << LevelShift) | ((long)Space << SpaceShift);

    public static FrameShape Unpack(ulong packed) => new(
        (byte)packed, (byte)(packed >> StackShift), (ushort)(packed >> SpaceShift), (byte)(packed >> LevelShift));
}

/// <summary>Stack instructions that are more than a load or a store.</summary>
internal static class StackHelpers
{
    /// <summary>(segment): the selector.</summary>
    public static readonly Helper Selector = X86Helpers.Register(SelectorOf, HelperEffects.None);

    /// <summary>EFLAGS as PUSHF stores it: without VM and RF.</summary>
    public static readonly Helper FlagImage = X86Helpers.Register(FlagImageOf, HelperEffects.ReadsSlots);

    /// <summary>(operand size): in virtual-8086 mode, #GP unless IOPL is 3 or CR4.VME serves 16 bits.</summary>
    public static readonly Helper CheckFlagAccess = X86Helpers.Register(CheckFlagAccessOf, HelperEffects.ReadsSlots | HelperEffects.MayFault);

    /// <summary>(operand size, image): as <see cref="CheckFlagAccess"/>, and #GP where CR4.VME does not admit the image.</summary>
    public static readonly Helper CheckFlagLoad = X86Helpers.Register(CheckFlagLoadOf, HelperEffects.ReadsSlots | HelperEffects.MayFault);

    /// <summary>(image, operand size, next instruction): POPF's load of EFLAGS; goes on at the next instruction.</summary>
    public static readonly Helper LoadFlags = X86Helpers.Register(LoadFlagsOf, HelperEffects.ReadsSlots | HelperEffects.WritesSlots);

    /// <summary>(<see cref="FrameShape"/>): ENTER.</summary>
    public static readonly Helper Enter = X86Helpers.Register(
        EnterOf, HelperEffects.ReadsSlots | HelperEffects.WritesSlots | HelperEffects.MayFault | HelperEffects.Memory);

    private const int Bp = 5;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SelectorOf(VirtualCpu cpu, ulong segment, ulong b, ulong c) => ((X86Cpu)cpu).Registers.Segments[(int)segment].Selector;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong FlagImageOf(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        return (HasVirtualFlag(x86) ? Virtual8086Mode.FlagsShown(x86) : x86.EFlags) & ~(Eflags.Vm | Eflags.Rf);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CheckFlagAccessOf(VirtualCpu cpu, ulong bytes, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        if (x86.Iopl < 3 && !(HasVirtualFlag(x86) && bytes == 2)) cpu.RaiseFault(X86Fault.GeneralProtection());
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CheckFlagLoadOf(VirtualCpu cpu, ulong bytes, ulong image, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        CheckFlagAccessOf(cpu, bytes, 0, 0);
        if (HasVirtualFlag(x86) && Virtual8086Mode.RefusesFlags(x86, image)) cpu.RaiseFault(X86Fault.GeneralProtection());
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong LoadFlagsOf(VirtualCpu cpu, ulong image, ulong bytes, ulong next)
    {
        var x86 = (X86Cpu)cpu;
        if (HasVirtualFlag(x86)) Virtual8086Mode.LoadFlags(x86, image);
        else x86.ReplaceFlags(image & ~Eflags.Rf, InterruptReturn.WritableFlags(x86, (int)bytes) & ~(Eflags.Vif | Eflags.Vip));
        cpu.ProgramCounter = next;
        return 0;
    }

    // Where IOPL keeps an 8086 program from IF, CR4.VME gives it VIF instead.
    private static bool HasVirtualFlag(X86Cpu cpu) => cpu.IsVirtual8086 && cpu.Iopl < 3 && (cpu.Registers.Cr4 & Cr4.Vme) != 0;

    // Everything is checked and stored before the first register changes; the end of the new frame must be writable too.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong EnterOf(VirtualCpu cpu, ulong packed, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        var shape = FrameShape.Unpack(packed);
        ulong oldBase = cpu[X86Slots.General64(Bp)];
        ulong top = cpu[X86Slots.Rsp] - (ulong)shape.Bytes;
        ulong frame = Merge(cpu[X86Slots.Rsp], top, shape.StackBytes); // all of ESP, also on a 16-bit stack
        if (!TryStore(x86, shape, top, oldBase)) return 0;
        for (int level = 1; level < shape.Level; level++)
        {
            oldBase -= (ulong)shape.Bytes;
            if (!TryLoad(x86, shape, oldBase, out ulong outer) || !TryStore(x86, shape, top -= (ulong)shape.Bytes, outer)) return 0;
        }

        if (shape.Level > 0 && !TryStore(x86, shape, top -= (ulong)shape.Bytes, frame)) return 0;
        top -= (ulong)shape.Space;
        if (!TryProbe(x86, shape, top)) return 0;
        cpu[X86Slots.General64(Bp)] = Merge(cpu[X86Slots.General64(Bp)], frame, shape.Bytes);
        cpu[X86Slots.Rsp] = Merge(cpu[X86Slots.Rsp], top, shape.StackBytes);
        return 0;
    }

    private static bool TryLoad(X86Cpu cpu, FrameShape shape, ulong offset, out ulong value)
    {
        value = 0;
        return TryGetLinear(cpu, shape, offset, false, out var linear)
            && cpu.TryLoad(linear, shape.Bytes, ((X86Mode)cpu.Mode).MmuIndexNumber, out value);
    }

    private static bool TryStore(X86Cpu cpu, FrameShape shape, ulong offset, ulong value) =>
        TryGetLinear(cpu, shape, offset, true, out var linear) && cpu.TryStore(linear, shape.Bytes, ((X86Mode)cpu.Mode).MmuIndexNumber, value);

    private static bool TryProbe(X86Cpu cpu, FrameShape shape, ulong offset) =>
        TryGetLinear(cpu, shape, offset, true, out var linear) && cpu.TryProbeWrite(linear, shape.Bytes, ((X86Mode)cpu.Mode).MmuIndexNumber);

    private static bool TryGetLinear(X86Cpu cpu, FrameShape shape, ulong offset, bool isWrite, out GuestVirtualAddress linear)
    {
        linear = new GuestVirtualAddress(offset);
        if (((X86Mode)cpu.Mode).Is64) return IsAligned(cpu, shape, offset);
        bool isPermitted = cpu.TryGetLinear(
            new SegmentAccess(X86Cpu.Ss, shape.Bytes, isWrite), Cut(offset, shape.StackBytes), out ulong address, out var fault);
        linear = new GuestVirtualAddress(address);
        if (!isPermitted) cpu.RaiseFault(fault);
        return isPermitted && IsAligned(cpu, shape, address);
    }

    private static bool IsAligned(X86Cpu cpu, FrameShape shape, ulong linear)
    {
        bool isMisaligned = ((X86Mode)cpu.Mode).Has(X86Mode.AlignmentCheck) && (linear & (ulong)(shape.Bytes - 1)) != 0;
        if (isMisaligned) cpu.RaiseFault(X86Fault.Misaligned(linear));
        return !isMisaligned;
    }

    private static ulong Cut(ulong value, int bytes) => bytes switch { 2 => (ushort)value, 4 => (uint)value, _ => value };

    // As the lifter writes registers: 32 bits clear the upper half.
    private static ulong Merge(ulong old, ulong value, int bytes) => bytes == 2 ? (old & ~(ulong)ushort.MaxValue) | (ushort)value : Cut(value, bytes);
}
