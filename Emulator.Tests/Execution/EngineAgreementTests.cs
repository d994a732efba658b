using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Tests.Execution;

/// <summary>All engines execute random programs, which also rewrite themselves, alike to the instruction: registers, memory, flags, program counter.</summary>
[TestFixture]
public class EngineAgreementTests
{
    private const int CodePages = 4;
    private const ulong CodeStart = 0x1_0000;
    private const int FewLinks = 3; // some regions have more
    private const int EnoughLinks = 1 << 16;
    private const int SmallRegion = 60; // leaves by links

    [Test]
    public void Engines_agree_on_random_programs([Values(EngineKind.Interpreter, EngineKind.Jit, EngineKind.Auto)] EngineKind kind)
    {
        int first = TestContext.CurrentContext.Random.Next();
        for (int i = 0; i < 60; i++)
        {
            int seed = first + i;
            ulong count = (ulong)new Random(seed).Next(1, 4000);
            var expected = Run(EngineKind.Reference, seed, count);
            var actual = Run(kind, seed, count);
            Assert.That(actual, Is.EqualTo(expected), $"seed {seed}, {count} instructions");
        }
    }

    [Test]
    public void Emptying_the_translation_cache_changes_nothing([Values(EngineKind.Interpreter, EngineKind.Jit, EngineKind.Auto)] EngineKind kind)
    {
        int first = TestContext.CurrentContext.Random.Next();
        for (int i = 0; i < 40; i++)
        {
            int seed = first + i;
            long limit = new Random(seed).Next(100, 4000);
            Assert.That(Run(kind, seed, 2000, maxCompiled: limit), Is.EqualTo(Run(EngineKind.Reference, seed, 2000)), $"seed {seed}, {limit} compiled bytes");
            Assert.That(Run(kind, seed, 2000, maxBytes: limit), Is.EqualTo(Run(EngineKind.Reference, seed, 2000)), $"seed {seed}, {limit} bytes");
        }
    }

    /// <summary>A table of links that is nearly always full: regions are refused in the middle, and nothing is written beyond its end.</summary>
    [Test]
    public void Running_out_of_links_changes_nothing([Values(EngineKind.Jit, EngineKind.Auto)] EngineKind kind)
    {
        int first = TestContext.CurrentContext.Random.Next();
        var refused = new ExecutionCounters();
        for (int i = 0; i < 40; i++)
        {
            int seed = first + i;
            Assert.That(Run(kind, seed, 2000, maxLinks: 1 + (i % FewLinks), counters: refused), Is.EqualTo(Run(EngineKind.Reference, seed, 2000)), $"seed {seed}");
        }

        Assert.That((refused.RegionsRefused, refused.CacheFlushes), Is.Not.EqualTo((0L, 0L)), "otherwise there was room for all");
    }

    [Test]
    public void Optimised_code_does_what_was_lifted()
    {
        int first = TestContext.CurrentContext.Random.Next();
        for (int i = 0; i < 40; i++)
        {
            int seed = first + i;
            Assert.That(Run(EngineKind.Reference, seed, 2000, optimise: false), Is.EqualTo(Run(EngineKind.Reference, seed, 2000)), $"seed {seed}");
        }
    }

    private static string Run(
        EngineKind kind, int seed, ulong count, bool optimise = true, long maxBytes = long.MaxValue, long maxCompiled = long.MaxValue,
        int maxLinks = EnoughLinks, ExecutionCounters? counters = null)
    {
        var architecture = new ToyArchitecture(expectsMisaligned: (seed & 1) != 0);
        using var memory = new MemorySystem();
        memory.AddRam("code", new GuestPhysicalAddress(CodeStart), CodePages * 4096);
        memory.AddRam("data", new GuestPhysicalAddress(ToyArchitecture.DataStart - 4096), ToyArchitecture.DataLength + 8192);
        var random = new Random(seed);
        byte[] code = new byte[CodePages * 4096];
        FillWithRepetition(random, code);
        memory.TryWrite(new GuestPhysicalAddress(CodeStart), code);
        var options = new EngineOptions
        {
            Kind = kind, IsDeterministic = true, HotThreshold = kind == EngineKind.Jit ? 1 : 3, Optimises = optimise, MaxTranslationBytes = maxBytes, MaxCompiledBytes = maxCompiled,
            MaxLinks = maxLinks, MaxRegionInstructions = maxLinks == EnoughLinks ? new EngineOptions().MaxRegionInstructions : SmallRegion,
        };
        var world = new World { IsSingleThreaded = true };
        using var cache = new TranslationCache(architecture, memory, world, options, counters ?? new ExecutionCounters());
        using var cpu = new ToyCpu(architecture, memory);
        cpu.Attach(world, cache);
        cpu.Reset();
        for (int r = 0; r < ToyArchitecture.Registers; r++) cpu[ToyArchitecture.R(r)] = (ulong)random.NextInt64();
        for (int v = 0; v < 2 * ToyArchitecture.Vectors; v++) cpu[VectorHalf(v)] = (ulong)random.NextInt64();
        cpu.LimitTime(count);
        cpu.Run(new StopSignal());
        byte[] data = new byte[ToyArchitecture.DataLength + 8192];
        memory.TryRead(new GuestPhysicalAddress(ToyArchitecture.DataStart - 4096), data);
        memory.TryRead(new GuestPhysicalAddress(CodeStart), code);
        var registers = Enumerable.Range(0, ToyArchitecture.Registers).Select(r => $"{cpu[ToyArchitecture.R(r)]:x}");
        var vectors = Enumerable.Range(0, 2 * ToyArchitecture.Vectors).Select(v => $"{cpu[VectorHalf(v)]:x}");
        return $"pc {cpu.ProgramCounter:x} count {cpu.InstructionCount} flags {cpu[new Slot(StateSlots.FloatFlags)]:x} registers {string.Join(' ', registers)} "
            + $"vectors {string.Join(' ', vectors)} "
            + $"memory {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData([.. data, .. code]))}";
    }

    private static Slot VectorHalf(int index) => new((ushort)(StateSlots.FirstVector + index));

    // few distinct words, so that handlers and regions repeat
    private static void FillWithRepetition(Random random, Span<byte> code)
    {
        byte[] words = new byte[4 * 200];
        random.NextBytes(words);
        for (int i = 0; i < code.Length; i += 4) words.AsSpan(4 * random.Next(200), 4).CopyTo(code[i..]);
    }
}
