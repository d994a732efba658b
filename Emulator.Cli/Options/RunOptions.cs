using System.Collections.Immutable;
using Emulator.Core.Execution;
using Emulator.Devices.Storage;
using Emulator.Machines.BareX86;

namespace Emulator.Cli.Options;

/// <summary>The options of <c>emu run</c> as values; null where nothing was said.</summary>
internal sealed record RunOptions
{
    /// <summary>The machine when none is named.</summary>
    public const string DefaultMachine = "riscv-virt";

    /// <summary>The console when none is named.</summary>
    public const string DefaultSerial = "stdio";

    public string Machine { get; init; } = DefaultMachine;

    public string? Image { get; init; }

    public string? Cpu { get; init; }

    public ulong? Memory { get; init; }

    public int? Harts { get; init; }

    public string? Bios { get; init; }

    public string? Kernel { get; init; }

    public string? Initrd { get; init; }

    public string? Append { get; init; }

    public string? DeviceTree { get; init; }

    public ImmutableArray<DiskOptions> Disks { get; init; } = [];

    public ImmutableArray<DiskOptions> Flash { get; init; } = [];

    public string Serial { get; init; } = DefaultSerial;

    public EngineKind Engine { get; init; }

    public bool IsDeterministic { get; init; }

    public TimeSpan? Timeout { get; init; }

    public string? SignatureFile { get; init; }

    public int SignatureGranularity { get; init; } = sizeof(uint);

    public ushort? DebugExit { get; init; }

    public ImmutableArray<DebugOutput> DebugOutputs { get; init; } = [];

    public bool EndsOnReset { get; init; }

    public bool ShowsStatistics { get; init; }

    public ImmutableArray<LogRule> Log { get; init; } = [];

    public string? TraceFile { get; init; }
}
