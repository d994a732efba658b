using System.Collections.Immutable;

namespace Emulator.Core.Ir;

/// <summary>
/// Builds one block. A lifter reads registers as values, computes, and writes memory, then registers: a value names a slot and is
/// read when the operation that uses it executes, so a register must not be written before its last use within an instruction.
/// Constants are folded on the way.
/// </summary>
public sealed partial class IrBuilder
{
    private const int UsualInstructions = 256;
    private IrInstruction[] _instructions = new IrInstruction[UsualInstructions];
    private int _count; // of them
    private ushort _nextTemporary;
    private ushort _nextVectorTemporary;
    private ushort _blockOffset;
    private ushort _instructionIndex;
    private int _instructionStart;
    private bool _isRetried;
    private int _afterSlotWriter; // operations before this one say nothing about guest slots now

    /// <summary>Offset of the current guest instruction from the start of its page, in bytes.</summary>
    public ushort PcOffset { get; private set; }

    /// <summary>Length of the current guest instruction in bytes; the lifter sets it before it builds.</summary>
    public int InstructionLength { get; set; }

    /// <summary>True once the block has its terminator.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>The mode that the block is built for, as the architecture encodes it.</summary>
    public uint Mode { get; private set; }

    /// <summary>Guest instructions finished so far.</summary>
    public int InstructionCount => _instructionIndex;

    /// <summary>Starts a new block.</summary>
    public void Begin(ushort pcOffset, uint mode)
    {
        _count = 0;
        _blockOffset = PcOffset = pcOffset;
        _instructionIndex = 0;
        _nextTemporary = 0;
        _nextVectorTemporary = 0;
        _instructionStart = 0;
        IsEnded = false;
        _isRetried = false;
        _afterSlotWriter = 0;
        Mode = mode;
        Emit(new IrInstruction { Opcode = Opcode.Enter, C = new Slot(0) });
    }

    /// <summary>Starts the next guest instruction, at the end of the one before.</summary>
    internal void BeginInstruction()
    {
        _nextTemporary = 0;
        _nextVectorTemporary = 0;
        _instructionStart = _count;
    }

    /// <summary>Ends the current guest instruction.</summary>
    internal void EndInstruction()
    {
        PcOffset = checked((ushort)(PcOffset + InstructionLength));
        if (!_isRetried) _instructionIndex++;
    }

    /// <summary>Finishes the block; without a terminator it goes on at the next instruction.</summary>
    internal IrBlock Finish()
    {
        EndBlock();
        return ToBlock();
    }

    /// <summary>Finishes the block, which stays here until the next one begins.</summary>
    internal void EndBlock()
    {
        if (!IsEnded)
        {
            _instructionIndex--;
            Emit(new IrInstruction { Opcode = Opcode.Jump, Immediate = PcOffset });
            _instructionIndex++;
        }

        _instructions[0] = _instructions[0] with { C = new Slot(_instructionIndex) };
    }

    /// <summary>Guest bytes of the finished instructions.</summary>
    internal int ByteLength => PcOffset - _blockOffset;

    /// <summary>The operations so far, for passes to improve when the block is finished.</summary>
    internal Span<IrInstruction> Instructions => _instructions.AsSpan(0, _count);

    /// <summary>Leaves the first of the operations, and no more.</summary>
    internal void Cut(int count) => _count = count;

    /// <summary>The finished block, to keep.</summary>
    internal IrBlock ToBlock() => new()
    {
        PcOffset = _blockOffset,
        ByteLength = ByteLength,
        InstructionCount = _instructionIndex,
        Mode = Mode,
        Instructions = ImmutableArray.Create(Instructions),
    };

    /// <summary>The content of a slot.</summary>
    public static Value Read(Slot slot) => Value.Of(slot);

