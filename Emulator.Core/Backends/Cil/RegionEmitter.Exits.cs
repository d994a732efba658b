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
    private readonly List<Tail> _tails = [];

    /// <summary>What the ways out with the same registers to write back have in common.</summary>
    private sealed class Tail(SlotSet dirty, bool isLink, Label label)
    {
        public SlotSet Dirty => dirty;

        public bool IsLink => isLink;

        public Label Label => label;
    }

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
        ExitStub(new ExitPoint(instruction.PcOffset, Undone(instruction), reason), _dirty, DeferredStub());

    /// <summary>A stub that leaves.</summary>
    /// <param name="point">Where and why.</param>
    /// <param name="dirty">What to write back.</param>
    /// <param name="deferred">Where results are made before that, if any are to be.</param>
    private Label ExitStub(ExitPoint point, SlotSet dirty, Label? deferred = null)
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

            Il.Emit(OpCodes.Br, deferred ?? TailOf(dirty, isLink: false).Label);
        });
        return label;
    }

    /// <summary>Leaves for a block of the same page that is not part of the region.</summary>
    private void EmitLink(int slot, SlotSet dirty)
    {
        LocalUses++;
        Il.Emit(OpCodes.Ldc_I8, slot * (long)sizeof(long));
        Il.Emit(OpCodes.Stloc, _exit);
        Il.Emit(OpCodes.Br, TailOf(dirty, isLink: true).Label);
    }

    private Tail TailOf(SlotSet dirty, bool isLink)
    {
        foreach (var known in _tails)
        {
            if (known.IsLink == isLink && known.Dirty == dirty) return known;
        }

        var tail = new Tail(dirty, isLink, Il.DefineLabel());
        _tails.Add(tail);
        return tail;
    }

    private void EmitTails()
    {
        EmitTails(isLink: false, EmitEnd);
        EmitTails(isLink: true, EmitLinkEnd);
    }

    /// <summary>
    /// Emits what stubs go on with: of the sets of registers to write back, which grow along the code, each writes those that the largest
    /// set within it does not have and goes on with that one.
    /// </summary>
    private void EmitTails(bool isLink, Action emitEnd)
    {
        var tails = _tails.FindAll(t => t.IsLink == isLink);
        tails.Sort(static (a, b) => b.Dirty.Count - a.Dirty.Count);
        if (tails.Count == 0) return;
        if (tails[^1].Dirty != default) tails.Add(TailOf(default, isLink));
        var left = tails.ToList();
        while (left.Count > 0)
        {
            var tail = left[0];
            while (left.Remove(tail))
            {
                Il.MarkLabel(tail.Label);
                if (tail.Dirty == default)
                {
                    emitEnd();
                    break;
                }

                var rest = tails.Where(t => t.Dirty.Count < tail.Dirty.Count && t.Dirty.IsSubsetOf(tail.Dirty)).MaxBy(t => t.Dirty.Count)!;
                EmitWriteBack(tail.Dirty.Except(rest.Dirty));
                if (!left.Contains(rest)) Il.Emit(OpCodes.Br, rest.Label);
                tail = rest;
            }
        }
    }

    private void EmitLinkEnd()
    {
        LocalUses += 4;
        StoreCount();
        LoadStateAddress(StateOffsets.LinkTable);
        Il.Emit(OpCodes.Ldind_I);
        Il.Emit(OpCodes.Ldloc, _exit);
        Il.Emit(OpCodes.Conv_I);
        Il.Emit(OpCodes.Add);
        Il.Emit(OpCodes.Volatile); // read once: another hart may change it
        Il.Emit(OpCodes.Ldind_I);
        Il.Emit(OpCodes.Stloc, _entry);
        NativeCode.EmitEnter(Il, _entry);
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
