using Emulator.Core.Bus;
using Emulator.Devices;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Devices;

internal sealed class PlicTests
{
    private const int Sources = 95;
    private const int Contexts = 4;
    private const uint PendingBase = 0x1000;

    private FakeInterruptLine[] _lines = null!;
    private Plic _plic = null!;

    public static DeviceCase Case => DeviceCase.Of<Plic, PlicState>(
        static environment => new Plic(Sources, environment.Lines(Contexts), 10, 33, 95),
        0x20_0000 + (0x1000 * Contexts),
        [
            .. Enumerable.Range(0, 100).Select(Priority),
            PendingBase, PendingBase + 8,
            .. Enumerable.Range(0, 5).SelectMany(static context => new[]
            {
                Enable(context), Enable(context) + 4, Enable(context) + 8, Enable(context) + 12,
                Threshold(context), Claim(context), Claim(context), Claim(context),
            }),
        ],
        static (plic, random) => plic.Source(random.Next(1, Sources + 1)).Set(random.Next(2) == 0));

    [SetUp]
    public void SetUp()
    {
        _lines = FakeInterruptLine.Many(Contexts);
        _plic = new Plic(Sources, _lines);
    }

    [Test]
    public void An_edge_source_counts_assertions_and_not_the_level()
    {
        var plic = new Plic(Sources, _lines, edgeSources: 10);
        plic.Write32(Priority(10), 1);
        plic.Write32(Enable(0), 1 << 10);
        plic.Source(10).Set(true);
        plic.Source(10).Set(true);
        Assert.That(plic.Read32(Claim(0)), Is.EqualTo(10));
        plic.Write32(Claim(0), 10);
        Assert.That(_lines[0].IsAsserted, Is.False, "high, but nothing new since the claim");
        plic.Source(10).Set(true);
        Assert.That(plic.Read32(Claim(0)), Is.EqualTo(10));
        plic.Source(10).Set(true);
        plic.Source(10).Set(false);
        plic.Write32(Claim(0), 10);
        Assert.That(_lines[0].IsAsserted, "asserted while in service");
    }

    [Test]
    public void A_request_is_pending_until_claimed_and_gated_until_completed()
    {
        EnableFor(1, 10, priority: 1);
        _plic.Source(10).Set(true);
        Assert.Multiple(() =>
        {
            Assert.That(_lines[1].IsAsserted, Is.True);
            Assert.That(_plic.Read32(PendingBase), Is.EqualTo(1u << 10));
            Assert.That(_plic.Read32(Claim(1)), Is.EqualTo(10));
            Assert.That(_plic.Read32(PendingBase), Is.Zero);
            Assert.That(_lines[1].IsAsserted, Is.False, "claimed");
            Assert.That(_plic.Read32(Claim(1)), Is.Zero, "nothing left");
        });
        _plic.Source(10).Set(false);
        _plic.Source(10).Set(true);
        Assert.That(_lines[1].IsAsserted, Is.False, "the gateway waits for the completion");
        _plic.Write32(Claim(1), 10);
        Assert.That(_lines[1].IsAsserted, Is.True, "still asserted, so a new request");
        Assert.That(_plic.Read32(Claim(1)), Is.EqualTo(10));
        _plic.Source(10).Set(false);
        _plic.Write32(Claim(1), 10);
        Assert.That(_lines[1].IsAsserted, Is.False);
    }

    [Test]
    public void A_forwarded_request_is_not_retracted()
    {
        EnableFor(0, 3, priority: 1);
        _plic.Source(3).Set(true);
        _plic.Source(3).Set(false);
        Assert.Multiple(() =>
        {
            Assert.That(_lines[0].IsAsserted, Is.True);
            Assert.That(_plic.Read32(Claim(0)), Is.EqualTo(3));
        });
    }

    [Test]
    public void The_highest_priority_is_claimed_first_and_the_lowest_number_wins_a_tie()
    {
        EnableFor(0, 5, priority: 2);
        EnableFor(0, 64, priority: 7);
        EnableFor(0, 7, priority: 2);
        EnableFor(0, 95, priority: 7);
        foreach (int source in new[] { 95, 7, 64, 5 })
        {
            _plic.Source(source).Set(true);
        }

        Assert.That(Enumerable.Range(0, 5).Select(_ => _plic.Read32(Claim(0))), Is.EqualTo(new uint[] { 64, 95, 5, 7, 0 }));
    }

