using System.Reflection.Emit;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Cil;

/// <content>
/// The rare ways out, of which there are more than instructions. Each only says in a local where it left; writing back the registers,
/// counter and program counter is common to all.
/// </content>
internal sealed partial class RegionEmitter
{
    private readonly Dictionary<SlotSet, Label> _tails = [];

    /// <summary>Where a region is left, in one number.</summary>
    /// <param name="PcOffset">Page offset of the instruction to go on with.</param>
    /// <param name="Undone">Instructions that were counted and not done.</param>
    /// <param name="Reason">What the dispatcher does.</param>
    private readonly record struct ExitPoint(int PcOffset, int Undone, ExitReason Reason)
    {
        public const int UndoneShift = 16;
        public const int ReasonShift = 32;

        public long Packed => (uint)PcOffset | ((long)Undone << UndoneShift) | ((long)Reason << ReasonShift);
    }

    /// <summary>A stub that has the dispatcher execute the instruction alone.</summary>
    private Label StepStub(IrInstruction instruction, ExitReason reason = ExitReason.SingleStep) =>
        ExitStub(new ExitPoint(instruction.PcOffset, Undone(instruction), reason), _dirty);

    /// <summary>A stub that leaves.</summary>
    private Label ExitStub(ExitPoint point, SlotSet dirty)
    {
        var label = Il.DefineLabel();
        _stubs.Add(() =>
        {
            Il.MarkLabel(label);
            LocalUses++;
            Il.Emit(OpCodes.Ldc_I8, point.Packed);
            Il.Emit(OpCodes.Stloc, _exit);
            if (point.Reason is not (ExitReason.ReadMiss or ExitReason.WriteMiss))
            {
                LocalUses++;
                Il.Emit(OpCodes.Ldc_I8, 0L);
                Il.Emit(OpCodes.Stloc, _address); // is not to live until here
            }

            Il.Emit(OpCodes.Br, TailOf(dirty));
        });
        return label;
    }

    private Label TailOf(SlotSet dirty)
    {
        if (!_tails.TryGetValue(dirty, out var label)) _tails.Add(dirty, label = Il.DefineLabel());
        return label;
    }

    /// <summary>
    /// Emits what stubs go on with: of the sets of registers to write back, which grow along the code, each writes those that the largest
    /// set within it does not have and goes on with that one.
    /// </summary>
    private void EmitTails()
    {
        if (_tails.Count == 0) return;
        _ = TailOf(default);
        var left = _tails.Keys.OrderByDescending(s => s.Count).ToList();
        while (left.Count > 0)
        {
            var set = left[0];
            while (left.Remove(set))
            {
                Il.MarkLabel(_tails[set]);
                if (set == default)
                {
                    EmitEnd();
                    break;
                }

                var rest = _tails.Keys.Where(s => s.Count < set.Count && s.IsSubsetOf(set)).MaxBy(s => s.Count);
                EmitWriteBack(set.Except(rest));
                if (!left.Contains(rest)) Il.Emit(OpCodes.Br, _tails[rest]);
                set = rest;
            }
        }
    }

    private void EmitEnd()
    {
        LocalUses += 5;
        LoadStateAddress(StateOffsets.InstructionCount);
        Il.Emit(OpCodes.Ldloc, _count);
        Il.Emit(OpCodes.Ldloc, _exit);
        Il.Emit(OpCodes.Ldc_I4, ExitPoint.UndoneShift);
        Il.Emit(OpCodes.Shr_Un);
        Il.Emit(OpCodes.Conv_U2);
        Il.Emit(OpCodes.Conv_U8);
        Il.Emit(OpCodes.Sub);
        Il.Emit(OpCodes.Stind_I8);
        StoreProgramCounter(() =>
        {
            Il.Emit(OpCodes.Ldloc, _exit);
            Il.Emit(OpCodes.Conv_U2);
            Il.Emit(OpCodes.Conv_U8);
        });
        LoadStateAddress(StateOffsets.MissAddress);
        Il.Emit(OpCodes.Ldloc, _address);
        Il.Emit(OpCodes.Stind_I8);
        LoadStateAddress(StateOffsets.ExitReason);
        Il.Emit(OpCodes.Ldloc, _exit);
        Il.Emit(OpCodes.Ldc_I4, ExitPoint.ReasonShift);
        Il.Emit(OpCodes.Shr_Un);
        Il.Emit(OpCodes.Conv_I4);
        Il.Emit(OpCodes.Stind_I4);
        EmitReturnNothing();
    }
}
