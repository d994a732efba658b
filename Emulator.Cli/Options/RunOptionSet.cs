using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Emulator.Core.Execution;
using Emulator.Devices.Storage;
using Emulator.Machines.BareX86;

namespace Emulator.Cli.Options;

/// <summary>The options of <c>emu run</c> on the command line, and how they become <see cref="RunOptions"/>.</summary>
internal sealed class RunOptionSet
{
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(24); // what the system's timers can wait

    private readonly Option<string> _machine = Text("--machine", "NAME", $"The machine; emu machines lists them (default {RunOptions.DefaultMachine})");
    private readonly Option<string> _image = Text("--image", "NAME", "A guest that was pulled: sets kernel, initrd and append; emu images lists them");
    private readonly Option<string> _cpu = Text("--cpu", "LIST", "ISA string or model: rv64gc, rv32imac, max, rv32max; then ,+zba,-c (default: everything)");
    private readonly Option<Given<ulong>> _memory = Parsed<ulong>("--memory", "SIZE", "RAM: 512M, 2G (default 512M)",
        static text => Numbers.TryParseSize(text, out ulong bytes) ? bytes : null, "a size such as 512M or 0x20000000");
    private readonly Option<Given<int>> _harts = Parsed<int>("--harts", "N", "Processors (default 1)",
        static text => Numbers.TryParse(text, out ulong count) && count <= int.MaxValue ? (int)count : null, "a number");
    private readonly Option<string> _bios = Text("--bios", "none|builtin|FILE", "Nothing, our own SBI, or a firmware file (default: builtin for kernels, none for programs that start in machine mode)");
    private readonly Option<string> _kernel = Text("--kernel", "FILE", "The kernel or program: ELF, Linux Image (also gzip, zstd, EFI zboot) or raw");
    private readonly Option<string> _initrd = Text("--initrd", "FILE", "The kernel's initial RAM disk");
    private readonly Option<string> _append = Text("--append", "TEXT", "The kernel's command line");
    private readonly Option<string> _deviceTree = Text("--dtb", "FILE", "A device tree in place of the machine's own");
    private readonly Option<DiskOptions[]> _disks;
    private readonly Option<DiskOptions[]> _flash;
    private readonly Option<string> _serial = Text("--serial", "stdio|file:PATH|tcp:HOST:PORT|none", "The console (default stdio; Ctrl-A X leaves a terminal)");
    private readonly Option<Given<EngineKind>> _engine = EngineNames.Option("How guest code runs (default auto)");
    private readonly Option<bool> _isDeterministic = Flag("--deterministic", "Time counts instructions; two runs are the same to the instruction");
    private readonly Option<Given<TimeSpan>> _timeout = Parsed("--timeout", "SECONDS", "Stop the machine after this much wall time; the exit status is 124 then", ParseTimeout, "seconds, more than 0");
    private readonly Option<string> _signature = Text("--signature", "FILE", "At exit, write the words from symbol begin_signature to end_signature");
    private readonly Option<Given<int>> _granularity = Parsed<int>("--signature-granularity", "4|8", "Bytes in a word of the signature (default 4)",
        static text => text switch { "4" => sizeof(uint), "8" => sizeof(ulong), _ => null }, "4 or 8");
    private readonly Option<Given<ushort>> _debugExit = Parsed<ushort>("--debug-exit", "PORT", "x86: port that ends the machine; writing v gives the exit status (v << 1) | 1",
        static text => DebugPort.TryParse(text, out ushort port) ? port : null, "a port such as 0xf4");
    private readonly Option<DebugOutput[]> _debugOutputs;
    private readonly Option<bool> _endsOnReset = Flag("--no-reboot", "End the machine when the guest resets it");
    private readonly Option<bool> _statistics = Flag("--stats", "At exit, print what execution did to standard error");
    private readonly Option<LogRule[]> _log;
    private readonly Option<string> _trace = Text("--trace", "FILE", "Write every instruction executed to a file (slow)");

