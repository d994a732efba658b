namespace Emulator.Core.Ir;

/// <summary>A vector of 128 bits while a lifter builds a block, read when the operation that uses it executes.</summary>
/// <param name="Slot">The cell.</param>
public readonly record struct VectorValue(Slot Slot);

/// <summary>What a load or store asks for besides its address.</summary>
[Flags]
public enum AccessTraits : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The address is cut to 32 bits.</summary>
    Address32 = 1,

    /// <summary>Of vectors: an address that is not a multiple of 16 faults.</summary>
    Aligned = 2,

    /// <summary>Of scalar loads: the instruction will store there, and the load faults as that store would.</summary>
    ForStore = 4,
}

/// <content>Vectors of 128 bits.</content>
public sealed partial class IrBuilder
{
    /// <summary>The content of a vector slot.</summary>
    public static VectorValue ReadVector(Slot slot) => new(slot);

    /// <summary>Writes a vector slot. The value must not be used again.</summary>
    public void WriteVector(Slot slot, VectorValue value)
    {
        if (value.Slot == slot) return;
        int last = _count - 1;
        if (value.Slot.IsTemporary && last >= _instructionStart && _instructions[last].Destination == value.Slot)
        {
            _instructions[last] = _instructions[last] with { Destination = slot };
            return;
        }

        Emit(new IrInstruction { Opcode = Opcode.VectorCopy, Destination = slot, A = value.Slot });
    }

    /// <summary>A copy that keeps its content when the slot behind <paramref name="value"/> is written.</summary>
    public VectorValue HoldVector(VectorValue value) => DefineVector(new IrInstruction { Opcode = Opcode.VectorCopy, A = value.Slot });

    /// <summary>Loads 16 bytes, which need not be aligned unless <paramref name="traits"/> says so.</summary>
    public VectorValue LoadVector(Value address, long displacement = 0, AccessTraits traits = AccessTraits.None) => DefineVector(new IrInstruction
    {
        Opcode = Opcode.VectorLoad, A = AsSlot(address), Immediate = displacement, C = new Slot((ushort)traits),
    });

    /// <summary>Stores 16 bytes, which need not be aligned unless <paramref name="traits"/> says so; on a fault none is stored.</summary>
    public void StoreVector(Value address, long displacement, VectorValue value, AccessTraits traits = AccessTraits.None) => Emit(new IrInstruction
    {
        Opcode = Opcode.VectorStore, A = AsSlot(address), B = value.Slot, Immediate = displacement, C = new Slot((ushort)traits),
    });

    /// <summary>The low 64 bits.</summary>
    public Value VectorLow(VectorValue vector) => Define(new IrInstruction { Opcode = Opcode.VectorLow, A = vector.Slot });

    /// <summary>The high 64 bits.</summary>
    public Value VectorHigh(VectorValue vector) => Define(new IrInstruction { Opcode = Opcode.VectorHigh, A = vector.Slot });

    /// <summary>A vector of two halves.</summary>
    public VectorValue VectorPack(Value low, Value high) =>
        DefineVector(new IrInstruction { Opcode = Opcode.VectorPack, A = AsSlot(low), B = AsSlot(high) });

    /// <summary>Calls a helper on vectors.</summary>
    public VectorValue Call(Helper helper, VectorValue a, VectorValue b, int constant = 0)
    {
        ArgumentNullException.ThrowIfNull(helper);
        return DefineVector(new IrInstruction
        {
            Opcode = helper.VectorFloat is null ? Opcode.CallVector : Opcode.CallVectorFloat, A = a.Slot, B = b.Slot, Immediate = VectorCall.Pack(helper.Index, constant),
        });
    }

    private VectorValue DefineVector(in IrInstruction instruction)
    {
        int index = StateSlots.FirstVectorTemporary + (2 * _nextVectorTemporary++);
        if (index >= StateSlots.FirstTemporary) throw new InvalidOperationException("one guest instruction needs too many vector temporaries");
        var destination = new Slot((ushort)index);
        Emit(instruction with { Destination = destination });
        return new VectorValue(destination);
    }
}

/// <summary>The immediate of CallVector.</summary>
internal static class VectorCall
{
    private const int ConstantShift = 32;

    public static long Pack(int helper, int constant) => (uint)helper | ((long)constant << ConstantShift);

    public static (int Helper, int Constant) Unpack(long immediate) => ((int)immediate, (int)(immediate >> ConstantShift));
}
