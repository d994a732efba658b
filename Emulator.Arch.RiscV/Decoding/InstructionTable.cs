using System.Collections.Immutable;
using Emulator.Arch.RiscV.Instructions;

namespace Emulator.Arch.RiscV.Decoding;

/// <summary>Every instruction that is implemented, by family.</summary>
internal static class InstructionTable
{
    public static ImmutableArray<InstructionDefinition> Rows { get; } =
    [
        .. BaseInteger.Instructions,
        .. BaseMemory.Instructions,
        .. ControlTransfer.Instructions,
        .. Fences.Instructions,
        .. SystemInstructions.Instructions,
        .. ControlRegisters.Instructions,
        .. Multiply.Instructions,
        .. Atomics.Instructions,
        .. CompareAndSwap.Instructions,
        .. Conditional.Instructions,
        .. CacheBlocks.Instructions,
        .. Reserved.Instructions,
        .. Compressed.Instructions,
        .. CompressedExtra.Instructions,
        .. CompressedFloat.Instructions,
        .. BitManipulation.Instructions,
        .. BitManipulationForCryptography.Instructions,
        .. ScalarCryptography.Instructions,
        .. ScalarHashes.Instructions,
        .. FloatComputation.Instructions,
        .. FloatConversion.Instructions,
        .. AdditionalFloat.Instructions,
    ];
}