    [Test]
    public void The_threshold_masks_the_line_but_not_the_claim()
    {
        EnableFor(2, 8, priority: 3);
        _plic.Write32(Threshold(2), 3);
        _plic.Source(8).Set(true);
        Assert.That(_lines[2].IsAsserted, Is.False);
        _plic.Write32(Threshold(2), 2);
        Assert.That(_lines[2].IsAsserted, Is.True);
        _plic.Write32(Threshold(2), 7);
        Assert.Multiple(() =>
        {
            Assert.That(_lines[2].IsAsserted, Is.False);
            Assert.That(_plic.Read32(Claim(2)), Is.EqualTo(8), "chapter 8: not affected by the threshold");
        });
    }

    [Test]
    public void Priority_zero_never_interrupts()
    {
        EnableFor(0, 8, priority: 0);
        _plic.Source(8).Set(true);
        Assert.Multiple(() =>
        {
            Assert.That(_lines[0].IsAsserted, Is.False);
            Assert.That(_plic.Read32(Claim(0)), Is.Zero);
        });
    }

    [Test]
    public void A_completion_by_a_context_without_the_source_is_ignored()
    {
        EnableFor(0, 8, priority: 1);
        _plic.Source(8).Set(true);
        Assert.That(_plic.Read32(Claim(0)), Is.EqualTo(8));
        _plic.Write32(Claim(1), 8);
        _plic.Write32(Claim(0), 0xFFFF_FFFF);
        _plic.Write32(Claim(0), 0);
        Assert.That(_lines[0].IsAsserted, Is.False, "not completed");
        _plic.Write32(Claim(0), 8);
        Assert.That(_lines[0].IsAsserted, Is.True);
    }

    [Test]
    public void One_claim_serves_all_contexts()
    {
        EnableFor(1, 8, priority: 1);
        EnableFor(3, 8, priority: 1);
        _plic.Source(8).Set(true);
        Assert.That(_lines[1].IsAsserted && _lines[3].IsAsserted, Is.True);
        Assert.Multiple(() =>
        {
            Assert.That(_plic.Read32(Claim(3)), Is.EqualTo(8));
            Assert.That(_lines[1].IsAsserted || _lines[3].IsAsserted, Is.False);
            Assert.That(_plic.Read32(Claim(1)), Is.Zero);
        });
    }

    [Test]
    public void Registers_keep_only_what_exists()
    {
        foreach (uint offset in new[] { Priority(0), Priority(1), Priority(95), Priority(96), Enable(0), Enable(0) + 8, Enable(0) + 12, Enable(4), Threshold(0), Threshold(3), PendingBase })
        {
            _plic.Write32(offset, 0xFFFF_FFFF);
        }

        Assert.Multiple(() =>
        {
            Assert.That(_plic.Read32(Priority(0)), Is.Zero);
            Assert.That(_plic.Read32(Priority(1)), Is.EqualTo(7));
            Assert.That(_plic.Read32(Priority(95)), Is.EqualTo(7));
            Assert.That(_plic.Read32(Priority(96)), Is.Zero);
            Assert.That(_plic.Read32(Enable(0)), Is.EqualTo(0xFFFF_FFFE));
            Assert.That(_plic.Read32(Enable(0) + 8), Is.EqualTo(0xFFFF_FFFF));
            Assert.That(_plic.Read32(Enable(0) + 12), Is.Zero);
            Assert.That(_plic.Read32(Enable(4)), Is.Zero);
            Assert.That(_plic.Read32(Threshold(3)), Is.EqualTo(7));
            Assert.That(_plic.Read32(PendingBase), Is.Zero);
            Assert.That(_plic.Read(new MmioAccess(0, 8), out _), Is.EqualTo(BusStatus.AccessFault));
            Assert.That(_plic.Read(new MmioAccess(Claim(0) + 1, 4), out _), Is.EqualTo(BusStatus.AccessFault));
        });
    }

