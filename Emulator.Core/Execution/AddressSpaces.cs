namespace Emulator.Core.Execution;

/// <summary>
/// What a hart's caches remember of the address spaces that it has been in: going back to one finds its translations and jump targets
/// again, as far as others have not taken their places.
/// </summary>
internal sealed class AddressSpaces
{
    private const int Limit = 64;
    private readonly Dictionary<ulong, Space> _others = [];
    private ulong _last;
    private ulong _current;
    private readonly Space _shared;
    private Space _own;

    public AddressSpaces()
    {
        _own = CreateSpace();
        _shared = CreateSpace();
    }

    /// <summary>The generation of the jump targets of code that is one address space's own.</summary>
    public ulong Targets => _own.Targets;

    /// <summary>The generation of the jump targets of code that all address spaces share, as far as the current one does.</summary>
    public ulong SharedTargets => _own.Shares ? _shared.Targets : _own.Targets;

    /// <summary>The generation of the translations of data.</summary>
    public ulong Data => _own.Data;

    /// <summary>Goes to another address space; forgets the others when there are too many.</summary>
    public void Switch(ulong space, bool mayShare)
    {
        if (space == _current) return;
        if (_others.Count >= Limit) _others.Clear();
        _others[_current] = _own;
        _current = space;
        if (!_others.Remove(space, out var known))
        {
            known = CreateSpace();
            known.Shares = mayShare;
        }

        _own = known;
    }

    /// <summary>The current address space has something of its own where the others share: false when that was known.</summary>
    public bool EndSharing()
    {
        if (!_own.Shares) return false;
        _own.Shares = false;
        return true;
    }

    /// <summary>Notes that the jump cache leads to a page of the current address space, or of what it shares.</summary>
    public void AddTarget(ulong address, bool isShared) => (isShared && _own.Shares ? _shared : _own).TargetPages.Add(address);

    /// <summary>Forgets the translations and targets of all address spaces.</summary>
    public void DropAll()
    {
        _others.Clear();
        Renew(_own);
        Renew(_shared);
    }

    /// <summary>Forgets all of the address spaces whose numbers have a value in some bits.</summary>
    /// <returns>True when the current one is among them.</returns>
    public bool Drop(ulong mask, ulong value)
    {
        foreach (ulong space in _others.Keys)
        {
            if ((space & mask) == value) _others.Remove(space); // which an enumeration allows
        }

        if ((_current & mask) != value) return false;
        Renew(_own);
        return true;
    }

    /// <summary>Forgets where data is, in all address spaces.</summary>
    public void DropData()
    {
        _others.Clear();
        _own.Data = ++_last;
    }

    /// <summary>Forgets the jump targets of the current address space when some may be on a page.</summary>
    public void DropTargetsOn(ulong address)
    {
        DropTargetsOn(_own, address);
        DropTargetsOn(_shared, address);
    }

    /// <summary>As <see cref="DropTargetsOn(ulong)"/>, of all address spaces.</summary>
    public void DropAllTargetsOn(ulong address)
    {
        DropTargetsOn(address);
        foreach (var space in _others.Values) DropTargetsOn(space, address);
    }

    private void DropTargetsOn(Space space, ulong address)
    {
        if (!space.TargetPages.MayContain(address)) return;
        space.TargetPages.Clear();
        space.Targets = ++_last;
    }

    // In place: guests flush often, and a hart's thread allocates nothing while it does the same again.
    private void Renew(Space space)
    {
        space.TargetPages.Clear();
        space.Targets = ++_last;
        space.Data = ++_last;
    }

    private Space CreateSpace() => new() { Targets = ++_last, Data = ++_last };

    private sealed class Space
    {
        public required ulong Targets { get; set; }

        public required ulong Data { get; set; }

        public bool Shares { get; set; }

        public PageFilter TargetPages { get; } = new();
    }
}
