using System.Collections.Immutable;
using System.Diagnostics;
using Emulator.Core.Ir;

namespace Emulator.Core.Optimizer;

/// <summary>A pass over one block; it keeps what the block computes and where it can fault.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Run">Gives the improved block, or the same.</param>
internal sealed record OptimizerPass(string Name, Func<IrBlock, IrBlock> Run);

/// <summary>The passes, in order.</summary>
internal static class Passes
{
    public static ImmutableArray<OptimizerPass> Pipeline { get; } =
    [
        new("propagate-constants", ConstantPropagation.Run),
        new("fuse-rotates", RotateFusion.Run),
        new("drop-dead-writes", DeadWriteElimination.Run),
    ];

    public static IrBlock Run(IrBlock block)
    {
        Check(block, "lift");
        foreach (var pass in Pipeline)
        {
            block = pass.Run(block);
            Check(block, pass.Name);
        }

        return block;
    }

    [Conditional("DEBUG")]
    private static void Check(IrBlock block, string pass)
    {
        if (IrVerifier.FindError(block) is { } error) throw new UnreachableException($"after {pass}: {error}\n{block}");
    }
}
