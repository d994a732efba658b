using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Cil;

/// <summary>How the result of an operation comes into its destination's local.</summary>
internal enum ResultForm : byte
{
    /// <summary>Where the operation stands, 64 bits.</summary>
    Full,

    /// <summary>32 bits where the operation stands, sign-extended in the exits that need it.</summary>
    Narrow,

    /// <summary>Computed in the exits that need it, if there are any.</summary>
    Deferred,
}

/// <summary>
/// Finds results of a block that need not be made in full where they stand, because they are written again before the block ends: what
/// only a rare exit in between would write back is left to that exit, and what is otherwise read as 32 bits is kept in 32 bits.
/// </summary>
internal sealed class DeferredResults
{
    private const int MaxExits = 4; // that make one result again: each costs CIL
    private const int None = -1;

    private readonly Result[] _results;

    private DeferredResults(int count) => _results = new Result[count];

    /// <summary>What is known of the result of one operation.</summary>
    private struct Result
    {
        public ResultForm Form;
        public bool IsReadFull;
        public bool IsReadNarrow;
        public bool IsSignExtended; // whatever the operands are
        public bool CanBeNarrow;
        public int A; // the operation that made the operand, or None
        public int B;
        public int C;
        public int NextWrite; // of the destination
        public int LastNeed; // the last exit that writes the result back
        public int ExitsBefore;
        public int LastExit; // here or before
    }

    /// <summary>Looks at the operations of a block.</summary>
    /// <param name="instructions">The operations.</param>
    /// <param name="mayExit">For each, whether it may leave by a rare exit, before its own result is written.</param>
    public static DeferredResults Find(ReadOnlySpan<IrInstruction> instructions, ReadOnlySpan<bool> mayExit)
    {
        var found = new DeferredResults(instructions.Length);
        int[] lastWrites = new int[StateSlots.Count]; // by slot, of the operation behind the writing one; zero for none
        int[] firstWrites = new int[StateSlots.Count];
        for (int start = 0; start < instructions.Length;)
        {
            int end = start;
            while (end < instructions.Length - 1 && !NeedsAll(instructions[end])) end++;
            Array.Clear(lastWrites); // filled with zeros: another value would be generic code, compiled at the start
            Array.Clear(firstWrites);
            found.FollowDown(instructions, mayExit, start, end, lastWrites, firstWrites);
            found.FollowUp(instructions, start, end, firstWrites);
            start = end + 1;
        }

        return found;
    }

    /// <summary>Where a result is made.</summary>
    public ResultForm FormOf(int index) => _results[index].Form;

    /// <summary>The results that an exit at an operation has to make, in this order.</summary>
    public List<int> NeededAt(int index)
    {
        var needed = new List<int>();
        for (int i = 0; i < index; i++)
        {
            if (_results[i].Form != ResultForm.Full && _results[i].LastNeed >= index) needed.Add(i);
        }

        return needed;
    }

    /// <summary>True for an operation on the low halves of its operands with a sign-extended result that is emitted inline.</summary>
    public static bool IsWordOperation(Opcode opcode) => opcode is (>= Opcode.Add32 and <= Opcode.Mul32) or Opcode.SignExtend32;

    // Goes on elsewhere, or calls what may read registers.
    private static bool NeedsAll(IrInstruction instruction) =>
        instruction.Opcode == Opcode.CallCpu || (instruction.Info.Effects & OpcodeEffects.Control) != 0;

    private void FollowDown(ReadOnlySpan<IrInstruction> instructions, ReadOnlySpan<bool> mayExit, int start, int end, int[] lastWrites, int[] firstWrites)
    {
        int exits = 0;
        int lastExit = None;
        for (int i = start; i <= end; i++)
        {
            var instruction = instructions[i];
            ref var result = ref _results[i];
            result.A = instruction.A.IsCell ? lastWrites[instruction.A.Index] - 1 : None;
            result.B = instruction.B.IsCell ? lastWrites[instruction.B.Index] - 1 : None;
            result.C = ReadsC(instruction) && instruction.C.IsCell ? lastWrites[instruction.C.Index] - 1 : None;
            result.NextWrite = end + 1;
            result.LastNeed = None;
            result.ExitsBefore = exits;
            if (mayExit[i])
            {
                exits++;
                lastExit = i;
            }

            result.LastExit = lastExit;
            result.IsSignExtended = IsSignExtended(instruction, result);
            result.CanBeNarrow = IsWordOperation(instruction.Opcode)
                || (result.IsSignExtended && IsBitwise(instruction.Opcode) && (CanBeNarrow(result.A) || CanBeNarrow(result.B)));
            if (!instruction.Destination.IsCell) continue;
            int slot = instruction.Destination.Index;
            if (lastWrites[slot] != 0) _results[lastWrites[slot] - 1].NextWrite = i;
            else firstWrites[slot] = i + 1;
            lastWrites[slot] = i + 1;
        }
    }

