namespace Emulator.Core.Execution;

/// <summary>Why translated code returned to the dispatcher.</summary>
internal enum ExitReason
{
    /// <summary>No reason was given: go on at the program counter.</summary>
    None,

    /// <summary>The instruction raised a guest exception and was not executed.</summary>
    Fault,

    /// <summary>The attention flag was up at the start of a block; the block was not executed.</summary>
    Attention,

    /// <summary>The block's counter ran out: it is hot. The block was not executed.</summary>
    Hot,

    /// <summary>The instruction needs the slow path alone: it stores to a page that holds code, or a region could not do it. It was not executed.</summary>
    SingleStep,

    /// <summary>Deterministic mode: the block would go beyond the instruction limit; it was not executed.</summary>
    Limit,

    /// <summary>As <see cref="SingleStep"/>: accesses that share a probe lie on two pages that are not neighbours in host memory.</summary>
    SplitAccess,

    /// <summary>A load in a region found no translation of <see cref="StateBlock.MissAddress"/>. The instruction was not executed.</summary>
    ReadMiss,

    /// <summary>As <see cref="ReadMiss"/>, of a store.</summary>
    WriteMiss,
}
