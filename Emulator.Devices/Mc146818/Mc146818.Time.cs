namespace Emulator.Devices;

/// <content>The time as registers, and the flags that its passing sets; always under the lock.</content>
public sealed partial class Mc146818
{
    private static readonly long LastSecond = DateTime.MaxValue.Ticks / TimeSpan.TicksPerSecond;

    private static readonly Register[] TimeRegisters =
    [
        Register.Seconds, Register.Minutes, Register.Hours, Register.DayOfWeek, Register.DayOfMonth, Register.Month, Register.Year, Register.Century,
    ];

    private ControlB Control => (ControlB)_state.Memory[(int)Register.B];

    private bool IsSetting => (Control & ControlB.Set) != 0;

    /// <summary>Seconds since the beginning of year 1, and how far the next is.</summary>
    private long SecondAt(ulong now, out ulong nanoseconds)
    {
        var total = (UInt128)now + _state.EpochNanoseconds;
        (UInt128 seconds, UInt128 rest) = UInt128.DivRem(total, NanosecondsPerSecond);
        nanoseconds = (ulong)rest;
        return unchecked(_state.Epoch + (long)seconds);
    }

    private static DateTime DateOf(long second) => new(Math.Clamp(second, 0, LastSecond) * TimeSpan.TicksPerSecond, DateTimeKind.Utc);

    private byte ReadTime(Register register, ulong now)
    {
        var date = DateOf(SecondAt(now, out _));
        return register switch
        {
            Register.Seconds => Encode(date.Second),
            Register.Minutes => Encode(date.Minute),
            Register.Hours => EncodeHour(date.Hour),
            Register.DayOfWeek => Encode((int)date.DayOfWeek + 1),
            Register.DayOfMonth => Encode(date.Day),
            Register.Month => Encode(date.Month),
            Register.Year => Encode(date.Year % 100),
            _ => Encode(date.Year / 100),
        };
    }

    private void FreezeTime(ulong now)
    {
        foreach (var register in TimeRegisters) _state.Memory[(int)register] = ReadTime(register, now);
    }

    /// <summary>Takes the time from the registers; impossible dates become possible ones.</summary>
    /// <param name="now">Now.</param>
    /// <param name="keepsFraction">The second under way goes on; else a new one begins.</param>
    private void ThawTime(ulong now, bool keepsFraction)
    {
        int year = Math.Clamp((Field(Register.Century) * 100) + Field(Register.Year), 1, 9999);
        int month = Math.Clamp(Field(Register.Month), 1, 12);
        int day = Math.Clamp(Field(Register.DayOfMonth), 1, DateTime.DaysInMonth(year, month));
        int hour = Math.Min(DecodeHour(_state.Memory[(int)Register.Hours]), 23);
        var date = new DateTime(year, month, day, hour, Math.Min(Field(Register.Minutes), 59), Math.Min(Field(Register.Seconds), 59), DateTimeKind.Utc);
        long second = SecondAt(now, out ulong fraction);
        if (!keepsFraction)
        {
            // such that this moment is the beginning of the second
            ulong nanoseconds = _state.EpochNanoseconds + NanosecondsPerSecond - fraction;
            _state.EpochNanoseconds = (uint)(nanoseconds % NanosecondsPerSecond);
            second = SecondAt(now, out _);
        }

        _state.Epoch = unchecked(_state.Epoch + (date.Ticks / TimeSpan.TicksPerSecond) - second);
    }

    private int Field(Register register) => Decode(_state.Memory[(int)register]);

    private byte Encode(int value) => (byte)((Control & ControlB.IsBinary) != 0 ? value : ((value / 10) << 4) | (value % 10));

    private int Decode(byte value) => (Control & ControlB.IsBinary) != 0 ? value : ((value >> 4) * 10) + (value & 15);

    private byte EncodeHour(int hour)
    {
        if ((Control & ControlB.Is24Hour) != 0) return Encode(hour);
        int half = hour % 12 == 0 ? 12 : hour % 12;
        return (byte)(Encode(half) | (hour >= 12 ? AfternoonBit : 0));
    }

    private int DecodeHour(byte value)
    {
        if ((Control & ControlB.Is24Hour) != 0) return Decode(value);
        int half = Decode((byte)(value & ~AfternoonBit)) % 12;
        return (value & AfternoonBit) != 0 ? half + 12 : half;
    }

    /// <summary>Sets the flags of what has happened since the last time.</summary>
    private void Advance(ulong now)
    {
        if (now <= _state.Seen) return;
        ulong before = _state.Seen;
        _state.Seen = now;
        if (Period is { } period && now / period != before / period) _state.Flags |= Flags.Periodic;
        if (IsSetting) return;
        long first = SecondAt(before, out _);
        long last = SecondAt(now, out _);
        if (first == last) return;
        _state.Flags |= Flags.Update;
        for (long second = Math.Max(first, last - SecondsPerDay) + 1; second <= last && (_state.Flags & Flags.Alarm) == 0; second++)
        {
            if (IsAlarm(second)) _state.Flags |= Flags.Alarm;
        }
    }

    private bool IsAlarm(long second)
    {
        int time = (int)(((second % SecondsPerDay) + SecondsPerDay) % SecondsPerDay);
        return Matches(Register.SecondsAlarm, time % 60) && Matches(Register.MinutesAlarm, time / 60 % 60) && MatchesHour(time / 3600);
    }

    private bool Matches(Register alarm, int value) =>
        _state.Memory[(int)alarm] is var wanted && ((wanted & DoNotCare) == DoNotCare || Decode(wanted) == value);

    private bool MatchesHour(int hour) =>
        _state.Memory[(int)Register.HoursAlarm] is var wanted && ((wanted & DoNotCare) == DoNotCare || DecodeHour(wanted) == hour);

    /// <summary>Nanoseconds between periodic interrupts, or null when they are off (data sheet, table 5).</summary>
    private ulong? Period
    {
        get
        {
            int rate = _state.Memory[(int)Register.A] & (int)ControlA.RateMask;
            if (rate == 0) return null;
            if (rate <= 2) rate += 7;
            return NanosecondsPerSecond * (1u << (rate - 1)) / OscillatorFrequency;
        }
    }

    /// <summary>When an enabled interrupt may be due next.</summary>
    private ulong? NextEvent(ulong now)
    {
        ulong? next = null;
        if ((Control & ControlB.PeriodicInterrupt) != 0 && Period is { } period) next = Math.Min(next ?? ulong.MaxValue, now - (now % period) + period);
        if ((Control & (ControlB.UpdateInterrupt | ControlB.AlarmInterrupt)) != 0 && !IsSetting)
        {
            SecondAt(now, out ulong fraction);
            next = Math.Min(next ?? ulong.MaxValue, now + NanosecondsPerSecond - fraction);
        }

        return next > now ? next : null;
    }
}
