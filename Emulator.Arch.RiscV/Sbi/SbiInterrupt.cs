using Emulator.Arch.RiscV.Privileged;

namespace Emulator.Arch.RiscV.Sbi;

/// <summary>IPI extension (SBI 2.0 chapter 7).</summary>
internal sealed class SbiInterrupt(HartList harts) : SbiExtension(0x73_5049, "IPI")
{
    private const ulong SendIpi = 0;

    public override SbiResult Call(SbiCall call)
    {
        if (call.Function != SendIpi) return SbiError.NotSupported;
        if (!harts.TrySelect(call, 0, out var selected)) return SbiError.InvalidParameter;
        Send(selected);
        return SbiResult.Success;
    }

    /// <summary>Raises supervisor software interrupts; a hart that is stopped must not find one when it starts.</summary>
    public static void Send(IEnumerable<RiscVHart> targets)
    {
        foreach (var hart in targets)
        {
            if (hart.RunState != HartRunState.Stopped) hart.SetSoftwarePending(InterruptCause.Ssip);
        }
    }
}
