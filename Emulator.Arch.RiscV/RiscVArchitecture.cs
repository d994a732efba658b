using System.Buffers.Binary;
using System.Globalization;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Arch.RiscV;

/// <summary>RISC-V in one configuration of extensions.</summary>
public sealed class RiscVArchitecture : Architecture
{
    private readonly InstructionDecoder _decoder;

    /// <summary>Builds the decoder of a configuration.</summary>
    public RiscVArchitecture(IsaConfiguration isa)
    {
        ArgumentNullException.ThrowIfNull(isa);
        Isa = isa;
        Helpers = RiscVHelpers.Table;
        _decoder = new InstructionDecoder(isa, InstructionTable.Rows);
        Csrs = new CsrTable(isa);
    }

    /// <summary>Base and extensions.</summary>
    public IsaConfiguration Isa { get; }

    /// <inheritdoc/>
    public override string Name => Isa.IsaString;

    /// <inheritdoc/>
    public override HelperTable Helpers { get; }

    // Linux copies memory in words whatever their alignment once it has found that such accesses work.
    /// <inheritdoc/>
    public override bool ExpectsMisalignedAccesses => true;

    /// <inheritdoc/>
    public override int MmuIndexCount => (int)RiscVMmuIndex.Machine + 1;

    /// <inheritdoc/>
    public override int? UntranslatedMmuIndex => (int)RiscVMmuIndex.Machine;

    /// <inheritdoc/>
    public override int MaxInstructionLength => 4;

    /// <inheritdoc/>
    public override ulong AddressMask => Isa.Is64 ? ulong.MaxValue : uint.MaxValue;

    internal InstructionDecoder Decoder => _decoder;

    internal CsrTable Csrs { get; }

    /// <inheritdoc/>
    public override int MmuIndexOf(uint mode) => (int)RiscVMode.Unpack(mode).DataMmuIndex;

    /// <inheritdoc/>
    public override bool MaySharePages(uint mode) => RiscVMode.Unpack(mode).Privilege != Privilege.User;

    /// <inheritdoc/>
    public override bool TryLift(IrBuilder builder, ReadOnlySpan<byte> code)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (!TryFetch(code, out uint bits, out int length)) return false;
        builder.InstructionLength = length;
        var lifter = new RiscVLifter(builder, Isa, RiscVMode.Unpack(builder.Mode), bits, length);
        if (_decoder.Find(bits) is { } row) row.Lift(lifter, row.Decode(bits));
        else lifter.Illegal();
        return true;
    }

    /// <inheritdoc/>
    public override (string Text, int Length) Disassemble(ReadOnlySpan<byte> code, ulong address, uint mode)
    {
        if (!TryFetch(code, out uint bits, out int length))
        {
            return (Hexadecimal(".byte", code.IsEmpty ? 0u : code[0], 2), 1);
        }

        return (_decoder.Find(bits)?.Print(bits, address) ?? Hexadecimal($".{length}byte", bits, 2 * length), length);
    }

    /// <inheritdoc/>
    public override string? NameOf(Slot slot)
    {
        for (int i = 0; i < 32; i++)
        {
            if (i > 0 && slot == RiscVSlots.X(i)) return RegisterNames.OfX(i);
            if (slot == RiscVSlots.F(i)) return RegisterNames.OfF(i);
        }

        return null;
    }

    private static bool TryFetch(ReadOnlySpan<byte> code, out uint bits, out int length)
    {
        bits = 0;
        length = 0;
        if (!BinaryPrimitives.TryReadUInt16LittleEndian(code, out ushort first)) return false;
        bits = first;
        length = InstructionDecoder.LengthOf(bits);
        return length == 2 || BinaryPrimitives.TryReadUInt32LittleEndian(code, out bits);
    }

    private static string Hexadecimal(string directive, uint bits, int digits) =>
        $"{directive} 0x{bits.ToString($"x{digits}", CultureInfo.InvariantCulture)}";
}
