using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86;

/// <summary>x86 in one configuration of features.</summary>
/// <param name="features">What the processors can do; when null, everything that is implemented.</param>
public sealed class X86Architecture(X86Features? features = null) : Architecture
{
    private const int LongestInstruction = 15;

    /// <summary>What the processors can do.</summary>
    public X86Features Features { get; } = features ?? X86Features.Default;

    internal CpuIdentification Identification => field ??= new CpuIdentification(Features);

    /// <inheritdoc/>
    public override string Name => "x86-64";

    /// <inheritdoc/>
    public override HelperTable Helpers => X86Helpers.Table;

    /// <inheritdoc/>
    public override int MmuIndexCount => (int)X86MmuIndex.SupervisorUserAccess + 1;

    /// <inheritdoc/>
    public override bool ExpectsMisalignedAccesses => true;

    /// <inheritdoc/>
    public override bool HasUnrestrictedAtomics => true;

    /// <inheritdoc/>
    public override int MaxInstructionLength => LongestInstruction;

    /// <inheritdoc/>
    public override int MmuIndexOf(uint mode) => (int)((X86Mode)mode).MmuIndex;

    /// <inheritdoc/>
    public override bool TryLift(IrBuilder builder, ReadOnlySpan<byte> code)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var mode = (X86Mode)builder.Mode;
        if (!InstructionReader.TryDecode(code, mode.Bitness, out var instruction, out int length, out var error)) return false;
        builder.InstructionLength = length;
        var lifter = new X86Lifter(builder, instruction, mode);
        lifter.CheckFetch(length);
        if (error == DecoderError.None && InstructionTable.Find(instruction.Code) is { } row) row.Lift(lifter);
        else if (error != DecoderError.None && InstructionReader.IsTooLong(code, mode.Bitness)) lifter.Fault(X86Exception.GeneralProtection);
        else lifter.Fault(X86Exception.InvalidOpcode);
        return true;
    }

    /// <inheritdoc/>
    public override (string Text, int Length) Disassemble(ReadOnlySpan<byte> code, ulong address, uint mode) =>
        X86Disassembler.Disassemble(code, address, ((X86Mode)mode).Bitness);

    /// <inheritdoc/>
    public override string? NameOf(Slot slot) => X86SlotNames.Of(slot);
}
