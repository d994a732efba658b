using System.Diagnostics;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Lifting;

/// <summary>An operand with its address, if it has one, worked out: it can be read and then written.</summary>
/// <param name="Bytes">Its size.</param>
/// <param name="Register">The general register, or None.</param>
/// <param name="Address">The memory operand's place otherwise.</param>
internal readonly record struct Place(int Bytes, Register Register, LinearAddress Address)
{
    public bool IsMemory => Register == Register.None;
}

/// <content>General operands of 1 to 8 bytes.</content>
internal sealed partial class X86Lifter
{
    /// <summary>Size of an operand in bytes.</summary>
    public int SizeOf(int operand) => Instruction.GetOpKind(operand) switch
    {
        OpKind.Register => Instruction.GetOpRegister(operand).GetSize(),
        OpKind.Immediate8 or OpKind.Immediate8_2nd => 1,
        OpKind.Immediate16 or OpKind.Immediate8to16 => 2,
        OpKind.Immediate32 or OpKind.Immediate8to32 => 4,
        OpKind.Immediate64 or OpKind.Immediate8to64 or OpKind.Immediate32to64 => 8,
        _ => Instruction.MemorySize.GetSize(),
    };

    /// <summary>Works out where an operand is; memory is checked for writing already if <paramref name="writes"/>.</summary>
    public Place PlaceOf(int operand, bool writes = false) => Instruction.GetOpKind(operand) == OpKind.Register
        ? new Place(SizeOf(operand), Instruction.GetOpRegister(operand), default)
        : new Place(SizeOf(operand), Register.None, MemoryOperand(SizeOf(operand), writes));

    /// <summary>The operand; bits above its size mean nothing.</summary>
    public Value Read(int operand)
    {
        var kind = Instruction.GetOpKind(operand);
        return kind is >= OpKind.Immediate8 and <= OpKind.Immediate32to64
            ? (long)Instruction.GetImmediate(operand)
            : Read(PlaceOf(operand));
    }

    /// <summary>The operand, zero-extended.</summary>
    public Value ReadZero(int operand) => ZeroExtend(Read(operand), SizeOf(operand));

    /// <summary>The operand, sign-extended.</summary>
    public Value ReadSigned(int operand) => SignExtend(Read(operand), SizeOf(operand));

    /// <summary>Writes the low bytes of a value to an operand that is not read.</summary>
    public void Write(int operand, Value value) => Write(PlaceOf(operand, writes: true), value);

    /// <summary>The content; bits above its size mean nothing.</summary>
    public Value Read(Place place) => place.IsMemory ? Load(place.Address, place.Bytes) : ReadRegister(place.Register);

    /// <summary>Writes the low bytes of a value. After this the value must not be used again.</summary>
    public void Write(Place place, Value value)
    {
        if (place.IsMemory) Store(place.Address, place.Bytes, value);
        else WriteRegister(place.Register, value);
    }

    /// <summary>A general register; bits above its size mean nothing.</summary>
    public Value ReadRegister(Register register)
    {
        var full = IrBuilder.Read(X86Slots.Of(register));
        return IsHighByte(register) ? Ir.ShrU(full, 8) : full;
    }

    /// <summary>Writes a general register: 32 bits clear the upper half, 8 and 16 bits leave the rest as it is.</summary>
    public void WriteRegister(Register register, Value value)
    {
        var slot = X86Slots.Of(register);
        int bytes = register.GetSize();
        if (bytes == 8) Ir.Write(slot, value);
        else if (bytes == 4) Ir.Write(slot, Ir.ZeroExtend32(value));
        else if (bytes == 2) Ir.Write(slot, Ir.Or(Ir.And(IrBuilder.Read(slot), ~0xffffL), Ir.ZeroExtend16(value)));
        else if (IsHighByte(register)) Ir.Write(slot, Ir.Or(Ir.And(IrBuilder.Read(slot), ~0xff00L), Ir.Shl(Ir.ZeroExtend8(value), 8)));
        else Ir.Write(slot, Ir.Or(Ir.And(IrBuilder.Read(slot), ~0xffL), Ir.ZeroExtend8(value)));
    }

    /// <summary>Part 0 to 3 of RAX, RCX, RDX, RBX by operand size: AL, AX, EAX, RAX and so on.</summary>
    public static Register GeneralRegister(int number, int bytes) => bytes switch
    {
        1 => Register.AL + number,
        2 => Register.AX + number,
        4 => Register.EAX + number,
        8 => Register.RAX + number,
        _ => throw new UnreachableException($"no register of {bytes} bytes"),
    };

    /// <summary>Zero-extends from a size in bytes.</summary>
    public Value ZeroExtend(Value value, int bytes) => bytes switch
    {
        1 => Ir.ZeroExtend8(value),
        2 => Ir.ZeroExtend16(value),
        4 => Ir.ZeroExtend32(value),
        _ => value,
    };

    /// <summary>Sign-extends from a size in bytes.</summary>
    public Value SignExtend(Value value, int bytes) => bytes switch
    {
        1 => Ir.SignExtend8(value),
        2 => Ir.SignExtend16(value),
        4 => Ir.SignExtend32(value),
        _ => value,
    };

    private static bool IsHighByte(Register register) => register is >= Register.AH and <= Register.BH;
}
