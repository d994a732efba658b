using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends;

/// <summary>
/// The definition of the IR in plain C#: executes one block and returns. It generates no code, so it also serves hosts that forbid
/// that; every other engine must agree with it.
/// </summary>
// SAFETY: slots are indexed by the verified IR; the state block has room for every slot index below StateSlots.Count.
internal static unsafe class ReferenceInterpreter
{
    /// <summary>
    /// Executes a block from its start: afterwards the program counter and the instruction count are exact, and the exit reason says
    /// whether the instruction there raised something.
    /// </summary>
    public static void Run(VirtualCpu cpu, IrBlock block)
    {
        var state = cpu.State;
        ulong* slots = (ulong*)state;
        int mmuIndex = cpu.Architecture.MmuIndexOf(block.Mode);
        var instructions = block.Instructions.AsSpan();
        for (int i = 0; i < instructions.Length; i++)
        {
            ref readonly var instruction = ref instructions[i];
            ulong a = Slot(slots, instruction.A);
            ulong b = instruction.BIsImmediate ? (ulong)instruction.Immediate : Slot(slots, instruction.B);
            ulong result;
            switch (instruction.Opcode)
            {
                case Opcode.Enter:
                    state->InstructionCount += instruction.C.Index;
                    continue;
                case Opcode.Const:
                    result = (ulong)instruction.Immediate;
                    break;
                case Opcode.CodeAddress:
                    result = state->CodePage + (ulong)instruction.Immediate;
                    break;
                case Opcode.ShlAdd:
                    result = IrEvaluator.Evaluate(Opcode.ShlAdd, a, b, (ulong)instruction.Immediate);
                    break;
                case Opcode.Select:
                    result = a != 0 ? b : Slot(slots, instruction.C);
                    break;
                case >= Opcode.Load8U and <= Opcode.Load64:
                    result = SlowMemory.Load(state, Address(a, instruction), (int)instruction.Opcode, mmuIndex | ForStore(instruction));
                    break;
                case >= Opcode.Store8 and <= Opcode.Store64:
                    SlowMemory.Store(state, Address(a, instruction), b, (int)instruction.Opcode, mmuIndex);
                    result = 0;
                    break;
                case Opcode.Fence:
                    Interlocked.MemoryBarrier();
                    continue;
                case >= Opcode.AtomicSwap and <= Opcode.StoreExclusive:
                    ulong expected = instruction.Opcode == Opcode.AtomicCompareExchange ? Slot(slots, instruction.C) : 0;
                    result = AtomicOperations.Execute(state, a, b, expected, AtomicOperations.Pack(instruction, mmuIndex));
                    break;
                case >= Opcode.FAdd and <= Opcode.FClassify:
                    ulong c = instruction.Info.Operands.HasFlag(OpcodeOperands.C) ? Slot(slots, instruction.C) : 0;
                    result = FloatOperations.Execute(instruction.Opcode, instruction.Immediate, a, b, c, ref state->FloatFlags);
                    break;
                case >= Opcode.VectorLoad and <= Opcode.CallVectorFloat:
                    result = VectorOperations.Execute(cpu, instruction, a, b, mmuIndex);
                    break;
                case Opcode.CallPure:
                    result = cpu.Architecture.Helpers[(int)instruction.Immediate].Pure!(a, b, Slot(slots, instruction.C));
                    break;
                case Opcode.CallCpu:
                    state->ProgramCounter = state->CodePage + instruction.PcOffset;
                    var helper = cpu.Architecture.Helpers[(int)instruction.Immediate];
                    bool isCalled = a != 0 || !helper.Effects.HasFlag(HelperEffects.OnCondition);
                    result = isCalled ? helper.Cpu!(cpu, a, b, Slot(slots, instruction.C)) : 0;
                    break;
                case >= Opcode.BranchEq and <= Opcode.BranchGeU:
                    if (!Holds(instruction.Opcode, a, b)) continue;
                    state->ProgramCounter = state->CodePage + (ulong)instruction.Immediate;
                    return;
                case Opcode.Jump or Opcode.Leave:
                    state->ProgramCounter = state->CodePage + (ulong)instruction.Immediate;
                    return;
                case Opcode.JumpIndirect:
                    state->ProgramCounter = (a + (ulong)instruction.Immediate) & ~(ulong)instruction.ClearedBits;
                    return;
                case Opcode.LeaveAtPc:
                    return;
                default:
                    result = IrEvaluator.Evaluate(instruction.Opcode, a, b, 0);
                    break;
            }

            if (state->ExitReason != ExitReason.None)
            {
                state->ProgramCounter = state->CodePage + instruction.PcOffset;
                state->InstructionCount -= block.InstructionCount - instruction.InstructionIndex;
                return;
            }

            if (instruction.Destination.IsCell && !instruction.Destination.IsVector) slots[instruction.Destination.Index] = result;
        }
    }

    /// <summary>The relation of a conditional branch.</summary>
    public static bool Holds(Opcode opcode, ulong a, ulong b) => opcode switch
    {
        Opcode.BranchEq => a == b,
        Opcode.BranchNe => a != b,
        Opcode.BranchLtS => (long)a < (long)b,
        Opcode.BranchGeS => (long)a >= (long)b,
        Opcode.BranchLtU => a < b,
        _ => a >= b,
    };

    private static ulong Slot(ulong* slots, Slot slot) => slot.IsCell ? slots[slot.Index] : 0;

    private static int ForStore(IrInstruction instruction) =>
        ((AccessTraits)instruction.C.Index & AccessTraits.ForStore) != 0 ? SlowMemory.ForStore : 0;

    private static ulong Address(ulong a, IrInstruction instruction)
    {
        ulong address = a + (ulong)instruction.Immediate;
        return ((AccessTraits)instruction.C.Index & AccessTraits.Address32) != 0 ? (uint)address : address;
    }
}
