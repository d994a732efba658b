namespace Emulator.Core.Backends.Cil;

/// <summary>
/// Which regions go when there are more than memory is meant for: in a system that runs for long nearly all code gets hot at some time. The
/// oldest that was not entered since it was last looked at goes first. While that releases regions sooner than compiling them pays, blocks
/// need more heat to be compiled.
/// </summary>
/// <param name="limit">Bytes of CIL.</param>
/// <param name="takeUse">Whether a region was entered since this was asked last.</param>
internal sealed class RegionAging(long limit, Func<Region, bool> takeUse)
{
    private const int MostPressure = 4;
    private const int IdleLooks = 5;
    private const int Round = 256; // released regions between two looks at the clock
    private const long Cost = 10_000_000; // instructions that a hart executes while one is compiled, with some to spare
    private readonly LinkedList<Region> _regions = []; // oldest first
    private long _bytes;
    private int _released;
    private long _roundStarted;

    /// <summary>How many regions there are.</summary>
    public int Count => _regions.Count;

    /// <summary>Blocks need 2 to this power as many entries as usual, 0 to 4.</summary>
    public int Pressure { get; private set; }

    public void Add(Region region)
    {
        _regions.AddLast(region.Node);
        _bytes += region.CilBytes;
    }

    public void Remove(Region region)
    {
        _regions.Remove(region.Node);
        _bytes -= region.CilBytes;
    }

    public void Clear()
    {
        _regions.Clear();
        _bytes = 0;
    }

    /// <summary>The next region to be released; null while there is room.</summary>
    /// <param name="now">Instructions executed so far, for each hart.</param>
    public Region? Oldest(long now)
    {
        if (_bytes <= limit || _regions.Count <= 1) return null;
        for (int left = _regions.Count; left > 0 && takeUse(_regions.First!.Value); left--)
        {
            var used = _regions.First!;
            _regions.RemoveFirst();
            _regions.AddLast(used);
        }

        if (++_released % Round == 0) Adapt(now);
        return _regions.First!.Value;
    }

    /// <summary>Looks at all regions: those that were not entered between the last few looks.</summary>
    public List<Region> FindIdle()
    {
        var idle = new List<Region>();
        foreach (var region in _regions)
        {
            region.IdleLooks = takeUse(region) ? 0 : region.IdleLooks + 1;
            if (region.IdleLooks >= IdleLooks) idle.Add(region);
        }

        return idle;
    }

    private void Adapt(long now)
    {
        long spent = now - _roundStarted;
        _roundStarted = now;
        if (spent < Round * Cost) Pressure = Math.Min(Pressure + 1, MostPressure);
        else if (spent > Round * Cost * 8) Pressure = Math.Max(Pressure - 1, 0);
    }
}
