using Emulator.Core.Backends.Cil;

namespace Emulator.Tests.Execution;

/// <summary>Which regions are released when there is no room for more.</summary>
[TestFixture]
public sealed class RegionAgingTests
{
    private const int Bytes = 100;
    private const int Round = 256;
    private readonly HashSet<Region> _used = [];

    [SetUp]
    public void Start() => _used.Clear();

    [Test]
    public void Nothing_goes_while_there_is_room()
    {
        var aging = NewAging(2 * Bytes);
        aging.Add(NewRegion());
        aging.Add(NewRegion());
        Assert.That(aging.Oldest(0), Is.Null);
    }

    [Test]
    public void The_last_one_stays_however_large()
    {
        var aging = NewAging(Bytes - 1);
        aging.Add(NewRegion());
        Assert.That(aging.Oldest(0), Is.Null);
    }

    [Test]
    public void The_oldest_that_is_not_in_use_goes()
    {
        var aging = NewAging(3 * Bytes);
        Region[] regions = [NewRegion(), NewRegion(), NewRegion(), NewRegion()];
        foreach (var region in regions) aging.Add(region);
        _used.UnionWith([regions[0], regions[2]]);
        Assert.That(Release(aging), Is.SameAs(regions[1]));
        Assert.That(aging.Oldest(0), Is.Null);
        aging.Add(NewRegion());
        Assert.That(Release(aging), Is.SameAs(regions[3]), "use of the one between was noted");
    }

    [Test]
    public void The_oldest_goes_when_all_are_in_use()
    {
        var aging = NewAging(2 * Bytes);
        Region[] regions = [NewRegion(), NewRegion(), NewRegion()];
        foreach (var region in regions) aging.Add(region);
        _used.UnionWith(regions);
        Assert.That(Release(aging), Is.SameAs(regions[0]));
    }

    [Test]
    public void Releases_in_quick_succession_ask_for_more_heat_and_rare_ones_for_less()
    {
        var aging = NewAging(Bytes);
        aging.Add(NewRegion());
        long now = 0;
        ReleaseRounds(6, 1000);
        Assert.That(aging.Pressure, Is.EqualTo(4));
        ReleaseRounds(2, 20_000_000);
        Assert.That(aging.Pressure, Is.EqualTo(4), "the cost of compiling is between the two");
        ReleaseRounds(6, 1_000_000_000);
        Assert.That(aging.Pressure, Is.Zero);

        void ReleaseRounds(int rounds, long instructions)
        {
            for (int i = 0; i < rounds * Round; i++)
            {
                aging.Add(NewRegion());
                now += instructions;
                aging.Remove(aging.Oldest(now)!);
            }
        }
    }

    [Test]
    public void What_is_not_used_for_five_looks_is_idle()
    {
        var aging = NewAging(10 * Bytes);
        Region[] regions = [NewRegion(), NewRegion()];
        foreach (var region in regions) aging.Add(region);
        for (int look = 0; look < 4; look++) Assert.That(aging.FindIdle(), Is.Empty);
        _used.Add(regions[0]);
        Assert.That(aging.FindIdle(), Is.EqualTo([regions[1]]));
        aging.Remove(regions[1]);
        for (int look = 0; look < 4; look++) Assert.That(aging.FindIdle(), Is.Empty);
        Assert.That(aging.FindIdle(), Is.EqualTo([regions[0]]));
    }

    private static Region Release(RegionAging aging)
    {
        var region = aging.Oldest(0)!;
        aging.Remove(region);
        return region;
    }

    private RegionAging NewAging(long limit) => new(limit, _used.Remove);

    private static Region NewRegion() => new([], [], null!, Bytes, hart: 0, installed: 0);
}
