using System.Collections.Immutable;
using System.Diagnostics;
using Emulator.Core.Ir;

namespace Emulator.Core.Optimizer;

/// <summary>Improves a block's operations where they are; it keeps what the block computes and where it can fault.</summary>
/// <returns>How many are left of them.</returns>
internal delegate int ImproveBlock(Span<IrInstruction> instructions);

/// <summary>A pass over one block.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Run">What it does.</param>
internal sealed record OptimizerPass(string Name, ImproveBlock Run);

/// <summary>The passes, in order.</summary>
internal static class Passes
{
    public static ImmutableArray<OptimizerPass> Pipeline { get; } =
    [
        new("propagate-constants", ConstantPropagation.Run),
        new("fuse-rotates", RotateFusion.Run),
        new("drop-dead-writes", DeadWriteElimination.Run),
    ];

    /// <inheritdoc cref="ImproveBlock"/>
    public static int Run(Span<IrInstruction> instructions)
    {
        Check(instructions, "lift");
        foreach (var pass in Pipeline)
        {
            instructions = instructions[..pass.Run(instructions)];
            Check(instructions, pass.Name);
        }

        return instructions.Length;
    }

    [Conditional("DEBUG")]
    private static void Check(ReadOnlySpan<IrInstruction> instructions, string pass)
    {
        if (IrVerifier.FindError(instructions) is { } error) throw new UnreachableException($"after {pass}: {error}\n{string.Join('\n', instructions.ToArray())}");
    }
}
