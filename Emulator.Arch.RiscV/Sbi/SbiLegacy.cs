using Emulator.Core.Bus;
using Emulator.Core.Execution;

namespace Emulator.Arch.RiscV.Sbi;

/// <summary>
/// Legacy extensions (SBI 2.0 chapter 5): one function each, the result in a0 alone. Hart masks are in the caller's virtual memory.
/// </summary>
internal static class SbiLegacy
{
    public static IEnumerable<SbiExtension> ForHarts(HartList harts) =>
    [
        new Function(0, "set_timer", static call =>
        {
            call.Hart.WriteStimecmp(call.WideArgument(0));
            return SbiResult.Success;
        }),
        new Function(3, "clear_ipi", static call =>
        {
            call.Hart.ClearSoftwarePending(Privileged.InterruptCause.Ssip);
            return SbiResult.Success;
        }),
        new Function(4, "send_ipi", call => WithHarts(harts, call, SbiInterrupt.Send)),
        new Function(5, "remote_fence_i", call => WithHarts(harts, call, selected =>
            SbiRemoteFence.Execute(call.Hart, selected, SbiRemoteFence.FenceI))),
        new Function(6, "remote_sfence_vma", call => WithHarts(harts, call, selected => Fence(call, selected))),
        new Function(7, "remote_sfence_vma_asid", call => WithHarts(harts, call, selected => Fence(call, selected))),
    ];

    public static IEnumerable<SbiExtension> ForConsole(ISupervisorConsole console) =>
    [
        new Function(1, "console_putchar", call => console.Write([(byte)call.Argument(0)]) == 1 ? SbiResult.Success : SbiError.Failed),
        new Function(2, "console_getchar", _ =>
        {
            Span<byte> buffer = stackalloc byte[1];
            return console.Read(buffer) == 1 ? SbiResult.Of(buffer[0]) : SbiError.Failed;
        }),
    ];

    public static SbiExtension Shutdown(IMachineControl machine) => new Function(8, "shutdown", call =>
    {
        machine.PowerOff(0);
        call.Hart.AwaitMachineStop();
        return SbiResult.Success;
    });

    private static void Fence(SbiCall call, List<RiscVHart> selected) =>
        SbiRemoteFence.Execute(call.Hart, selected, SbiRemoteFence.SfenceVma(call.Argument(1), call.Argument(2), call.AllOnes));

    // a0 is the address of a mask of XLEN bits, or 0 for all harts. An address that cannot be read is an exception of the caller.
    private static SbiResult WithHarts(HartList harts, SbiCall call, Action<List<RiscVHart>> action)
    {
        ulong address = call.Argument(0);
        List<RiscVHart>? selected = [.. harts.All];
        if (address != 0)
        {
            if (!TryReadMask(call, address, out ulong mask, out var fault))
            {
                call.Hart.RedirectCall(fault);
                return SbiResult.Elsewhere;
            }

            if (!harts.TrySelect(mask, 0, out selected)) return SbiError.InvalidParameter;
        }

        action(selected);
        return SbiResult.Success;
    }

    private static bool TryReadMask(SbiCall call, ulong address, out ulong mask, out GuestFault fault)
    {
        mask = 0;
        fault = default;
        int bytes = call.Hart.Isa.Xlen / 8;
        for (int i = 0; i < bytes; i++)
        {
            if (!call.Hart.TryReadVirtual(address + (ulong)i, 1, out ulong value, out fault)) return false;
            mask |= value << (8 * i);
        }

        return true;
    }

    private sealed class Function(uint id, string name, Func<SbiCall, SbiResult> body) : SbiExtension(id, name)
    {
        public override bool IsLegacy => true;

        public override SbiResult Call(SbiCall call) => body(call);
    }
}
