using Emulator.Arch.RiscV.Privileged;

namespace Emulator.Arch.RiscV.Sbi;

/// <summary>RFENCE extension (SBI 2.0 chapter 8). The fences of a hypervisor are not there, as there is no H extension.</summary>
internal sealed class SbiRemoteFence(HartList harts) : SbiExtension(0x5246_4e43, "RFENCE")
{
    private const ulong PageSize = 4096;

    /// <summary>For more pages everything is forgotten at once.</summary>
    private const ulong MaximumPages = 64;

    private enum FunctionId : ulong
    {
        FenceI,
        SfenceVma,
        SfenceVmaAsid,
    }

    public override SbiResult Call(SbiCall call)
    {
        if (call.Function > (ulong)FunctionId.SfenceVmaAsid) return SbiError.NotSupported;
        if (!harts.TrySelect(call, 0, out var selected)) return SbiError.InvalidParameter;
        bool isFenceI = call.Function == (ulong)FunctionId.FenceI;
        Execute(call.Hart, selected, isFenceI ? FenceI : SfenceVma(call.Argument(2), call.Argument(3), call.AllOnes));
        return SbiResult.Success;
    }

    /// <summary>
    /// FENCE.I: a store drops the translations of the code that it overwrites, so that all a hart has to do is to leave the block it
    /// is in, which it has done when it runs this.
    /// </summary>
    public static Action<RiscVHart> FenceI => static _ => { };

    /// <summary>SFENCE.VMA of the pages of a range; of everything when both are 0 or the size is the greatest there is.</summary>
    public static Action<RiscVHart> SfenceVma(ulong start, ulong size, ulong allOnes)
    {
        ulong first = start & ~(PageSize - 1);
        ulong last = start + size - 1;
        bool isAll = (start == 0 && size == 0) || size == allOnes || last < start || (last - first) / PageSize >= MaximumPages;
        if (isAll) return static hart => hart.FlushTranslations();
        return hart =>
        {
            for (ulong offset = 0; offset <= last - first; offset += PageSize) hart.FlushTranslation(first + offset);
        };
    }

    /// <summary>The caller's own fence at once, those of the others before the caller executes another instruction.</summary>
    public static void Execute(RiscVHart caller, List<RiscVHart> selected, Action<RiscVHart> fence)
    {
        if (selected.Contains(caller)) fence(caller);

        // A stopped hart forgets everything when it starts.
        caller.RunOnOthers([.. selected.Where(hart => hart != caller && hart.RunState != HartRunState.Stopped)], fence);
    }
}
