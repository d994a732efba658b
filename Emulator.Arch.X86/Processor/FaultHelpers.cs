using System.Runtime.CompilerServices;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Arch.X86.Processor;

/// <summary>Faults that lifted code raises by itself.</summary>
internal static class FaultHelpers
{
    /// <summary>(vector, error code): raises.</summary>
    public static readonly Helper Raise = X86Helpers.Register(RaiseOf, HelperEffects.MayFault);

    /// <summary>(condition, vector, error code): raises if the condition is not 0.</summary>
    public static readonly Helper RaiseIf = X86Helpers.Register(RaiseIfOf, HelperEffects.MayFault | HelperEffects.OnCondition);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong RaiseOf(VirtualCpu cpu, ulong vector, ulong errorCode, ulong c)
    {
        cpu.RaiseFault(X86Fault.Of((X86Exception)vector, errorCode));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong RaiseIfOf(VirtualCpu cpu, ulong condition, ulong vector, ulong errorCode)
    {
        cpu.RaiseFault(X86Fault.Of((X86Exception)vector, errorCode));
        return 0;
    }
}
