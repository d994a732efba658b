using System.Diagnostics;
using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Cli.Listing;
using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Core.Memory;
using Emulator.Machines;

namespace Emulator.Cli.Bench;

/// <summary>How fast guest code becomes ready to run in each tier, and how large it gets: the embedded guest's, from its first byte to its last.</summary>
internal static class TranslationBench
{
    private const string Section = "translation";
    private const ulong CodeAddress = 0x8020_0000;
    private const double Million = 1e6;
    private const int MostRegions = 150;
    private static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(1);
    private static readonly uint Mode = new RiscVMode(Privilege.Supervisor, RiscVMmuIndex.Supervisor, IsFloatOn: false, 0).Pack();
    private static readonly RiscVArchitecture Architecture = new(IsaConfiguration.Max);

    private static ReadOnlyMemory<byte> Code => ((LinuxImage)EmbeddedGuests.RiscVDemo).Data;

    private static ulong End => CodeAddress + (ulong)Code.Length;

    /// <summary>Measures it.</summary>
    public static IEnumerable<BenchFigure> Run(Action<string> report)
    {
        report($"{Section}: lift and optimise");
        var blocks = Blocks();
        yield return Speed("lift and optimise", Repeat(() => Blocks().Sum(static block => block.Instructions)));
        report($"{Section}: tier 0");
        yield return Speed("ready in tier 0", Repeat(() => Prepare(blocks)));
        report($"{Section}: tier 1");
        foreach (var figure in Tier1(blocks)) yield return figure;
    }

    private static IEnumerable<BenchFigure> Tier1(List<(ulong Address, int Instructions)> blocks)
    {
        ulong[] entries = [.. blocks.Take(MostRegions).Select(static block => block.Address)];
        Compile(entries.Take(MostRegions / 2)); // so that the emitter itself is compiled
        long started = Stopwatch.GetTimestamp();
        var (regions, refused) = Compile(entries);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        double instructions = regions.Sum(static region => region.GuestInstructions);
        yield return Speed("ready in tier 1", (instructions, seconds));
        yield return new BenchFigure(Section, "tier 1", "time", seconds * Million / instructions, "us/instruction");
        yield return new BenchFigure(Section, "tier 1", "CIL", regions.Sum(static region => (double)region.CilBytes) / instructions, "bytes/instruction");

        // Once more, with the runtime telling what it makes of them, which takes time.
        using var methods = new CompiledMethods();
        (regions, _) = Compile(entries);
        CompiledMethod[] known = [.. regions.Select(region => methods.Find(region.Name)).OfType<CompiledMethod>()];
        if (known.Length == regions.Count) yield return new BenchFigure(Section, "tier 1", "host code", known.Sum(static method => (double)method.Size) / instructions, "bytes/instruction");
        yield return new BenchFigure(Section, "tier 1", "regions", regions.Count, "");
        yield return new BenchFigure(Section, "tier 1", "not optimised by the runtime", known.Count(static method => !method.IsOptimized), "regions");
        yield return new BenchFigure(Section, "tier 1", "too large to compile", refused, "regions");
    }

    private static BenchFigure Speed(string name, (double Instructions, double Seconds) work) =>
        new(Section, name, "speed", work.Instructions / Million / work.Seconds, "million instructions/s");

    private static (double Instructions, double Seconds) Repeat(Func<int> work)
    {
        for (long warm = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(warm) < LeastTime;) work(); // so that the translator itself is compiled
        double instructions = 0;
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < LeastTime) instructions += work();
        return (instructions, Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private static CodeInspector Inspect() => new(Architecture, Code.Span, new GuestVirtualAddress(CodeAddress));

    private static List<(ulong Address, int Instructions)> Blocks()
    {
        using var inspector = Inspect();
        List<(ulong, int)> blocks = [];
        for (ulong at = CodeAddress; at < End && inspector.Translate(new GuestVirtualAddress(at), new GuestVirtualAddress(End), Mode) is { } block; at += (ulong)block.ByteLength)
        {
            blocks.Add((at, block.InstructionCount));
        }

        return blocks;
    }

    private static int Prepare(List<(ulong Address, int Instructions)> blocks)
    {
        using var inspector = Inspect();
        return blocks.Sum(block => inspector.Prepare(new GuestVirtualAddress(block.Address), Mode));
    }

    private static (List<HostCode> Regions, int Refused) Compile(IEnumerable<ulong> entries)
    {
        using var inspector = Inspect();
        List<HostCode> regions = [.. entries.Select(entry => inspector.Compile(new GuestVirtualAddress(entry), Mode)).OfType<HostCode>()];
        return (regions, inspector.RegionsRefused);
    }
}
