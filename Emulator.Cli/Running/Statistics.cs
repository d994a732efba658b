using System.Globalization;
using System.Runtime;
using System.Text;
using Emulator.Machines;

namespace Emulator.Cli.Running;

/// <summary>What <c>--stats</c> prints: a name and a number without separators on each line, so that scripts can read it too.</summary>
internal static class Statistics
{
    private const int NameWidth = 24;
    private const double Million = 1e6;

    /// <summary>Collects the figures of a machine that has come to its end and is not disposed of yet.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="wall">How long it ran.</param>
    /// <param name="cpu">Processor time of this process meanwhile, all threads.</param>
    public static string Collect(VirtualMachine machine, TimeSpan wall, TimeSpan cpu)
    {
        var text = new StringBuilder();
        var counters = machine.Counters;
        ulong instructions = machine.InstructionCount;
        Add("instructions", instructions);
        Add("MIPS", instructions / Million / Math.Max(wall.TotalSeconds, double.Epsilon));
        Add("wall seconds", wall.TotalSeconds);
        Add("CPU seconds", cpu.TotalSeconds);
        Add("blocks", counters.BlocksTranslated);
        Add("block instructions", counters.InstructionsTranslated);
        Add("blocks invalidated", counters.BlocksInvalidated);
        Add("cache flushes", counters.CacheFlushes);
        Add("regions", counters.RegionsCompiled);
        Add("region instructions", counters.InstructionsCompiled);
        Add("regions refused", counters.RegionsRefused);
        Add("regions failed", counters.RegionsFailed);
        Add("regions aged", counters.RegionsAged);
        Add("region CIL bytes", counters.CilBytes);
        Add("compile seconds", counters.CompileTime.TotalSeconds);
        Add("dispatches", counters.Dispatches);
        Add("dispatch misses", counters.DispatchMisses);
        Add("exits: guest fault", counters.Faults);
        Add("exits: interrupt", counters.Interrupts);
        Add("exits: single step", counters.SingleSteps);
        Add("exits: slow access", counters.SlowAccesses);
        Add("host methods compiled", JitInfo.GetCompiledMethodCount());
        return text.ToString();

        void Add(string name, IFormattable value)
        {
            string format = value is double ? "0.000" : "0";
            text.Append(name.PadRight(NameWidth)).Append(value.ToString(format, CultureInfo.InvariantCulture)).Append('\n');
        }
    }
}
