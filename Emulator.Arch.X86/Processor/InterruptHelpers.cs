using System.Runtime.CompilerServices;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Arch.X86.Processor;

/// <summary>Software interrupts, IRET and HLT. All set the program counter: for <c>LeaveThrough</c>.</summary>
internal static class InterruptHelpers
{
    /// <summary>What these may do.</summary>
    internal const HelperEffects All = HelperEffects.ReadsSlots | HelperEffects.WritesSlots | HelperEffects.MayFault | HelperEffects.Memory;

    /// <summary>(vector, <see cref="InterruptKind"/>, next): INT n, INT3, INTO when OF is set, INT1.</summary>
    public static readonly Helper SoftwareInterrupt = X86Helpers.Register(SoftwareInterruptOf, All);

    /// <summary>(operand size, 0, next): IRET.</summary>
    public static readonly Helper Return = X86Helpers.Register(ReturnOf, All);

    /// <summary>(0, 0, next): HLT; #GP unless at level 0.</summary>
    public static readonly Helper Halt = X86Helpers.Register(HaltOf, All);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SoftwareInterruptOf(VirtualCpu cpu, ulong vector, ulong kind, ulong next)
    {
        var x86 = (X86Cpu)cpu;
        x86.Finish(x86.DeliverSoftware(new InterruptEvent((byte)vector, (InterruptKind)kind, next)));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ReturnOf(VirtualCpu cpu, ulong size, ulong b, ulong next)
    {
        var x86 = (X86Cpu)cpu;
        x86.Finish(InterruptReturn.Return(x86, (int)size, next));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong HaltOf(VirtualCpu cpu, ulong a, ulong b, ulong next)
    {
        cpu.ProgramCounter = next;
        cpu.Halt();
        return 0;
    }
}
