namespace Emulator.Core.Execution;

/// <summary>What execution did so far, for statistics; approximate while harts run.</summary>
public sealed class ExecutionCounters
{
    /// <summary>Blocks lifted.</summary>
    public long BlocksTranslated { get; internal set; }

    /// <summary>Guest instructions in them.</summary>
    public long InstructionsTranslated { get; internal set; }

    /// <summary>Blocks dropped because their bytes were written.</summary>
    public long BlocksInvalidated { get; internal set; }

    /// <summary>Times the whole translation cache was emptied.</summary>
    public long CacheFlushes { get; internal set; }

    /// <summary>Regions compiled.</summary>
    public long RegionsCompiled { get; internal set; }

    /// <summary>Guest instructions in them.</summary>
    public long InstructionsCompiled { get; internal set; }

    /// <summary>CIL bytes of the regions.</summary>
    public long CilBytes { get; internal set; }

    /// <summary>Time spent compiling regions.</summary>
    public TimeSpan CompileTime { get; internal set; }

    /// <summary>Regions released because newer ones took their room, or because they were not used for minutes.</summary>
    public long RegionsAged { get; internal set; }

    /// <summary>Regions given up because they would be too large for the optimising compiler.</summary>
    public long RegionsRefused { get; internal set; }

    /// <summary>Regions that a fault of ours kept from being compiled; the first one is reported to the machine's logger.</summary>
    public long RegionsFailed { get; internal set; }

    /// <summary>Times a hart's dispatcher looked up a block.</summary>
    public long Dispatches { get; internal set; }

    /// <summary>Of these, how often the jump cache did not know it.</summary>
    public long DispatchMisses { get; internal set; }

    /// <summary>Guest exceptions.</summary>
    public long Faults { get; internal set; }

    /// <summary>Guest interrupts.</summary>
    public long Interrupts { get; internal set; }

    /// <summary>Instructions executed alone.</summary>
    public long SingleSteps { get; internal set; }

    /// <summary>TLB misses and device accesses.</summary>
    public long SlowAccesses { get; internal set; }
}