    /// <summary>Writes a slot. The value must not be used again.</summary>
    public void Write(Slot slot, Value value)
    {
        if (value.IsConstant)
        {
            Emit(new IrInstruction { Opcode = Opcode.Const, Destination = slot, Immediate = value.Constant });
            return;
        }

        if (value.Slot == slot) return;
        int last = _count - 1;
        if (value.Slot.IsTemporary && last >= _instructionStart && _instructions[last].Destination == value.Slot)
        {
            _instructions[last] = _instructions[last] with { Destination = slot };
            return;
        }

        Emit(new IrInstruction { Opcode = Opcode.Copy, Destination = slot, A = value.Slot });
    }

    /// <summary>What a guest slot holds at this point, if an earlier operation of the block has made it a constant.</summary>
    public long? KnownConstant(Slot slot)
    {
        for (int i = _count - 1; i >= _afterSlotWriter; i--)
        {
            if (_instructions[i].Destination != slot) continue;
            return _instructions[i].Opcode == Opcode.Const ? _instructions[i].Immediate : null;
        }

        return null;
    }

    /// <summary>A copy that keeps its content when the slot behind <paramref name="value"/> is written.</summary>
    public Value Hold(Value value)
    {
        if (value.IsConstant) return value;
        var temporary = NewTemporary();
        Emit(new IrInstruction { Opcode = Opcode.Copy, Destination = temporary, A = value.Slot });
        return Value.Of(temporary);
    }

    private Value Unary(Opcode opcode, Value a)
    {
        if (a.IsConstant) return Value.Of((long)IrEvaluator.Evaluate(opcode, (ulong)a.Constant, 0, 0));
        var destination = NewTemporary();
        Emit(new IrInstruction { Opcode = opcode, Destination = destination, A = a.Slot });
        return Value.Of(destination);
    }

    private Value Binary(Opcode opcode, Value a, Value b)
    {
        if (a.IsConstant && b.IsConstant) return Value.Of((long)IrEvaluator.Evaluate(opcode, (ulong)a.Constant, (ulong)b.Constant, 0));
        if (a.IsConstant && OpcodeTable.Of(opcode).IsCommutative) (a, b) = (b, a);
        if (b.IsConstant && IsIdentity(opcode, b.Constant)) return a;
        var first = AsSlot(a);
        var destination = NewTemporary();
        Emit(new IrInstruction
        {
            Opcode = opcode, Destination = destination, A = first, B = b.Slot, Immediate = b.IsConstant ? b.Constant : 0,
        });
        return Value.Of(destination);
    }

    // x + 0 = x - 0 = x | 0 = x ^ 0 = x << 0 = x >> 0 = x; x & -1 = x
    private static bool IsIdentity(Opcode opcode, long constant) => opcode switch
    {
        Opcode.Add or Opcode.Sub or Opcode.Or or Opcode.Xor or Opcode.Shl or Opcode.ShrU or Opcode.ShrS or Opcode.AndNot => constant == 0,
        Opcode.And => constant == -1,
        _ => false,
    };

    private Slot AsSlot(Value value)
    {
        if (!value.IsConstant) return value.Slot;
        if (value.Constant == 0) return Slot.Zero;
        var temporary = NewTemporary();
        Emit(new IrInstruction { Opcode = Opcode.Const, Destination = temporary, Immediate = value.Constant });
        return temporary;
    }

    private Slot NewTemporary()
    {
        if (_nextTemporary >= StateSlots.Count - StateSlots.FirstTemporary)
        {
            throw new InvalidOperationException("one guest instruction needs too many temporaries");
        }

        return new Slot((ushort)(StateSlots.FirstTemporary + _nextTemporary++));
    }

    private void Emit(in IrInstruction instruction)
    {
        if (IsEnded) throw new InvalidOperationException("the block has ended");
        if (_count == _instructions.Length) Array.Resize(ref _instructions, 2 * _count);
        _instructions[_count++] = instruction with { PcOffset = PcOffset, InstructionIndex = _instructionIndex };
    }

    private void End(in IrInstruction instruction)
    {
        Emit(instruction);
        IsEnded = true;
    }
}
