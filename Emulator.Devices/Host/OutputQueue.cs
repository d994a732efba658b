namespace Emulator.Devices.Host;

/// <summary>
/// Characters on their way from hart threads to the pump of a <see cref="SerialPort"/>: a ring that grows on demand up to a limit.
/// Many writers, one reader.
/// </summary>
internal sealed class OutputQueue
{
    private const int InitialSize = 4096;
    private const int LargestSize = 1 << 30;

    private readonly object _gate = new();
    private readonly OverflowPolicy _policy;
    private readonly int _capacity;
    private readonly int _limit;
    private byte[] _ring;
    private int _head;
    private int _count;
    private bool _readerIdle = true;
    private bool _closed;
    private bool _full;
    private long _dropped;

    public OutputQueue(int capacity, OverflowPolicy policy)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, LargestSize);
        _policy = policy;
        _capacity = capacity;
        _limit = policy switch
        {
            OverflowPolicy.HoldGuest => (int)Math.Min(2L * capacity, LargestSize), // room for guests that do not look
            OverflowPolicy.DropOldest => capacity,
            _ => LargestSize,
        };
        _ring = new byte[Math.Min(InitialSize, _limit)];
    }

    /// <summary>Whether the reader keeps up. Once it did not, it has to work off half of the capacity first.</summary>
    public bool HasRoom => !Volatile.Read(ref _full);

    /// <summary>Whether nothing waits.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _count == 0;
            }
        }
    }

    /// <summary>Characters lost so far.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Adds what there is room for.</summary>
    /// <param name="characters">What to add; the policy may give up older ones for it.</param>
    /// <param name="wake">True when the reader sleeps and has to be woken.</param>
    /// <returns>How many were taken, from the first on; a closed queue takes and forgets everything.</returns>
    public int Enqueue(ReadOnlySpan<byte> characters, out bool wake)
    {
        lock (_gate)
        {
            wake = false;
            if (_closed)
            {
                _dropped += characters.Length;
                return characters.Length;
            }

            int taken = characters.Length;
            if (_policy == OverflowPolicy.DropOldest)
            {
                characters = DropOldest(characters);
            }
            else
            {
                taken = Math.Min(taken, _limit - _count);
                characters = characters[..taken];
            }

            EnsureSize(_count + characters.Length);
            CopyIn(characters);
            _full |= _policy == OverflowPolicy.HoldGuest && _count >= _capacity;
            wake = _readerIdle && _count > 0;
            _readerIdle &= !wake;
            return taken;
        }
    }

    /// <summary>Waits until the reader has taken something.</summary>
    /// <returns>False when the time has passed and there still is no room.</returns>
    public bool WaitForRoom(int milliseconds)
    {
        lock (_gate)
        {
            return _closed || _count < _limit || Monitor.Wait(_gate, milliseconds);
        }
    }

    /// <summary>Notes that the caller gave up on characters.</summary>
    public void CountDropped(int count)
    {
        lock (_gate)
        {
            _dropped += count;
        }
    }

    /// <summary>Takes characters out.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="caughtUp">True when <see cref="HasRoom"/> has become true.</param>
    /// <returns>How many; 0 when there are none, and then <see cref="Enqueue"/> will ask for the reader to be woken.</returns>
    public int Dequeue(Span<byte> destination, out bool caughtUp)
    {
        lock (_gate)
        {
            int taken = Math.Min(destination.Length, _count);
            int first = Math.Min(taken, _ring.Length - _head);
            _ring.AsSpan(_head, first).CopyTo(destination);
            _ring.AsSpan(0, taken - first).CopyTo(destination[first..]);
            Discard(taken);
            _readerIdle = taken == 0;
            caughtUp = _full && _count <= _capacity / 2;
            _full &= !caughtUp;
            Monitor.PulseAll(_gate);
            return taken;
        }
    }

    /// <summary>Takes nothing more; what waits can still be taken out.</summary>
    /// <param name="discard">Forgets what waits, and counts it as lost.</param>
    /// <returns>True when <see cref="HasRoom"/> has become true: a closed queue swallows everything.</returns>
    public bool Close(bool discard)
    {
        lock (_gate)
        {
            _closed = true;
            if (discard)
            {
                _dropped += _count;
                Discard(_count);
            }

            bool caughtUp = _full;
            _full = false;
            Monitor.PulseAll(_gate);
            return caughtUp;
        }
    }

    // Returns what of the new characters is to be kept, with room for it.
    private ReadOnlySpan<byte> DropOldest(ReadOnlySpan<byte> characters)
    {
        ReadOnlySpan<byte> newest = characters[Math.Max(0, characters.Length - _limit)..];
        int excess = Math.Max(0, _count + newest.Length - _limit);
        _dropped += excess + characters.Length - newest.Length;
        Discard(excess);
        return newest;
    }

    private void EnsureSize(int needed)
    {
        if (needed <= _ring.Length)
        {
            return;
        }

        byte[] larger = new byte[(int)Math.Min(_limit, Math.Max(needed, 2L * _ring.Length))];
        int first = Math.Min(_count, _ring.Length - _head);
        _ring.AsSpan(_head, first).CopyTo(larger);
        _ring.AsSpan(0, _count - first).CopyTo(larger.AsSpan(first));
        (_ring, _head) = (larger, 0);
    }

    private void CopyIn(ReadOnlySpan<byte> characters)
    {
        int tail = (int)((_head + (long)_count) % _ring.Length);
        int first = Math.Min(characters.Length, _ring.Length - tail);
        characters[..first].CopyTo(_ring.AsSpan(tail));
        characters[first..].CopyTo(_ring);
        _count += characters.Length;
    }

    private void Discard(int count)
    {
        _head = (int)((_head + (long)count) % _ring.Length);
        _count -= count;
    }
}
