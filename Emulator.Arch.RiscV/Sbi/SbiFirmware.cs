using System.Collections.Frozen;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Bus;

namespace Emulator.Arch.RiscV.Sbi;

/// <summary>
/// The Supervisor Binary Interface 2.0, served outside the guest: for machines that start their kernel in S without firmware.
/// It keeps nothing of its own: all state is in the harts.
/// </summary>
public sealed class SbiFirmware : ISupervisorFirmware
{
    private readonly FrozenDictionary<uint, SbiExtension> _extensions;

    /// <summary>Creates the firmware of a machine and gives it to its harts, which must be reset before they run.</summary>
    /// <param name="harts">All harts, by number.</param>
    /// <param name="console">The debug console, if any.</param>
    /// <param name="machine">Where shutdown and reboot are asked for, if they can be.</param>
    public SbiFirmware(IEnumerable<RiscVHart> harts, ISupervisorConsole? console, IMachineControl? machine)
    {
        ArgumentNullException.ThrowIfNull(harts);
        var list = new HartList([.. harts]);
        List<SbiExtension> extensions =
        [
            new SbiTimer(), new SbiInterrupt(list), new SbiRemoteFence(list), new SbiHartState(list), .. SbiLegacy.ForHarts(list),
        ];
        if (console is not null) extensions.AddRange([new SbiDebugConsole(console), .. SbiLegacy.ForConsole(console)]);
        if (machine is not null) extensions.AddRange([new SbiSystemReset(machine), SbiLegacy.Shutdown(machine)]);
        extensions.Add(new SbiBase(id => _extensions!.ContainsKey(id)));
        _extensions = extensions.ToFrozenDictionary(static extension => extension.Id);
        foreach (var hart in list.All) hart.Firmware = this;
    }

    /// <summary>How the supervisor's software is entered at the next reset.</summary>
    public SupervisorBoot Boot { get; set; }

    /// <inheritdoc/>
    public void Reset(RiscVHart hart)
    {
        ArgumentNullException.ThrowIfNull(hart);
        hart.OpenForSupervisor();
        hart.EnterSupervisor(Boot.EntryPoint, Boot.DeviceTree);
        if (hart.Index != Boot.BootHart) hart.StopExecution();
    }

    /// <inheritdoc/>
    public void Call(RiscVHart hart)
    {
        ArgumentNullException.ThrowIfNull(hart);
        ulong id = hart[RiscVSlots.X(AbiRegister.A7)];
        ulong function = hart[RiscVSlots.X(AbiRegister.A6)];
        var call = new SbiCall(hart, hart.Isa.Is64 ? function : (uint)function);
        uint number = (uint)id;
        bool isNumber = !hart.Isa.Is64 || id == number;
        if (!isNumber || !_extensions.TryGetValue(number, out var extension))
        {
            SetResult(hart, SbiError.NotSupported);
            return;
        }

        var result = extension.Call(call);
        if (result.IsElsewhere) return;
        if (extension.IsLegacy) hart[RiscVSlots.X(AbiRegister.A0)] = result.Error == SbiError.Success ? result.Value : ToRegister(result.Error);
        else SetResult(hart, result);
    }

    private static void SetResult(RiscVHart hart, SbiResult result)
    {
        hart[RiscVSlots.X(AbiRegister.A0)] = ToRegister(result.Error);
        hart[RiscVSlots.X(AbiRegister.A1)] = hart.Isa.Is64 ? result.Value : (ulong)(int)result.Value;
    }

    private static ulong ToRegister(SbiError error) => (ulong)(long)error;
}
