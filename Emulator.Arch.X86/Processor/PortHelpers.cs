using System.Runtime.CompilerServices;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Arch.X86.Processor;

/// <summary>Accesses to the port space (Intel SDM volume 1, chapter 19).</summary>
internal static class PortHelpers
{
    /// <summary>(port, size): #GP unless IOPL or the TSS's I/O permission bitmap admits the access.</summary>
    public static readonly Helper Check = X86Helpers.Register(CheckOf, InterruptHelpers.All);

    /// <summary>(port, size): reads.</summary>
    public static readonly Helper Read = X86Helpers.Register(ReadOf, InterruptHelpers.All);

    /// <summary>(port, size, value): writes.</summary>
    public static readonly Helper Write = X86Helpers.Register(WriteOf, InterruptHelpers.All);

    /// <summary>(port, size, linear address): reads to memory; memory is known to take it before the port is read.</summary>
    public static readonly Helper ReadToMemory = X86Helpers.Register(ReadToMemoryOf, InterruptHelpers.All);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CheckOf(VirtualCpu cpu, ulong port, ulong size, ulong c)
    {
        var x86 = (X86Cpu)cpu;
        x86.Finish(x86.CheckPort((ushort)port, (int)size));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ReadOf(VirtualCpu cpu, ulong port, ulong size, ulong c) => ((X86Cpu)cpu).ReadPort((ushort)port, (int)size);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong WriteOf(VirtualCpu cpu, ulong port, ulong size, ulong value)
    {
        ((X86Cpu)cpu).WritePort((ushort)port, (int)size, value);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ReadToMemoryOf(VirtualCpu cpu, ulong port, ulong size, ulong linear)
    {
        var x86 = (X86Cpu)cpu;
        var index = (X86MmuIndex)((X86Mode)cpu.Mode).MmuIndexNumber;
        if (!cpu.TryProbeWrite(new GuestVirtualAddress(linear), 1, (int)index)) return 0;
        if (size > 1 && !cpu.TryProbeWrite(new GuestVirtualAddress(linear + size - 1), 1, (int)index)) return 0;
        x86.Finish(x86.WriteLinear(linear, (int)size, index, x86.ReadPort((ushort)port, (int)size)));
        return 0;
    }
}
