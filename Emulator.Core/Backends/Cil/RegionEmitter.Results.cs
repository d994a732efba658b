using System.Diagnostics;
using System.Numerics;
using System.Reflection.Emit;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Cil;

/// <content>Results that are not made in full where they stand, and operations on 32 bits.</content>
internal sealed partial class RegionEmitter
{
    private readonly Dictionary<int, LocalBuilder> _narrowLocals = []; // by slot index
    private DeferredResults _results = null!;
    private bool[] _mayExit = [];
    private CellSet _narrow; // slots whose value is now in their narrow local only
    private int _index; // of the operation at hand
    private (int Index, Label Label)? _deferredStub;

    private void FindDeferredResults(RegionBlock block, int firstIndex)
    {
        var instructions = block.Ir.Instructions;
        _mayExit = new bool[instructions.Length];
        for (int i = 0; i < instructions.Length; i++) _mayExit[i] = MayExit(firstIndex + i, instructions[i]);
        _results = DeferredResults.Find(instructions.AsSpan(), _mayExit);
        _deferredStub = null;
    }

    private bool MayExit(int index, IrInstruction instruction) => instruction.Opcode switch
    {
        (>= Opcode.Load8U and <= Opcode.Store64) or Opcode.VectorLoad or Opcode.VectorStore =>
            !_groups.TryGetValue(index, out var group) || (index == group.First && !_windowOf.ContainsKey(group)),
        >= Opcode.AtomicSwap and <= Opcode.StoreExclusive => true,
        _ => instruction.Info.Effects == OpcodeEffects.Flags,
    };

    /// <summary>Emits an operation whose result is not wanted in full here.</summary>
    private bool TryDefer(IrInstruction instruction)
    {
        switch (_results.FormOf(_index))
        {
            case ResultForm.Deferred:
                MarkWritten(instruction.Destination);
                return true;
            case ResultForm.Narrow:
                EmitWord(instruction);
                LocalUses++;
                Il.Emit(OpCodes.Stloc, NarrowLocalOf(instruction.Destination));
                _narrow.Add(instruction.Destination);
                MarkWritten(instruction.Destination);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Where an exit of the operation at hand makes the results it needs; null when there are none.</summary>
    private Label? DeferredStub()
    {
        Debug.Assert(_mayExit[_index], "exits are known beforehand");
        if (_deferredStub is { } known && known.Index == _index) return known.Label;
        var needed = _results.NeededAt(_index);
        if (needed.Count == 0) return null;
        var label = Il.DefineLabel();
        _deferredStub = (_index, label);
        var dirty = _dirty;
        var results = _results;
        var instructions = _block.Ir.Instructions;
        _stubs.Add(() =>
        {
            Il.MarkLabel(label);
            foreach (int index in needed)
            {
                _current = instructions[index];
                if (results.FormOf(index) == ResultForm.Deferred)
                {
                    EmitComputation(_current, _architecture.Helpers);
                    continue;
                }

                LocalUses++;
                Il.Emit(OpCodes.Ldloc, NarrowLocalOf(_current.Destination));
                Il.Emit(OpCodes.Conv_I8);
                StoreResult();
            }

            Il.Emit(OpCodes.Br, TailOf(dirty, isLink: false).Label);
        });
        return label;
    }

    /// <summary>Leaves the low 32 bits of a result on the stack, of an operation that needs no more of its operands.</summary>
    private void EmitWord(IrInstruction instruction)
    {
        LoadWord(instruction.A);
        switch (instruction.Opcode)
        {
            case Opcode.Copy or Opcode.SignExtend32: break;
            case Opcode.Add32: Combine(OpCodes.Add); break;
            case Opcode.Sub32: Combine(OpCodes.Sub); break;
            case Opcode.Mul32: Combine(OpCodes.Mul); break;
            case Opcode.And: Combine(OpCodes.And); break;
            case Opcode.Or: Combine(OpCodes.Or); break;
            case Opcode.Xor: Combine(OpCodes.Xor); break;
            case Opcode.AndNot: CombineNot(OpCodes.And); break;
            case Opcode.OrNot: CombineNot(OpCodes.Or); break;
            case Opcode.XorNot: CombineNot(OpCodes.Xor); break;
            case Opcode.Shl32: Shift(OpCodes.Shl); break;
            case Opcode.ShrU32: Shift(OpCodes.Shr_Un); break;
            case Opcode.ShrS32: Shift(OpCodes.Shr); break;
            case Opcode.RotL32: Rotate(nameof(BitOperations.RotateLeft)); break;
            case Opcode.RotR32: Rotate(nameof(BitOperations.RotateRight)); break;
            default: throw new UnreachableException($"{instruction.Opcode} is none on words");
        }

        void Combine(OpCode opcode)
        {
            LoadWordB(~0);
            Il.Emit(opcode);
        }

        void CombineNot(OpCode opcode)
        {
            LoadWordB(~0);
            Il.Emit(OpCodes.Not);
            Il.Emit(opcode);
        }

        void Shift(OpCode opcode)
        {
            LoadWordB(WordShiftMask);
            Il.Emit(opcode);
        }

        void Rotate(string name)
        {
            LoadWordB(WordShiftMask);
            Il.Emit(OpCodes.Call, Static(typeof(BitOperations), name, typeof(uint), typeof(int)));
        }

        void LoadWordB(int mask)
        {
            if (instruction.BIsImmediate)
            {
                Il.Emit(OpCodes.Ldc_I4, (int)instruction.Immediate & mask);
                return;
            }

            LoadWord(instruction.B);
            if (mask == ~0) return;
            Il.Emit(OpCodes.Ldc_I4, mask);
            Il.Emit(OpCodes.And);
        }
    }

    private void LoadWord(Slot slot)
    {
        if (slot == Slot.Zero)
        {
            Il.Emit(OpCodes.Ldc_I4_0);
            return;
        }

        if (!_narrow.Contains(slot))
        {
            LoadSlot(slot);
            Il.Emit(OpCodes.Conv_I4);
            return;
        }

        LocalUses++;
        Il.Emit(OpCodes.Ldloc, NarrowLocalOf(slot));
    }

    private LocalBuilder NarrowLocalOf(Slot slot)
    {
        if (!_narrowLocals.TryGetValue(slot.Index, out var local))
        {
            local = Il.DeclareLocal(typeof(int));
            _narrowLocals.Add(slot.Index, local);
        }

        return local;
    }
}
