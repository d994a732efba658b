namespace Emulator.Core.Execution;

/// <summary>Which of the engines executes the IR.</summary>
public enum EngineKind
{
    /// <summary>Both tiers: threaded at first, compiled when hot.</summary>
    Auto,

    /// <summary>Tier 0 only.</summary>
    Interpreter,

    /// <summary>The plain reference interpreter, which needs no code generation.</summary>
    Reference,

    /// <summary>Compiled at first sight.</summary>
    Jit,
}

/// <summary>How guest code is executed; fixed when a machine is built.</summary>
public sealed record EngineOptions
{
    /// <summary>The engine.</summary>
    public EngineKind Kind { get; init; } = EngineKind.Auto;

    /// <summary>One thread, time counts instructions, the same run twice.</summary>
    public bool IsDeterministic { get; init; }

    /// <summary>Runs the optimiser's passes; without them the code only runs slower.</summary>
    public bool Optimises { get; init; } = true;

    /// <summary>
    /// Entries of a block after which it is compiled: about as many as cost in tier 0 what its compilation costs (some 160 us).
    /// </summary>
    public int HotThreshold { get; init; } = 16_000;

    /// <summary>The most guest instructions in one block, 1 to 64.</summary>
    public int MaxBlockInstructions { get; init; } = 48;

    /// <summary>The most guest instructions in one compiled region.</summary>
    public int MaxRegionInstructions { get; init; } = 320;

    /// <summary>
    /// Bytes of CIL in compiled regions, some three times as much in memory, beyond which those not in use are released; what is still hot is
    /// compiled again.
    /// </summary>
    public long MaxCompiledBytes { get; init; } = 48L << 20;

    /// <summary>
    /// Bytes of pre-decoded operations (32 a guest instruction, and some) beyond which all translations are dropped and made anew.
    /// </summary>
    public long MaxTranslationBytes { get; init; } = 128L << 20;

    /// <summary>Blocks that compiled code may go on to, beyond which all translations are dropped, too; a region that has more by itself is not compiled.</summary>
    internal int MaxLinks { get; init; } = 1 << 20;

    /// <summary>Blocks with a sequence of operations after which tier 0 has a handler for it: one takes some 300 us to make, and saves a few ns each time.</summary>
    internal int CommonSequence { get; init; } = 400;

    /// <summary>Blocks with a run of accesses off one base after which tier 0 has a handler for it, which saves more.</summary>
    internal int CommonRun { get; init; } = 100;

    /// <summary>Sees every instruction before it is executed, which is slow: they are then executed one at a time, whatever the engine.</summary>
    public IInstructionTracer? Tracer { get; init; }
}
