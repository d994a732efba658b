using Emulator.Arch.X86.Processor;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Lifting;

/// <summary>A linear address that has passed its segment's checks.</summary>
/// <param name="Base">A value.</param>
/// <param name="Displacement">Added to it.</param>
/// <param name="Is32">The sum is cut to 32 bits.</param>
internal readonly record struct LinearAddress(Value Base, long Displacement, bool Is32)
{
    /// <summary>The instruction stores there: a load before faults as the store would.</summary>
    public bool IsForStore { get; init; }
}

/// <content>Addresses, loads and stores.</content>
internal sealed partial class X86Lifter
{
    private const int EsNumber = 0;
    private const int CsNumber = 1;
    private const int SsNumber = 2;
    private const int FsNumber = 4;

    /// <summary>Size of the effective address in bytes.</summary>
    public int AddressSize
    {
        get
        {
            if (Instruction.MemoryBase is Register.RIP) return 8;
            if (Instruction.MemoryBase is Register.EIP) return 4;
            var register = Instruction.MemoryBase != Register.None ? Instruction.MemoryBase : Instruction.MemoryIndex;
            if (register != Register.None) return register.GetSize();
            return Instruction.MemoryDisplSize switch
            {
                2 => 2,
                4 => 4,
                8 => 8,
                _ => Mode.CodeSize switch { CodeSize.Bits16 => 2, CodeSize.Bits32 => 4, _ => 8 },
            };
        }
    }

    /// <summary>The effective address of the memory operand: the offset in its segment, zero-extended from the address size.</summary>
    public Value EffectiveAddress()
    {
        var (address, displacement) = OffsetParts();
        return ZeroExtend(Ir.Add(address, displacement), AddressSize);
    }

    /// <summary>The linear address of the memory operand; faults unless its segment admits the access.</summary>
    /// <param name="bytes">Size of the access.</param>
    /// <param name="writes">Whether it writes.</param>
    /// <param name="addend">Added to the effective address.</param>
    public LinearAddress MemoryOperand(int bytes, bool writes, Value? addend = null)
    {
        int segment = Instruction.MemorySegment - Register.ES;
        int addressSize = AddressSize;
        var (offset, displacement) = OffsetParts();
        if (addend is { } more) offset = Ir.Add(offset, more);
        if (addressSize == (Is64 ? 8 : 4) && IsFlat(segment)) return new LinearAddress(offset, displacement, !Is64) { IsForStore = writes };
        return Linear(segment, ZeroExtend(Ir.Add(offset, displacement), addressSize), bytes, writes) with { IsForStore = writes };
    }

    /// <summary>The linear address of an offset (zero-extended) in a segment, numbered as in encodings; faults unless the segment admits the access.</summary>
    public LinearAddress Linear(int segment, Value offset, int bytes, bool writes)
    {
        if (Is64) return new LinearAddress(segment >= FsNumber ? Ir.Add(offset, IrBuilder.Read(X86Slots.SegmentBase(segment))) : offset, 0, false);
        if (IsFlat(segment)) return new LinearAddress(offset, 0, true);
        return new LinearAddress(Ir.Call(SegmentHelpers.LinearAddress, new SegmentAccess(segment, bytes, writes).Pack(), offset), 0, false);
    }

    /// <summary>Loads 1 to 8 bytes, zero-extended.</summary>
    public Value Load(LinearAddress address, int bytes)
    {
        CheckAlignment(address, bytes);
        var opcode = bytes switch { 1 => Opcode.Load8U, 2 => Opcode.Load16U, 4 => Opcode.Load32U, _ => Opcode.Load64 };
        var traits = (address.Is32 ? AccessTraits.Address32 : AccessTraits.None) | (address.IsForStore ? AccessTraits.ForStore : AccessTraits.None);
        return Ir.Load(opcode, address.Base, address.Displacement, traits);
    }

    /// <summary>Stores the low 1 to 8 bytes of a value.</summary>
    public void Store(LinearAddress address, int bytes, Value value)
    {
        CheckAlignment(address, bytes);
        var opcode = bytes switch { 1 => Opcode.Store8, 2 => Opcode.Store16, 4 => Opcode.Store32, _ => Opcode.Store64 };
        Ir.Store(opcode, address.Base, address.Displacement, value, address.Is32);
    }

    /// <summary>The linear address as one value.</summary>
    public Value AsValue(LinearAddress address)
    {
        var sum = Ir.Add(address.Base, address.Displacement);
        return address.Is32 ? Ir.ZeroExtend32(sum) : sum;
    }

    /// <summary>#AC where alignment is checked.</summary>
    public void CheckAlignment(LinearAddress address, int bytes)
    {
        if (bytes > 1 && Mode.Has(X86Mode.AlignmentCheck)) Ir.Call(SegmentHelpers.CheckAlignment, AsValue(address), bytes - 1);
    }

    // ES, SS and DS; FS and GS have bases of their own, and CS cannot be written in protected mode.
    private bool IsFlat(int segment) => Is64
        ? segment < FsNumber
        : segment != CsNumber && segment < FsNumber && Mode.Has(X86Mode.FlatData);

    // Base and index summed, not yet cut to the address size; the displacement apart.
    private (Value Sum, long Displacement) OffsetParts()
    {
        var i = Instruction;
        if (i.MemoryBase is Register.RIP or Register.EIP) return (Ir.CodeAddress((long)i.IPRelativeMemoryAddress), 0);
        long displacement = i.MemoryDisplSize == 0 ? 0 : (long)i.MemoryDisplacement64;
        if (AddressSize == 4) displacement = (int)displacement;
        Value sum = 0;
        if (i.MemoryIndex != Register.None)
        {
            var index = IrBuilder.Read(X86Slots.Of(i.MemoryIndex));
            int shift = System.Numerics.BitOperations.Log2((uint)i.MemoryIndexScale);
            sum = i.MemoryBase != Register.None && shift != 0
                ? Ir.ShlAdd(index, shift, IrBuilder.Read(X86Slots.Of(i.MemoryBase)))
                : Ir.Add(Ir.Shl(index, shift), i.MemoryBase != Register.None ? IrBuilder.Read(X86Slots.Of(i.MemoryBase)) : 0);
        }
        else if (i.MemoryBase != Register.None)
        {
            sum = IrBuilder.Read(X86Slots.Of(i.MemoryBase));
        }

        return (sum, displacement);
    }
}
