using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Memory;

namespace Emulator.Arch.RiscV.Sbi;

/// <summary>Hart state management (SBI 2.0 chapter 9).</summary>
internal sealed class SbiHartState(HartList harts) : SbiExtension(0x48_534d, "HSM")
{
    private const ulong RetentiveSuspend = 0;
    private const ulong NonRetentiveSuspend = 0x8000_0000;
    private const ulong FirstPlatformRetentive = 0x1000_0000;
    private const ulong FirstPlatformNonRetentive = 0x9000_0000;

    private enum FunctionId : ulong
    {
        HartStart,
        HartStop,
        HartGetStatus,
        HartSuspend,
    }

    private enum Status : ulong
    {
        Started = 0,
        Stopped = 1,
        StartPending = 2,
        Suspended = 4,
    }

    public override SbiResult Call(SbiCall call) => (FunctionId)call.Function switch
    {
        FunctionId.HartStart => Start(call),
        FunctionId.HartStop => Stop(call),
        FunctionId.HartGetStatus => harts.Find(call.Argument(0)) is { } hart ? SbiResult.Of((ulong)StatusOf(hart)) : SbiError.InvalidParameter,
        FunctionId.HartSuspend => Suspend(call),
        _ => SbiError.NotSupported,
    };

    private static Status StatusOf(RiscVHart hart) => hart.RunState switch
    {
        HartRunState.Stopped => Status.Stopped,
        HartRunState.StartPending => Status.StartPending,
        _ => hart.IsSuspended ? Status.Suspended : Status.Started,
    };

    private SbiResult Start(SbiCall call)
    {
        ulong address = call.Argument(1);
        if (harts.Find(call.Argument(0)) is not { } target) return SbiError.InvalidParameter;
        if (target.RunState != HartRunState.Stopped) return SbiError.AlreadyAvailable;
        if (!IsExecutable(call.Hart, address)) return SbiError.InvalidAddress;
        return target.TryStart(address, call.Argument(2)) ? SbiResult.Success : SbiError.AlreadyAvailable;
    }

    private static SbiResult Stop(SbiCall call)
    {
        call.Hart.StopExecution();
        return SbiResult.Elsewhere;
    }

    // A non-retentive suspension ends at the resume address with a0 and a1 set, so that it can go there before it sleeps.
    private static SbiResult Suspend(SbiCall call)
    {
        ulong type = call.Argument(0);
        ulong address = call.Argument(1);
        if (type > uint.MaxValue) return SbiError.InvalidParameter;
        if (type == NonRetentiveSuspend)
        {
            if (!IsExecutable(call.Hart, address)) return SbiError.InvalidAddress;
            call.Hart.EnterSupervisor(address, call.Argument(2));
            call.Hart.Suspend();
            return SbiResult.Elsewhere;
        }

        if (type != RetentiveSuspend)
        {
            bool isPlatforms = type is >= FirstPlatformRetentive and < NonRetentiveSuspend or >= FirstPlatformNonRetentive;
            return isPlatforms ? SbiError.NotSupported : SbiError.InvalidParameter;
        }

        call.Hart.Suspend();
        return SbiResult.Success;
    }

    private static bool IsExecutable(RiscVHart hart, ulong address) =>
        (address & 1) == 0 && hart.MemorySystem.Map.Find(new GuestPhysicalAddress(address)) is { IsMemory: true };
}
