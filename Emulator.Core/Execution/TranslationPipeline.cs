using Emulator.Core.Ir;
using Emulator.Core.Optimizer;

namespace Emulator.Core.Execution;

/// <summary>The way of guest bytes to IR that is ready to run: lift until the block ends, then optimise. One per thread that translates.</summary>
internal sealed class TranslationPipeline(Architecture architecture, EngineOptions options)
{
    private readonly IrBuilder _builder = new();

    /// <summary>The operations of the block that was translated last.</summary>
    public ReadOnlySpan<IrInstruction> Instructions => _builder.Instructions;

    /// <summary>Guest bytes of it.</summary>
    public int ByteLength => _builder.ByteLength;

    /// <summary>Guest instructions of it.</summary>
    public int InstructionCount => _builder.InstructionCount;

    /// <summary>The same block, to keep.</summary>
    public IrBlock ToBlock() => _builder.ToBlock();

    /// <summary>Translates a block, to keep. Parameters as <see cref="TryTranslate"/>.</summary>
    public IrBlock? Translate(ReadOnlySpan<byte> code, ushort pcOffset, uint mode, bool onlyOne) =>
        TryTranslate(code, pcOffset, mode, onlyOne) ? ToBlock() : null;

    /// <summary>Translates a block, which stays here until the next one.</summary>
    /// <param name="code">Guest bytes from the first instruction to the end of its page (or, for an instruction that straddles, beyond).</param>
    /// <param name="pcOffset">Offset of the first instruction in its page.</param>
    /// <param name="mode">The processor's mode.</param>
    /// <param name="onlyOne">Translate one instruction, however the block would go on.</param>
    /// <returns>False when not even one instruction is complete in <paramref name="code"/>.</returns>
    public bool TryTranslate(ReadOnlySpan<byte> code, ushort pcOffset, uint mode, bool onlyOne)
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
                if (consumed == 0) return false;
                break;
            }

            _builder.EndInstruction();
        }

        _builder.EndBlock();
        if (options.Optimises) _builder.Cut(Passes.Run(_builder.Instructions));
        return true;
    }
}
