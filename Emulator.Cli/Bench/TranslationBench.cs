using System.Diagnostics;
using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Cli.Listing;
using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Core.Memory;
using Emulator.Machines;

namespace Emulator.Cli.Bench;

/// <summary>
/// How fast guest code becomes ready to run in each tier, and how large it gets: the embedded guest's, from its first byte to its last; for
/// tier 0 a part of a pulled kernel, whose variety a small guest does not have.
/// </summary>
internal static class TranslationBench
{
    private const string Section = "translation";
    private const ulong CodeAddress = 0x8020_0000;
    private const double Million = 1e6;
    private const int MostRegions = 150;
    private const double LeastSeconds = 1;
    private const int KernelPart = 2 << 20; // its size, and where it begins
    private static readonly uint Mode = new RiscVMode(Privilege.Supervisor, RiscVMmuIndex.Supervisor, IsFloatOn: false, 0).Pack();
    private static readonly RiscVArchitecture Architecture = new(IsaConfiguration.Max);

    /// <summary>Measures it.</summary>
    /// <param name="kernel">A Linux kernel, if there is one.</param>
    /// <param name="report">Takes progress.</param>
    public static IEnumerable<BenchFigure> Run(string? kernel, Action<string> report)
    {
        var guest = ((LinuxImage)EmbeddedGuests.RiscVDemo).Data;
        report($"{Section}: lift and optimise");
        yield return Speed("lift and optimise", Repeat(() => Blocks(guest).Sum(static block => block.Instructions)));
        report($"{Section}: tier 0");
        foreach (var figure in Tier0(kernel is null ? guest : PartOf(kernel))) yield return figure;
        report($"{Section}: tier 1");
        foreach (var figure in Tier1(guest)) yield return figure;
    }

    // The start of a kernel is data and what runs once; behind that come its functions.
    private static ReadOnlyMemory<byte> PartOf(string kernel)
    {
        using var file = File.OpenHandle(kernel);
        var part = new byte[KernelPart];
        return part.AsMemory(0, RandomAccess.Read(file, part, KernelPart));
    }

    private static IEnumerable<BenchFigure> Tier0(ReadOnlyMemory<byte> code)
    {
        var blocks = Blocks(code);
        using var inspector = Inspect(code);
        double started = CpuSeconds;
        int instructions = Prepare(inspector, blocks);
        yield return Speed("first in tier 0", (instructions, CpuSeconds - started)); // handlers are made, too
        yield return Speed("ready in tier 0", Repeat(() =>
        {
            inspector.Forget();
            return Prepare(inspector, blocks);
        }));
    }

    private static IEnumerable<BenchFigure> Tier1(ReadOnlyMemory<byte> code)
    {
        ulong[] entries = [.. Blocks(code).Take(MostRegions).Select(static block => block.Address)];
        Compile(code, entries.Take(MostRegions / 2)); // so that the emitter itself is compiled
        long started = Stopwatch.GetTimestamp();
        var (regions, refused) = Compile(code, entries);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        double instructions = regions.Sum(static region => region.GuestInstructions);
        yield return Speed("ready in tier 1", (instructions, seconds));
        yield return new BenchFigure(Section, "tier 1", "time", seconds * Million / instructions, "us/instruction");
        yield return new BenchFigure(Section, "tier 1", "CIL", regions.Sum(static region => (double)region.CilBytes) / instructions, "bytes/instruction");

        // Once more, with the runtime telling what it makes of them, which takes time.
        using var methods = new CompiledMethods();
        (regions, _) = Compile(code, entries);
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
        for (double warm = CpuSeconds; CpuSeconds - warm < LeastSeconds;) work(); // so that the translator itself is compiled
        double instructions = 0;
        double started = CpuSeconds;
        while (CpuSeconds - started < LeastSeconds) instructions += work();
        return (instructions, CpuSeconds - started);
    }

    // With the runtime's collections, and whatever else the machine does.
    private static double CpuSeconds => Environment.CpuUsage.TotalTime.TotalSeconds;

    private static CodeInspector Inspect(ReadOnlyMemory<byte> code) => new(Architecture, code.Span, new GuestVirtualAddress(CodeAddress));

    private static List<(ulong Address, int Instructions)> Blocks(ReadOnlyMemory<byte> code)
    {
        using var inspector = Inspect(code);
        List<(ulong, int)> blocks = [];
        ulong end = CodeAddress + (ulong)code.Length;
        for (ulong at = CodeAddress; at < end && inspector.Translate(new GuestVirtualAddress(at), new GuestVirtualAddress(end), Mode) is { } block; at += (ulong)block.ByteLength)
        {
            blocks.Add((at, block.InstructionCount));
        }

        return blocks;
    }

    private static int Prepare(CodeInspector inspector, List<(ulong Address, int Instructions)> blocks)
    {
        int instructions = 0;
        foreach (var (address, _) in blocks) instructions += inspector.Prepare(new GuestVirtualAddress(address), Mode);
        return instructions;
    }

    private static (List<HostCode> Regions, int Refused) Compile(ReadOnlyMemory<byte> code, IEnumerable<ulong> entries)
    {
        using var inspector = Inspect(code);
        List<HostCode> regions = [.. entries.Select(entry => inspector.Compile(new GuestVirtualAddress(entry), Mode)).OfType<HostCode>()];
        return (regions, inspector.RegionsRefused);
    }
}