    [Test]
    public void Behaves_as_the_specification_written_down_source_by_source([Range(1, 4)] int seed)
    {
        var random = new Random(seed);
        var model = new PlicModel(Sources, Contexts);
        for (int step = 0; step < 20_000; step++)
        {
            int context = random.Next(Contexts);
            int source = random.Next(1, 24) * 4; // few enough to meet again
            source = Math.Min(source, Sources);
            uint value = (uint)random.Next(8);
            switch (random.Next(7))
            {
                case 0:
                    _plic.Write32(Priority(source), value);
                    model.Priority[source] = (int)value;
                    break;
                case 1:
                    uint bits = (uint)random.NextInt64(1L << 32);
                    _plic.Write32(Enable(context) + (4 * (uint)(source / 32)), bits);
                    model.SetEnables(context, source / 32, bits);
                    break;
                case 2:
                    _plic.Write32(Threshold(context), value);
                    model.Threshold[context] = (int)value;
                    break;
                case 3:
                    Assert.That(_plic.Read32(Claim(context)), Is.EqualTo((uint)model.Claim(context)), $"seed {seed}, step {step}");
                    break;
                case 4:
                    int completed = model.Claimed.Count > 0 && random.Next(4) != 0 ? model.Claimed.ElementAt(random.Next(model.Claimed.Count)) : source;
                    _plic.Write32(Claim(context), (uint)completed);
                    model.Complete(context, completed);
                    break;
                default:
                    bool level = random.Next(2) == 0;
                    _plic.Source(source).Set(level);
                    model.Drive(source, level);
                    break;
            }

            for (int line = 0; line < Contexts; line++)
            {
                if (_lines[line].IsAsserted != model.Asserted(line))
                {
                    Assert.Fail($"context {line}: expected {model.Asserted(line)}, seed {seed}, step {step}");
                }
            }
        }
    }

    [Test]
    public void Lines_settle_right_when_many_threads_drive_and_claim()
    {
        for (int source = 1; source <= 32; source++)
        {
            EnableFor(0, source, priority: 1);
        }

        Parallel.For(0, 4, worker =>
        {
            var random = new Random(worker);
            for (int i = 0; i < 5_000; i++)
            {
                int source = random.Next(1, 33);
                _plic.Source(source).Set(true);
                _plic.Source(source).Set(false);
                uint claimed = _plic.Read32(Claim(0));
                _plic.Write32(Claim(0), claimed);
            }
        });

        while (_plic.Read32(Claim(0)) is var left and not 0)
        {
            _plic.Write32(Claim(0), left);
        }

        Assert.That(_lines[0].IsAsserted, Is.False);
        _plic.Source(1).Set(true);
        Assert.That(_lines[0].IsAsserted, Is.True);
    }

    private static uint Priority(int source) => 4 * (uint)source;

    private static uint Enable(int context) => 0x2000 + (0x80 * (uint)context);

    private static uint Threshold(int context) => 0x20_0000 + (0x1000 * (uint)context);

    private static uint Claim(int context) => Threshold(context) + 4;

    private void EnableFor(int context, int source, uint priority)
    {
        uint offset = Enable(context) + (4 * (uint)(source / 32));
        _plic.Write32(offset, _plic.Read32(offset) | (1u << (source % 32)));
        _plic.Write32(Priority(source), priority);
    }

    /// <summary>The PLIC as its specification tells it, without a thought for speed.</summary>
    private sealed class PlicModel(int sources, int contexts)
    {
        private readonly HashSet<int> _high = [];
        private readonly HashSet<int> _pending = [];
        private readonly HashSet<int>[] _enabled = [.. Enumerable.Range(0, contexts).Select(static _ => new HashSet<int>())];

        public int[] Priority { get; } = new int[sources + 1];

        public int[] Threshold { get; } = new int[contexts];

        public SortedSet<int> Claimed { get; } = [];

        public void SetEnables(int context, int word, uint bits)
        {
            for (int bit = 0; bit < 32; bit++)
            {
                int source = (32 * word) + bit;
                _ = (bits >> bit & 1) != 0 && source >= 1 && source <= sources ? _enabled[context].Add(source) : _enabled[context].Remove(source);
            }
        }

        public void Drive(int source, bool level)
        {
            _ = level ? _high.Add(source) : _high.Remove(source);
            Forward(source);
        }

        public int Claim(int context)
        {
            int source = _pending.Where(_enabled[context].Contains).Where(candidate => Priority[candidate] > 0)
                .OrderByDescending(candidate => Priority[candidate]).ThenBy(static candidate => candidate).FirstOrDefault();
            if (source != 0)
            {
                _pending.Remove(source);
                Claimed.Add(source);
            }

            return source;
        }

        public void Complete(int context, int source)
        {
            if (_enabled[context].Contains(source))
            {
                Claimed.Remove(source);
                Forward(source);
            }
        }

        public bool Asserted(int context) => _pending.Any(source => _enabled[context].Contains(source) && Priority[source] > Threshold[context]);

        private void Forward(int source)
        {
            if (_high.Contains(source) && !Claimed.Contains(source))
            {
                _pending.Add(source);
            }
        }
    }
}
