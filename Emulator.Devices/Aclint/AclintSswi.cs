using Emulator.Core.Bus;

namespace Emulator.Devices;

/// <summary>
/// Software interrupts of supervisor level between harts. The interrupt is an edge: SSIP is set in the hart and stays until the
/// hart clears it. Answers aligned 4-byte accesses; SETSSIP reads 0.
/// </summary>
public sealed partial class AclintSswi : IMmioDevice, IResettable, IStateful<AclintSswiState>
{
    private readonly IInterruptLine[] _harts;

    /// <summary>Creates the chip.</summary>
    /// <param name="harts">
    /// Sets SSIP of each hart, by index: every call of Set(true) is one edge and has to latch SSIP, even if no Set(false) came
    /// between; the Set(false) that follows means nothing.
    /// </param>
    public AclintSswi(IReadOnlyList<IInterruptLine> harts)
    {
        ArgumentNullException.ThrowIfNull(harts);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(harts.Count, (int)WindowSize / sizeof(uint), nameof(harts));
        _harts = [.. harts];
    }

    /// <inheritdoc/>
    public BusStatus Read(MmioAccess access, out ulong value)
    {
        value = 0;
        return IsSupported(access) ? BusStatus.Ok : BusStatus.AccessFault;
    }

    /// <inheritdoc/>
    public BusStatus Write(MmioAccess access, ulong value)
    {
        if (!IsSupported(access))
        {
            return BusStatus.AccessFault;
        }

        uint hart = access.Offset / sizeof(uint);
        if (hart < (uint)_harts.Length && (value & SetSsip) != 0)
        {
            _harts[hart].Set(true);
            _harts[hart].Set(false);
        }

        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public void Reset()
    {
    }

    /// <inheritdoc/>
    public AclintSswiState Save() => default;

    /// <inheritdoc/>
    public void Restore(AclintSswiState state)
    {
    }

    private static bool IsSupported(MmioAccess access) => access.Size == sizeof(uint) && access.Offset % sizeof(uint) == 0;
}
