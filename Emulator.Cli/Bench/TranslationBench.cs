using System.Diagnostics;
using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Core.Memory;
using Emulator.Machines;

namespace Emulator.Cli.Bench;

/// <summary>How fast guest code becomes IR, and IR host code: the embedded guest's, from its first byte to its last.</summary>
internal static class TranslationBench
{
    private const ulong CodeAddress = 0x8020_0000;
    private const double Thousand = 1e3;
    private const int MostRegions = 150;
    private static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(1);
    private static readonly uint Mode = new RiscVMode(Privilege.Supervisor, RiscVMmuIndex.Supervisor, ExtensionStatus.Off, 0).Pack();

    /// <summary>Measures both.</summary>
    public static IEnumerable<BenchFigure> Run()
    {
        var code = ((LinuxImage)EmbeddedGuests.RiscVDemo).Data;
        using var inspector = new CodeInspector(new RiscVArchitecture(IsaConfiguration.Max), code.Span, new GuestVirtualAddress(CodeAddress));
        ulong end = CodeAddress + (ulong)code.Length;
        Translate(inspector, end, int.MaxValue); // so that the translator itself is compiled
        long started = Stopwatch.GetTimestamp();
        long instructions = 0;
        while (Stopwatch.GetElapsedTime(started) < LeastTime) instructions += Translate(inspector, end, int.MaxValue).Instructions;
        yield return new BenchFigure("translate to IR", "", instructions / Thousand / Stopwatch.GetElapsedTime(started).TotalSeconds, "thousand instructions/s");

        var entries = Translate(inspector, end, MostRegions).Blocks;
        inspector.Compile(new GuestVirtualAddress(entries[0]), Mode);
        started = Stopwatch.GetTimestamp();
        int compiled = entries.Skip(1).Sum(entry => inspector.Compile(new GuestVirtualAddress(entry), Mode)?.GuestInstructions ?? 0);
        yield return new BenchFigure("compile regions", "", compiled / Thousand / Stopwatch.GetElapsedTime(started).TotalSeconds, "thousand instructions/s");
    }

    private static (long Instructions, List<ulong> Blocks) Translate(CodeInspector inspector, ulong end, int mostBlocks)
    {
        List<ulong> blocks = [];
        long instructions = 0;
        for (ulong at = CodeAddress; at < end && blocks.Count < mostBlocks && inspector.Translate(new GuestVirtualAddress(at), new GuestVirtualAddress(end), Mode) is { } block;)
        {
            blocks.Add(at);
            instructions += block.InstructionCount;
            at += (ulong)block.ByteLength;
        }

        return (instructions, blocks);
    }
}
