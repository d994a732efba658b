using Emulator.Core.Bus;

namespace Emulator.Arch.RiscV.Sbi;

/// <summary>System reset (SBI 2.0 chapter 10).</summary>
internal sealed class SbiSystemReset(IMachineControl machine) : SbiExtension(0x5352_5354, "SRST")
{
    private const ulong SystemReset = 0;
    private const uint FirstVendorType = 0xf000_0000;
    private const uint FirstImplementationReason = 0xe000_0000;
    private const int FailureExitCode = 1;

    private enum ResetType : uint
    {
        Shutdown,
        ColdReboot,
        WarmReboot,
    }

    private enum ResetReason : uint
    {
        None,
        SystemFailure,
    }

    public override SbiResult Call(SbiCall call)
    {
        if (call.Function != SystemReset) return SbiError.NotSupported;
        uint type = (uint)call.Argument(0);
        uint reason = (uint)call.Argument(1);
        if (reason is > (uint)ResetReason.SystemFailure and < FirstImplementationReason) return SbiError.InvalidParameter;
        if (type > (uint)ResetType.WarmReboot) return type < FirstVendorType ? SbiError.InvalidParameter : SbiError.NotSupported;
        if (type == (uint)ResetType.Shutdown) machine.PowerOff(reason == (uint)ResetReason.None ? 0 : FailureExitCode);
        else machine.RequestReset();
        call.Hart.AwaitMachineStop();
        return SbiResult.Success;
    }
}
