using System.Runtime.CompilerServices;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Arch.X86.Processor;

/// <summary>CPUID, model-specific registers, the time-stamp counter, and the fast system calls.</summary>
internal static class IdentificationHelpers
{
    /// <summary>CPUID: from EAX and ECX to EAX, EBX, ECX, EDX.</summary>
    public static readonly Helper Identify = X86Helpers.Register(IdentifyOf, HelperEffects.ReadsSlots | HelperEffects.WritesSlots);

    /// <summary>RDMSR at level 0.</summary>
    public static readonly Helper ReadModelSpecific = X86Helpers.Register(ReadModelSpecificOf, InterruptHelpers.All);

    /// <summary>WRMSR at level 0.</summary>
    public static readonly Helper WriteModelSpecific = X86Helpers.Register(WriteModelSpecificOf, InterruptHelpers.All);

    /// <summary>The time-stamp counter; #GP where CR4.TSD forbids it.</summary>
    public static readonly Helper TimeStamp = X86Helpers.Register(TimeStampOf, HelperEffects.MayFault);

    /// <summary>IA32_TSC_AUX.</summary>
    public static readonly Helper ProcessorId = X86Helpers.Register(ProcessorIdOf, HelperEffects.None);

    /// <summary>(0, 0, next): SYSCALL.</summary>
    public static readonly Helper Syscall = X86Helpers.Register(SyscallOf, InterruptHelpers.All);

    /// <summary>(operand size, 0, next): SYSRET at level 0.</summary>
    public static readonly Helper Sysret = X86Helpers.Register(SysretOf, InterruptHelpers.All);

    /// <summary>(0, 0, next): SYSENTER.</summary>
    public static readonly Helper Sysenter = X86Helpers.Register(SysenterOf, InterruptHelpers.All);

    /// <summary>(operand size, 0, next): SYSEXIT at level 0.</summary>
    public static readonly Helper Sysexit = X86Helpers.Register(SysexitOf, InterruptHelpers.All);

    private const int Rax = 0;
    private const int Rdx = 2;
    private const int Rbx = 3;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong IdentifyOf(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        var result = ((X86Architecture)cpu.Architecture).Identification.Query((uint)cpu[X86Slots.General64(Rax)], (uint)cpu[X86Slots.Rcx], cpu.Index);
        cpu[X86Slots.General64(Rax)] = result.Eax;
        cpu[X86Slots.General64(Rbx)] = result.Ebx;
        cpu[X86Slots.Rcx] = result.Ecx;
        cpu[X86Slots.General64(Rdx)] = result.Edx;
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ReadModelSpecificOf(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        if (ModelSpecificRegisters.Read((X86Cpu)cpu, (uint)cpu[X86Slots.Rcx], out ulong value) is { } fault)
        {
            cpu.RaiseFault(fault);
            return 0;
        }

        cpu[X86Slots.General64(Rax)] = (uint)value;
        cpu[X86Slots.General64(Rdx)] = value >> 32;
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong WriteModelSpecificOf(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        ulong value = (cpu[X86Slots.General64(Rdx)] << 32) | (uint)cpu[X86Slots.General64(Rax)];
        var x86 = (X86Cpu)cpu;
        x86.Finish(ModelSpecificRegisters.Write(x86, (uint)cpu[X86Slots.Rcx], value));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong TimeStampOf(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        if (x86.Registers.Cpl == 0 || (x86.Registers.Cr4 & Cr4.Tsd) == 0) return x86.TimeStamp;
        cpu.RaiseFault(X86Fault.GeneralProtection());
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ProcessorIdOf(VirtualCpu cpu, ulong a, ulong b, ulong c) => ((X86Cpu)cpu).Registers.Msrs.TscAux;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SyscallOf(VirtualCpu cpu, ulong a, ulong b, ulong next)
    {
        var x86 = (X86Cpu)cpu;
        x86.Finish(FastSystemCall.Call(x86, next));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SysretOf(VirtualCpu cpu, ulong size, ulong b, ulong next)
    {
        var x86 = (X86Cpu)cpu;
        x86.Finish(FastSystemCall.Return(x86, (int)size));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SysenterOf(VirtualCpu cpu, ulong a, ulong b, ulong next)
    {
        var x86 = (X86Cpu)cpu;
        x86.Finish(FastSystemCall.Enter(x86));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SysexitOf(VirtualCpu cpu, ulong size, ulong b, ulong next)
    {
        var x86 = (X86Cpu)cpu;
        x86.Finish(FastSystemCall.Exit(x86, (int)size));
        return 0;
    }
}
