using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Lifting;

/// <content>XMM registers and vector operands.</content>
internal sealed partial class X86Lifter
{
    /// <summary>Bytes of an XMM register.</summary>
    public const int VectorBytes = 16;

    /// <summary>The slot of an operand that is an XMM register.</summary>
    public Slot XmmSlot(int operand) => X86Slots.Xmm(XmmNumber(operand));

    /// <summary>The number of an operand that is an XMM register.</summary>
    public int XmmNumber(int operand) => Instruction.GetOpRegister(operand) - Register.XMM0;

    /// <summary>True for an operand in memory.</summary>
    public bool IsMemory(int operand) => Instruction.GetOpKind(operand) != OpKind.Register;

    /// <summary>A vector operand; in memory it must be aligned.</summary>
    public VectorValue ReadVector(int operand) => ReadVector(operand, AccessTraits.Aligned);

    /// <summary>A vector operand, which need not be aligned.</summary>
    public VectorValue ReadVectorUnaligned(int operand) => ReadVector(operand, AccessTraits.None);

    /// <summary>A vector whose low bytes are the operand: a whole register, or a scalar from memory with zeros above it.</summary>
    public VectorValue ReadLowLane(int operand, int bytes) =>
        IsMemory(operand) ? Ir.VectorPack(ReadScalar(operand, bytes), 0) : IrBuilder.ReadVector(XmmSlot(operand));

    /// <summary>The low 64 bits of a register, or a scalar of 4 or 8 bytes from memory, zero-extended.</summary>
    public Value ReadScalar(int operand, int bytes) =>
        IsMemory(operand) ? Load(MemoryOperand(bytes, false), bytes) : Ir.VectorLow(IrBuilder.ReadVector(XmmSlot(operand)));

    /// <summary>Writes a vector operand; in memory it must be aligned. The value must not be used again.</summary>
    public void WriteVector(int operand, VectorValue value) => WriteVector(operand, value, AccessTraits.Aligned);

    /// <summary>Writes a vector operand, which need not be aligned. The value must not be used again.</summary>
    public void WriteVectorUnaligned(int operand, VectorValue value) => WriteVector(operand, value, AccessTraits.None);

    /// <summary>Loads 16 bytes.</summary>
    public VectorValue LoadVector(LinearAddress address, AccessTraits traits)
    {
        if (traits == AccessTraits.None) CheckAlignment(address, VectorBytes);
        return Ir.LoadVector(address.Base, address.Displacement, traits | TraitsOf(address));
    }

    /// <summary>Stores 16 bytes, all or none.</summary>
    public void StoreVector(LinearAddress address, VectorValue value, AccessTraits traits)
    {
        if (traits == AccessTraits.None) CheckAlignment(address, VectorBytes);
        Ir.StoreVector(address.Base, address.Displacement, value, traits | TraitsOf(address));
    }

    private VectorValue ReadVector(int operand, AccessTraits traits) =>
        IsMemory(operand) ? LoadVector(MemoryOperand(VectorBytes, false), traits) : IrBuilder.ReadVector(XmmSlot(operand));

    private void WriteVector(int operand, VectorValue value, AccessTraits traits)
    {
        if (IsMemory(operand)) StoreVector(MemoryOperand(VectorBytes, true), value, traits);
        else Ir.WriteVector(XmmSlot(operand), value);
    }

    private static AccessTraits TraitsOf(LinearAddress address) => address.Is32 ? AccessTraits.Address32 : AccessTraits.None;
}
