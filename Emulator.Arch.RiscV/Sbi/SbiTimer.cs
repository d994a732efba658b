namespace Emulator.Arch.RiscV.Sbi;

/// <summary>Timer extension (SBI 2.0 chapter 6).</summary>
internal sealed class SbiTimer() : SbiExtension(0x5449_4d45, "TIME")
{
    private const ulong SetTimer = 0;

    public override SbiResult Call(SbiCall call)
    {
        if (call.Function != SetTimer) return SbiError.NotSupported;
        call.Hart.WriteStimecmp(call.WideArgument(0));
        return SbiResult.Success;
    }
}