    public RunOptionSet()
    {
        _disks = new("--disk")
        {
            HelpName = "FILE[,format=raw][,readonly][,snapshot]",
            Description = "A disk (repeatable); snapshot discards writes",
            CustomParser = static result => ParseAll(result, static (string text, out string? error) => DiskSpecification.Parse(text, out error)),
        };
        _flash = new("--flash")
        {
            HelpName = "FILE[,readonly][,snapshot]",
            Description = "What a bank of flash holds (repeatable, in order of banks); snapshot discards writes",
            CustomParser = static result => ParseAll(result, static (string text, out string? error) => DiskSpecification.Parse(text, out error)),
        };
        _debugOutputs = new("--debugcon")
        {
            HelpName = "PORT=FILE",
            Description = "x86: port whose bytes go to a file (repeatable; - is standard output)",
            CustomParser = static result => ParseAll(result, static (string text, out string? error) => DebugPort.ParseOutput(text, out error)),
        };
        _log = new("--log")
        {
            HelpName = "CATEGORY=LEVEL",
            Description = "Log to standard error (repeatable): trace, debug, information, warning, error; category * is every one",
            CustomParser = static result => ParseAll(result, static (string text, out string? error) =>
            {
                var rule = LogRule.Parse(text);
                error = rule is null ? $"--log {text}: expected CATEGORY=LEVEL, with level trace, debug, information, warning, error, critical or none" : null;
                return rule;
            }),
        };
    }

    private delegate T? ItemParser<T>(string text, out string? error);

    private IEnumerable<Option> All =>
    [
        _machine, _image, _cpu, _memory, _harts, _bios, _kernel, _initrd, _append, _deviceTree, _disks, _flash, _serial, _engine, _isDeterministic, _timeout,
        _signature, _granularity, _debugExit, _debugOutputs, _endsOnReset, _statistics, _log, _trace,
    ];

    /// <summary>Gives a command these options.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in All) command.Options.Add(option);
    }

    /// <summary>The values of a command line without errors.</summary>
    public RunOptions Bind(ParseResult parsed) => new()
    {
        Machine = parsed.GetValue(_machine) ?? RunOptions.DefaultMachine,
        Image = parsed.GetValue(_image),
        Cpu = parsed.GetValue(_cpu),
        Memory = parsed.GetValue(_memory)?.Value,
        Harts = parsed.GetValue(_harts)?.Value,
        Bios = parsed.GetValue(_bios),
        Kernel = parsed.GetValue(_kernel),
        Initrd = parsed.GetValue(_initrd),
        Append = parsed.GetValue(_append),
        DeviceTree = parsed.GetValue(_deviceTree),
        Disks = ImmutableArray.Create(parsed.GetValue(_disks)),
        Flash = ImmutableArray.Create(parsed.GetValue(_flash)),
        Serial = parsed.GetValue(_serial) ?? RunOptions.DefaultSerial,
        Engine = parsed.GetValue(_engine)?.Value ?? EngineKind.Auto,
        IsDeterministic = parsed.GetValue(_isDeterministic),
        Timeout = parsed.GetValue(_timeout)?.Value,
        SignatureFile = parsed.GetValue(_signature),
        SignatureGranularity = parsed.GetValue(_granularity)?.Value ?? sizeof(uint),
        DebugExit = parsed.GetValue(_debugExit)?.Value,
        DebugOutputs = ImmutableArray.Create(parsed.GetValue(_debugOutputs)),
        EndsOnReset = parsed.GetValue(_endsOnReset),
        ShowsStatistics = parsed.GetValue(_statistics),
        Log = ImmutableArray.Create(parsed.GetValue(_log)),
        TraceFile = parsed.GetValue(_trace),
    };

    // With a parser of ours: the first text that is converted has System.CommandLine list all the types that it can convert to.
    private static Option<string> Text(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description, CustomParser = static result => result.Tokens[^1].Value };

    private static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    private static Option<Given<T>> Parsed<T>(string name, string value, string description, Func<string, T?> parse, string expected)
        where T : struct => new(name)
    {
        HelpName = value,
        Description = description,
        CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            var parsed = parse(text);
            if (parsed is { } given) return new Given<T>(given);
            result.AddError($"{name} {text}: expected {expected}");
            return null;
        },
    };

    private static T[] ParseAll<T>(ArgumentResult result, ItemParser<T> parse)
        where T : class
    {
        List<T> items = [];
        foreach (var token in result.Tokens)
        {
            var item = parse(token.Value, out string? error);
            if (error is not null) result.AddError(error);
            if (item is not null) items.Add(item);
        }

        return [.. items];
    }

    private static TimeSpan? ParseTimeout(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
        && seconds > 0 && seconds <= LongestTimeout.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
}
