namespace Emulator.Core.Execution;

/// <summary>
/// What a hart's caches remember of the address spaces that it has been in: going back to one finds its translations and jump targets
/// again, as far as others have not taken their places.
/// </summary>
internal sealed class AddressSpaces
{
    private const int Limit = 4096;
    private readonly Dictionary<ulong, Generations> _others = [];
    private ulong _last;
    private ulong _current;
    private Generations _own;

    public AddressSpaces() => DropAll();

    /// <summary>The generation of the jump targets.</summary>
    public ulong Targets => _own.Targets;

    /// <summary>The generation of the translations of data.</summary>
    public ulong Data => _own.Data;

    /// <summary>Goes to another address space, or forgets all of them when there are too many.</summary>
    public void Switch(ulong space)
    {
        if (space == _current) return;
        if (_others.Count >= Limit) _others.Clear();
        _others[_current] = _own;
        _current = space;
        if (!_others.Remove(space, out _own)) _own = new Generations(++_last, ++_last);
    }

    /// <summary>Forgets the translations and targets of all address spaces.</summary>
    public void DropAll()
    {
        _others.Clear();
        _own = new Generations(++_last, ++_last);
    }

    /// <summary>Forgets all of the address spaces that hold.</summary>
    public void Drop(Func<ulong, bool> holds)
    {
        foreach (ulong space in _others.Keys.Where(holds).ToList()) _others.Remove(space);
        if (holds(_current)) _own = new Generations(++_last, ++_last);
    }

    /// <summary>Forgets the other address spaces.</summary>
    public void DropOthers() => _others.Clear();

    /// <summary>Forgets where data is, in all address spaces.</summary>
    public void DropData()
    {
        _others.Clear();
        _own = _own with { Data = ++_last };
    }

    /// <summary>Forgets the jump targets of the current address space.</summary>
    public void DropTargets() => _own = _own with { Targets = ++_last };

    private readonly record struct Generations(ulong Targets, ulong Data);
}