    private void FollowUp(ReadOnlySpan<IrInstruction> instructions, int start, int end, int[] firstWrites)
    {
        for (int i = end; i >= start; i--)
        {
            var instruction = instructions[i];
            ref var result = ref _results[i];
            if (instruction.Info.IsPure && instruction.Destination is { IsCell: true, IsVector: false }) result.Form = Choose(instructions, i, end, firstWrites);
            bool readsNarrow = result.Form == ResultForm.Narrow || IsWordOperation(instruction.Opcode) || IsExtension(instruction.Opcode);
            Read(result.A, i, readsNarrow);
            Read(result.B, i, readsNarrow || instruction.Opcode is >= Opcode.Store8 and <= Opcode.Store32);
            Read(result.C, i, false);
        }
    }

    private ResultForm Choose(ReadOnlySpan<IrInstruction> instructions, int index, int end, int[] firstWrites)
    {
        var instruction = instructions[index];
        ref var result = ref _results[index];
        if (instruction.Destination.IsTemporary)
        {
            // one that is not written again is done with when its instruction is
            if (result.NextWrite > end && instruction.InstructionIndex == instructions[end].InstructionIndex) return ResultForm.Full;
        }
        else
        {
            if (result.NextWrite >= end) return ResultForm.Full; // what ends the run needs all
            int exit = _results[result.NextWrite].LastExit;
            if (exit > index) result.LastNeed = Math.Max(result.LastNeed, exit);
        }

        if (result.IsReadFull) return ResultForm.Full;
        if (result.LastNeed != None && _results[result.LastNeed].ExitsBefore - result.ExitsBefore >= MaxExits) return ResultForm.Full;
        if (result.IsReadNarrow) return result.CanBeNarrow ? ResultForm.Narrow : ResultForm.Full;
        bool hold = Holds(instruction.A, result.A) && Holds(instruction.B, result.B) && (!ReadsC(instruction) || Holds(instruction.C, result.C));
        return hold ? ResultForm.Deferred : ResultForm.Full;

        // an operand that the operation itself would have overwritten keeps its value
        bool Holds(Slot operand, int maker)
        {
            if (!operand.IsCell || operand == Slot.Zero) return true;
            int write = maker == None ? firstWrites[operand.Index] - 1 : _results[maker].NextWrite;
            return write == None || write == index || write >= _results[index].LastNeed;
        }
    }

    private void Read(int maker, int reader, bool isNarrow)
    {
        if (maker == None) return;
        ref var operand = ref _results[maker];
        if (_results[reader].Form == ResultForm.Deferred)
        {
            // an exit is not to make a value that another value in the same place is made of
            if (operand.NextWrite == reader) operand.IsReadFull = true;
            operand.LastNeed = Math.Max(operand.LastNeed, _results[reader].LastNeed);
        }
        else if (isNarrow)
        {
            operand.IsReadNarrow = true;
        }
        else
        {
            operand.IsReadFull = true;
        }
    }

    private bool CanBeNarrow(int maker) => maker != None && _results[maker].CanBeNarrow;

    private bool IsSignExtended(IrInstruction instruction, in Result result)
    {
        switch (instruction.Opcode)
        {
            case >= Opcode.Add32 and <= Opcode.RemU32:
            case Opcode.SignExtend8 or Opcode.SignExtend16 or Opcode.SignExtend32 or Opcode.ZeroExtend8 or Opcode.ZeroExtend16:
            case Opcode.Load8U or Opcode.Load8S or Opcode.Load16U or Opcode.Load16S or Opcode.Load32S:
            case >= Opcode.SetEq and <= Opcode.SetLtU:
                return true;
            case Opcode.Const:
                return IsWord(instruction.Immediate);
            case Opcode.And when instruction.BIsImmediate && instruction.Immediate is >= 0 and <= int.MaxValue:
                return true;
            case Opcode.And or Opcode.Or or Opcode.Xor or Opcode.AndNot or Opcode.OrNot or Opcode.XorNot:
                return IsSignExtended(instruction.A, result.A) && (instruction.BIsImmediate ? IsWord(instruction.Immediate) : IsSignExtended(instruction.B, result.B));
            case Opcode.Copy:
                return IsSignExtended(instruction.A, result.A);
            default:
                return false;
        }
    }

    private bool IsSignExtended(Slot operand, int maker) => operand == Slot.Zero || (maker != None && _results[maker].IsSignExtended);

    private static bool IsWord(long value) => value == (int)value;

    private static bool IsBitwise(Opcode opcode) => opcode is Opcode.Copy or (>= Opcode.And and <= Opcode.XorNot);

    private static bool IsExtension(Opcode opcode) => opcode is >= Opcode.SignExtend8 and <= Opcode.ZeroExtend32;

    private static bool ReadsC(IrInstruction instruction) => instruction.Info.Operands.HasFlag(OpcodeOperands.C);
}
