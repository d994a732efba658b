using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Time;

namespace Emulator.Arch.RiscV;

/// <content>The time and its comparison with stimecmp (Sstc); firmware outside the guest uses the same comparison.</content>
public sealed partial class RiscVHart
{
    private readonly IClockTimer _alarm;
    private readonly Lock _alarmGate = new();
    private bool _isDisposed;

    // The deadline may have passed. Set by the alarm, so that the clock need not be read each time interrupts are looked at; STIP may
    // follow the comparison a little later (Sstc).
    private volatile bool _isDeadlineReached;

    /// <summary>The time CSR.</summary>
    internal ulong Time => _time();

    /// <summary>STIP follows stimecmp; otherwise it is a bit that M writes.</summary>
    private bool UsesTimerComparison => (Registers.Menvcfg & Envcfg.Stce) != 0 || Firmware is not null;

    private bool IsTimerDue => _isDeadlineReached && _time() >= Registers.Stimecmp;

    /// <summary>The machine's time was set to another value: deadlines move. Any thread.</summary>
    public void OnTimeChanged() => Post(static cpu => ((RiscVHart)cpu).ScheduleAlarm());

    internal void WriteStimecmp(ulong value)
    {
        Registers.Stimecmp = value;
        ScheduleAlarm();
    }

    internal void WriteMenvcfg(ulong value)
    {
        ulong old = Registers.Menvcfg;
        Registers.Menvcfg = LegalCacheBlockBits(value) & WritableMenvcfg;
        if (((old ^ Registers.Menvcfg) & (Envcfg.Pbmte | Envcfg.Adue)) != 0) FlushTranslations();
        if (((old ^ Registers.Menvcfg) & Envcfg.Stce) != 0) ScheduleAlarm();
    }

    private ulong WritableMenvcfg => Envcfg.Fiom | CacheBlockEnvcfg
        | (Isa.Has(RiscVExtension.Svadu) ? Envcfg.Adue : 0)
        | (Isa.Has(RiscVExtension.Svpbmt) ? Envcfg.Pbmte : 0)
        | (Isa.Has(RiscVExtension.Sstc) ? Envcfg.Stce : 0);

    // On the hart's thread, or while it does not run, so that the last deadline written is the one that is set.
    private void ScheduleAlarm()
    {
        _isDeadlineReached = false;
        ulong deadline = Registers.Stimecmp;
        if (!UsesTimerComparison || deadline == ulong.MaxValue)
        {
            _alarm.Cancel();
            return;
        }

        ulong now = _time();
        if (now >= deadline)
        {
            _isDeadlineReached = true;
            NoticeInterrupts();
            return;
        }

        const ulong Tick = RiscVHartEnvironment.NanosecondsPerTick;
        ulong nanoseconds = _clock.Nanoseconds;
        ulong start = nanoseconds - (nanoseconds % Tick);
        ulong ticks = Math.Min(deadline - now, (ulong.MaxValue - start) / Tick);
        _alarm.Schedule(start + (ticks * Tick));
    }

    // On the clock's thread. Should the deadline have moved meanwhile, the hart sets the alarm again.
    private void OnAlarm()
    {
        bool isDue = _time() >= Registers.Stimecmp;
        lock (_alarmGate)
        {
            if (_isDisposed) return;
            if (isDue) _isDeadlineReached = true;
            if (isDue) RequestAttention();
            else OnTimeChanged();
        }
    }

    // An alarm already under way must not find the state block freed.
    private void DisposeAlarm()
    {
        lock (_alarmGate) _isDisposed = true;
        _alarm.Dispose();
    }
}
