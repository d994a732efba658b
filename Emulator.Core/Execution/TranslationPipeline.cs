using Emulator.Core.Ir;
using Emulator.Core.Optimizer;

namespace Emulator.Core.Execution;

/// <summary>The way of guest bytes to IR that is ready to run: lift until the block ends, then optimise. One per thread that translates.</summary>
internal sealed class TranslationPipeline(Architecture architecture, EngineOptions options)
{
    private readonly IrBuilder _builder = new();

    /// <summary>Translates a block.</summary>
    /// <param name="code">Guest bytes from the first instruction to the end of its page (or, for an instruction that straddles, beyond).</param>
    /// <param name="pcOffset">Offset of the first instruction in its page.</param>
    /// <param name="mode">The processor's mode.</param>
    /// <param name="onlyOne">Translate one instruction, however the block would go on.</param>
    /// <returns>The block, or null when not even one instruction is complete in <paramref name="code"/>.</returns>
    public IrBlock? Translate(ReadOnlySpan<byte> code, ushort pcOffset, uint mode, bool onlyOne)
    {
        int limit = onlyOne ? 1 : options.MaxBlockInstructions;
        _builder.Begin(pcOffset, mode);
        while (!_builder.IsEnded && _builder.InstructionCount < limit)
        {
            int consumed = _builder.PcOffset - pcOffset;
            if (consumed >= code.Length) break;
            _builder.BeginInstruction();
            if (!architecture.TryLift(_builder, code[consumed..]))
            {
                if (consumed == 0) return null;
                break;
            }

            _builder.EndInstruction();
        }

        var block = _builder.Finish();
        return options.Optimises ? Passes.Run(block) : block;
    }
}
