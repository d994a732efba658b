using Emulator.Core.Loading;
using Emulator.Core.Memory;
using Emulator.Core.Time;

namespace Emulator.Machines;

/// <summary>
/// The host-target interface of test programs: a 64-bit word at the symbol <c>tohost</c>. Device 0: an odd value ends the run with code
/// value >> 1; device 1, command 1: a character for the console. 32-bit programs write the halves one after the other, or only the low
/// one: the word counts when both are written, or a moment after the first one.
/// </summary>
internal sealed class HtifPort : IDisposable
{
    private const ulong SettleNanoseconds = 100_000;
    private const int WordSize = 8;
    private const int HalfSize = 4;
    private const int BothHalves = 3;
    private readonly Lock _lock = new();
    private readonly MemorySystem _memory;
    private readonly MachineContext _context;
    private readonly GuestPhysicalAddress _toHost;
    private readonly GuestPhysicalAddress? _fromHost;
    private readonly IDisposable _watch;
    private readonly IClockTimer _settle;
    private readonly IVirtualClock _clock;

    // The halves written since the word was looked at, a bit each.
    private int _written;
    private ulong _settlesAt;

    private HtifPort(MemorySystem memory, IVirtualClock clock, MachineContext context, GuestPhysicalAddress toHost, GuestPhysicalAddress? fromHost)
    {
        _memory = memory;
        _context = context;
        _toHost = toHost;
        _fromHost = fromHost;
        _clock = clock;
        _settle = clock.CreateTimer(OnSettled);
        _watch = memory.WatchWrites(toHost, WordSize, OnWrite);
    }

    /// <summary>Attaches to a program that has the symbol; else gives null.</summary>
    public static HtifPort? TryAttach(ElfImage program, MemorySystem memory, IVirtualClock clock, MachineContext context)
    {
        if (!program.Symbols.TryFind("tohost", out var symbol)) return null;
        GuestPhysicalAddress? fromHost = program.Symbols.TryFind("fromhost", out var answer) ? program.ToPhysical(answer.Address) : null;
        var address = program.ToPhysical(symbol.Address);
        return memory.TryReadUInt64(address, out _) ? new HtifPort(memory, clock, context, address, fromHost) : null;
    }

    /// <summary>Forgets what was half written.</summary>
    public void Reset()
    {
        lock (_lock) _written = 0;
        _settle.Cancel();
    }

    private void OnWrite(GuestPhysicalAddress address, int size)
    {
        ulong now = _clock.Nanoseconds;
        bool isFirst;
        bool isComplete;
        lock (_lock)
        {
            // a program may repeat its store for ever: the moment is counted from the first one
            isFirst = _written == 0;
            if (isFirst) _settlesAt = now + SettleNanoseconds;
            _written |= size >= WordSize ? BothHalves : address.Value - _toHost.Value < HalfSize ? 1 : 2;
            isComplete = _written == BothHalves;
        }

        if (isComplete) Serve();
        else if (isFirst) _settle.Schedule(now + SettleNanoseconds);
    }

    // The alarm may be that of an earlier word, whose second half came in time.
    private void OnSettled()
    {
        ulong now = _clock.Nanoseconds;
        lock (_lock)
        {
            if (_written == 0 || now < _settlesAt) return;
        }

        Serve();
    }

    private void Serve()
    {
        byte character;
        lock (_lock)
        {
            _written = 0;
            if (!_memory.TryReadUInt64(_toHost, out ulong value) || value == 0) return;
            if (value >> 56 == 0 && (value & 1) != 0)
            {
                _context.Control.PowerOff((int)Math.Min((value & 0xffff_ffff_ffff) >> 1, 0xffff));
                return;
            }

            if (value >> 48 != 0x0101) return;
            character = (byte)value;
            Span<byte> word = stackalloc byte[WordSize];
            word.Clear();
            _memory.TryWrite(_toHost, word);
            BitConverter.TryWriteBytes(word, 0x0101ul << 48);
            if (_fromHost is { } answer) _memory.TryWrite(answer, word);
        }

        _context.Console.Write([character]);
    }

    public void Dispose()
    {
        _watch.Dispose();
        _settle.Dispose();
    }
}
