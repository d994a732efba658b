using Emulator.Core.Bus;
using Emulator.Core.Time;

namespace Emulator.Devices;

/// <summary>The interrupt inputs of one hart that an <see cref="Aclint"/> drives.</summary>
/// <param name="MachineSoftware">MSIP.</param>
/// <param name="MachineTimer">MTIP.</param>
public sealed record AclintHart(IInterruptLine MachineSoftware, IInterruptLine MachineTimer);

/// <summary>
/// Timer and software interrupts of machine level, in the layout of a CLINT. Answers naturally aligned accesses of 4 and 8 bytes.
/// mtime starts at 0 at power-on and reset and follows the virtual clock; registers of harts that do not exist read 0.
/// </summary>
public sealed partial class Aclint : IMmioDevice, IResettable, IStateful<AclintState>, IDisposable
{
    private const ulong LatestTick = ulong.MaxValue / NanosecondsPerTick;
    private const int WordSize = sizeof(uint);

    private readonly Lock _lock = new();
    private readonly IVirtualClock _clock;
    private readonly IClockTimer _timer;
    private readonly AclintHart[] _harts;
    private readonly OutputSequencer _outputs;
    private readonly Action? _onTimeSet;
    private AclintState _state;

    /// <summary>Creates the chip as at power-on.</summary>
    /// <param name="clock">Drives mtime.</param>
    /// <param name="harts">The harts by index, 1 to <see cref="MaximumHarts"/>.</param>
    /// <param name="onTimeSet">Called after mtime was set to another value; what else compares with it looks again.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no or too many harts.</exception>
    public Aclint(IVirtualClock clock, IReadOnlyList<AclintHart> harts, Action? onTimeSet = null)
    {
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(harts);
        ArgumentOutOfRangeException.ThrowIfZero(harts.Count, nameof(harts));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(harts.Count, MaximumHarts, nameof(harts));
        _clock = clock;
        _harts = [.. harts];
        _onTimeSet = onTimeSet;
        _outputs = new OutputSequencer(DriveOutputs);
        _timer = clock.CreateTimer(_outputs.Update);
        _state = PowerOn();
    }

    /// <summary>mtime: ticks of 100 ns since reset unless the guest set it. What the time CSR shows; takes no lock.</summary>
    public ulong Time
    {
        get
        {
            // The origin first: after a write of mtime between the two reads this is the time just before it.
            ulong origin = Volatile.Read(ref _state.MtimeOrigin);
            return ClockTicks - origin;
        }
    }

    private ulong ClockTicks => _clock.Nanoseconds / NanosecondsPerTick;

    /// <inheritdoc/>
    public BusStatus Read(MmioAccess access, out ulong value)
    {
        value = 0;
        if (!IsSupported(access))
        {
            return BusStatus.AccessFault;
        }

        AclintState state = Save();
        ulong mtime = ClockTicks - state.MtimeOrigin;
        value = ReadWord(state, mtime, access.Offset);
        if (access.Size > WordSize)
        {
            value |= (ulong)ReadWord(state, mtime, access.Offset + WordSize) << 32;
        }

        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public BusStatus Write(MmioAccess access, ulong value)
    {
        if (!IsSupported(access))
        {
            return BusStatus.AccessFault;
        }

        ulong now = ClockTicks;
        bool isTimeSet;
        lock (_lock)
        {
            ulong origin = _state.MtimeOrigin;
            WriteWord(now, access.Offset, (uint)value);
            if (access.Size > WordSize)
            {
                WriteWord(now, access.Offset + WordSize, (uint)(value >> 32));
            }

            isTimeSet = _state.MtimeOrigin != origin;
        }

        Announce(isTimeSet);
        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public void Reset() => Restore(PowerOn());

    /// <inheritdoc/>
    public AclintState Save()
    {
        lock (_lock)
        {
            return _state;
        }
    }

    /// <inheritdoc/>
    public void Restore(AclintState state)
    {
        bool isTimeSet;
        lock (_lock)
        {
            isTimeSet = _state.MtimeOrigin != state.MtimeOrigin;
            _state = state;
        }

        Announce(isTimeSet);
    }

    /// <summary>Gives the alarm back to the clock.</summary>
    public void Dispose() => _timer.Dispose();

    private void Announce(bool isTimeSet)
    {
        _outputs.Update();
        if (isTimeSet)
        {
            _onTimeSet?.Invoke();
        }
    }

    private static bool IsSupported(MmioAccess access) => access.Size is 4 or 8 && access.Offset % (uint)access.Size == 0;

    private static void SetHalf(ref ulong register, uint offset, uint value)
    {
        int shift = (offset & WordSize) != 0 ? 32 : 0;
        register = (register & ~((ulong)uint.MaxValue << shift)) | ((ulong)value << shift);
    }

    private static uint Half(ulong register, uint offset) => (uint)((offset & WordSize) != 0 ? register >> 32 : register);

    // mtimecmp is unknown after reset (ACLINT 2.4); the greatest value keeps the timer silent until the guest wants it.
    private AclintState PowerOn()
    {
        var state = new AclintState { MtimeOrigin = ClockTicks };
        foreach (ref ulong compare in state.MtimeCmp) compare = ulong.MaxValue; // Fill would be compiled at run time
        return state;
    }

    private bool TryGetHart(uint offset, Register bank, int stride, out int hart)
    {
        hart = (int)(offset - (uint)bank) / stride;
        return offset >= (uint)bank && (uint)hart < (uint)_harts.Length;
    }

    private uint ReadWord(in AclintState state, ulong mtime, uint offset)
    {
        if (TryGetHart(offset, Register.Msip, sizeof(uint), out int hart))
        {
            return (uint)(state.SoftwarePending >> hart) & 1;
        }

        if (TryGetHart(offset, Register.MtimeCmp, sizeof(ulong), out hart))
        {
            return Half(state.MtimeCmp[hart], offset);
        }

        return (offset & ~(uint)WordSize) == (uint)Register.Mtime ? Half(mtime, offset) : 0;
    }

    private void WriteWord(ulong now, uint offset, uint value)
    {
        if (TryGetHart(offset, Register.Msip, sizeof(uint), out int hart))
        {
            ulong bit = 1UL << hart;
            _state.SoftwarePending = (value & 1) != 0 ? _state.SoftwarePending | bit : _state.SoftwarePending & ~bit;
        }
        else if (TryGetHart(offset, Register.MtimeCmp, sizeof(ulong), out hart))
        {
            SetHalf(ref _state.MtimeCmp[hart], offset, value);
        }
        else if ((offset & ~(uint)WordSize) == (uint)Register.Mtime)
        {
            ulong mtime = now - _state.MtimeOrigin;
            SetHalf(ref mtime, offset, value);
            _state.MtimeOrigin = now - mtime;
        }
    }

    private void DriveOutputs()
    {
        AclintState state = Save();
        ulong now = ClockTicks;
        ulong mtime = now - state.MtimeOrigin;
        ulong wait = ulong.MaxValue;
        for (int hart = 0; hart < _harts.Length; hart++)
        {
            bool expired = mtime >= state.MtimeCmp[hart];
            if (!expired)
            {
                wait = Math.Min(wait, state.MtimeCmp[hart] - mtime);
            }

            _harts[hart].MachineSoftware.Set((state.SoftwarePending >> hart & 1) != 0);
            _harts[hart].MachineTimer.Set(expired);
        }

        if (wait <= LatestTick - now)
        {
            _timer.Schedule((now + wait) * NanosecondsPerTick);
        }
        else
        {
            _timer.Cancel(); // centuries away: how guests switch the timer off
        }
    }
}
