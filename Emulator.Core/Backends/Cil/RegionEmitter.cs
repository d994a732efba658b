using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.Intrinsics;
using Emulator.Core.Backends.Threaded;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Core.Backends.Cil;

/// <summary>
/// Emits a region as one method: guest registers in IL locals, loaded at entry and written back where the region is left. Everything
/// rare leaves the region by a stub at the end and is done by the dispatcher, so that loops contain no calls.
/// </summary>
internal sealed partial class RegionEmitter : OperationEmitter
{
    /// <summary>RyuJIT stops optimising a method at about 8,000 uses of locals.</summary>
    public const int MaxLocalUses = 7000;

    private readonly RegionPlan _plan;
    private readonly Architecture _architecture;
    private readonly Func<BlockKey, int> _linkSlotOf;
    private readonly bool _isDeterministic;
    private readonly GuestPhysicalAddress? _directStart;
    private readonly RegionLiveness _liveness;
    private readonly Dictionary<int, LocalBuilder> _locals = []; // by slot index
    private readonly Dictionary<int, Label> _blockLabels = []; // by page offset
    private readonly Dictionary<int, int> _blockOrder = [];
    private readonly List<Action> _stubs = [];
    private readonly LocalBuilder _count;
    private readonly LocalBuilder _address;
    private readonly LocalBuilder _entry;
    private readonly LocalBuilder _exit;
    private IrInstruction _current;
    private RegionBlock _block = null!;
    private SlotSet _dirty;

    public RegionEmitter(ILGenerator il, RegionPlan plan, Architecture architecture, bool isDeterministic, GuestPhysicalAddress? directStart, Func<BlockKey, int> linkSlotOf)
        : base(il)
    {
        _plan = plan;
        _architecture = architecture;
        _isDeterministic = isDeterministic;
        _directStart = directStart;
        _linkSlotOf = linkSlotOf;
        _liveness = new RegionLiveness(plan, architecture.Helpers);
        _doubles = FindDoubles(plan);
        _count = il.DeclareLocal(typeof(long));
        _address = il.DeclareLocal(typeof(long));
        _entry = il.DeclareLocal(typeof(nint));
        _exit = il.DeclareLocal(typeof(long));
        if (HasArithmetic(plan, FloatFormat.Binary32)) _allExact = il.DeclareLocal(typeof(int));
        if (HasArithmetic(plan, FloatFormat.Binary64)) _limit = il.DeclareLocal(typeof(double));
    }

    /// <summary>Uses of IL locals emitted so far.</summary>
    public int LocalUses { get; private set; }

    /// <summary>Emits the whole method.</summary>
    public void Emit()
    {
        for (int i = 0; i < _plan.Blocks.Length; i++)
        {
            int offset = _plan.Blocks[i].Ir.PcOffset;
            _blockLabels[offset] = Il.DefineLabel();
            _blockOrder[offset] = i;
        }

        EmitPrologue();
        foreach (var block in _plan.Blocks) EmitBlock(block);
        _mayExit = [];
        for (int i = 0; i < _stubs.Count; i++) _stubs[i](); // a stub may add another
        EmitTails();
    }

    public override void LoadA() => LoadSlot(_current.A);

    public override void LoadB()
    {
        if (_current.BIsImmediate) LoadImmediate();
        else LoadSlot(_current.B);
    }

    public override void LoadC() => LoadSlot(_current.C);

    public override void LoadImmediate() => Il.Emit(OpCodes.Ldc_I8, _current.Immediate);

    public override void StoreResult() => Store(_current.Destination);

    public override void LoadVectorA() => LoadSlot(_current.A);

    public override void LoadVectorB() => LoadSlot(_current.B);

    public override void StoreVectorResult() => Store(_current.Destination);

    private void Store(Slot destination)
    {
        LocalUses++;
        if (IsDouble(destination)) FloatLocals.EmitDoubleFromBits(Il);
        Il.Emit(OpCodes.Stloc, LocalOf(destination));
        _narrow.Remove(destination);
        MarkWritten(destination);
    }

    private void MarkWritten(Slot destination)
    {
        int index = _liveness.IndexOf(destination);
        if (index >= 0) _dirty = _dirty.With(index);
    }

    // One code serves all entries: the operation that led here is the entry's, and tells its page offset.
    private void EmitPrologue()
    {
        foreach (var entry in _plan.Entries.Skip(1))
        {
            var label = Il.DefineLabel();
            Il.Emit(OpCodes.Ldarg_1);
            Il.Emit(OpCodes.Ldc_I4, ThreadedEmitter.PcOffsetOffset);
            Il.Emit(OpCodes.Conv_I);
            Il.Emit(OpCodes.Add);
            Il.Emit(OpCodes.Ldind_U2);
            Il.Emit(OpCodes.Ldc_I4, (int)entry.Ir.PcOffset);
            Il.Emit(OpCodes.Beq, label);
            _stubs.Add(() =>
            {
                Il.MarkLabel(label);
                EmitEntry(entry);
                Il.Emit(OpCodes.Br, _blockLabels[entry.Ir.PcOffset]);
            });
        }

        EmitEntry(_plan.Blocks[0]);
    }

    private void EmitEntry(RegionBlock entry)
    {
        EmitNoteOfUse();
        LoadGuestSlots(_liveness.LiveAtEntry(entry));
        EmitLookAtInexact();
        LoadStateAddress(StateOffsets.InstructionCount);
        Il.Emit(OpCodes.Ldind_I8);
        Il.Emit(OpCodes.Stloc, _count);
        EmitPoll(entry.Ir.PcOffset, default);
    }

    // It is in use, see RegionAging. Written only when that is news: all harts read the record to come here, and would take it from each other.
    private void EmitNoteOfUse()
    {
        var known = Il.DefineLabel();
        LoadNote();
        Il.Emit(OpCodes.Ldind_U2);
        Il.Emit(OpCodes.Brtrue, known);
        LoadNote();
        Il.Emit(OpCodes.Ldc_I4_1);
        Il.Emit(OpCodes.Stind_I2);
        Il.MarkLabel(known);

        void LoadNote()
        {
            Il.Emit(OpCodes.Ldarg_1);
            Il.Emit(OpCodes.Ldc_I4, ThreadedEmitter.DestinationOffset);
            Il.Emit(OpCodes.Conv_I);
            Il.Emit(OpCodes.Add);
        }
    }

    private void LoadGuestSlots(SlotSet slots)
    {
        for (int i = 0; i < _liveness.GuestSlots.Count; i++)
        {
            if (!slots.Contains(i)) continue;
            var slot = _liveness.GuestSlots[i];
            LoadStateAddress(slot.Index * 8);
            if (slot.IsVector) Il.Emit(OpCodes.Ldobj, typeof(Vector128<byte>));
            else Il.Emit(IsDouble(slot) ? OpCodes.Ldind_R8 : OpCodes.Ldind_I8);
            LocalUses++;
            Il.Emit(OpCodes.Stloc, LocalOf(slot));
        }
    }

    private void EmitBlock(RegionBlock block)
    {
        Il.MarkLabel(_blockLabels[block.Ir.PcOffset]);
        EmitUnrolled(block);
        FindAccessGroups(block);
        EmitBody(block, 0);
    }

    /// <summary>Emits the operations of a block; the first has an index by which its access group is found.</summary>
    private void EmitBody(RegionBlock block, int firstIndex)
    {
        _block = block;
        _dirty = _liveness.DirtyAtEntry(block);
        if (_isDeterministic) EmitLimitCheck(block);
        LocalUses += 2;
        Il.Emit(OpCodes.Ldloc, _count);
        Il.Emit(OpCodes.Ldc_I8, (long)block.Ir.InstructionCount);
        Il.Emit(OpCodes.Add);
        Il.Emit(OpCodes.Stloc, _count);
        FindDeferredResults(block, firstIndex);
        for (int i = 0; i < block.Ir.Instructions.Length; i++)
        {
            _current = block.Ir.Instructions[i];
            _index = i;
            if (!TryDefer(_current)) EmitInstruction(firstIndex + i, _current);
        }

        _narrow.Clear();
    }

    private void EmitInstruction(int index, IrInstruction instruction)
    {
        switch (instruction.Opcode)
        {
            case Opcode.Enter:
                break;
            case (>= Opcode.Load8U and <= Opcode.Store64) or Opcode.VectorLoad or Opcode.VectorStore:
                EmitMemory(index, instruction);
                break;
            case Opcode.Fence:
                Il.Emit(OpCodes.Call, typeof(Interlocked).GetMethod(nameof(Interlocked.MemoryBarrier), [])!);
                break;
            case >= Opcode.AtomicSwap and <= Opcode.StoreExclusive:
                EmitAtomic(instruction);
                break;
            case >= Opcode.FAdd and <= Opcode.FClassify:
                if (!TryEmitFloat(instruction)) EmitComputation(instruction, _architecture.Helpers);
                break;
            case Opcode.CallCpu:
                EmitCallCpu(instruction);
                break;
            case >= Opcode.BranchEq and <= Opcode.BranchGeU:
                EmitBranch(instruction);
                break;
            case Opcode.Jump:
                if (_next is { } next && next.PcOffset == instruction.Immediate) Il.Emit(OpCodes.Br, next.Label);
                else EmitGoTo(instruction.Immediate, _dirty, ControlFrom(_block));
                break;
            case Opcode.JumpIndirect:
                LoadA();
                LoadImmediate();
                Il.Emit(OpCodes.Add);
                Il.Emit(OpCodes.Ldc_I8, ~(long)instruction.ClearedBits);
                Il.Emit(OpCodes.And);
                EmitComputedJump();
                break;
            case Opcode.Leave:
                EmitWriteBack(_dirty);
                StoreCount();
                StoreProgramCounter(() => Il.Emit(OpCodes.Ldc_I8, instruction.Immediate));
                EmitReturnNothing();
                break;
            case Opcode.LeaveAtPc:
                EmitWriteBack(_dirty);
                StoreCount();
                EmitReturnNothing();
                break;
            case var word when DeferredResults.IsWordOperation(word):
                EmitWord(instruction);
                Il.Emit(OpCodes.Conv_I8);
                StoreResult();
                break;
            default:
                EmitComputation(instruction, _architecture.Helpers);
                break;
        }
    }

    private void EmitAtomic(IrInstruction instruction)
    {
        LoadState();
        LoadA();
        if (instruction.Info.Operands.HasFlag(OpcodeOperands.B)) LoadB();
        else Il.Emit(OpCodes.Ldc_I8, 0L);
        if (instruction.Info.Operands.HasFlag(OpcodeOperands.C)) LoadC();
        else Il.Emit(OpCodes.Ldc_I8, 0L);
        Il.Emit(OpCodes.Ldc_I4, AtomicOperations.Pack(instruction, _architecture.MmuIndexOf(_block.Key.Mode)));
        Il.Emit(OpCodes.Call, typeof(AtomicOperations).GetMethod(nameof(AtomicOperations.Execute))!);
        LocalUses += 2;
        Il.Emit(OpCodes.Stloc, _address);
        LoadStateAddress(StateOffsets.ExitReason);
        Il.Emit(OpCodes.Ldind_I4);
        Il.Emit(OpCodes.Brtrue, StepStub(instruction)); // done again alone, which gives the same fault
        Il.Emit(OpCodes.Ldloc, _address);
        StoreResult();
    }

    private void EmitCallCpu(IrInstruction instruction)
    {
        var helper = _architecture.Helpers[checked((int)instruction.Immediate)];
        bool touchesSlots = (helper.Effects & (HelperEffects.ReadsSlots | HelperEffects.WritesSlots)) != 0;
        var done = Il.DefineLabel();
        if (helper.Effects.HasFlag(HelperEffects.OnCondition))
        {
            Il.Emit(OpCodes.Ldc_I8, 0L);
            Il.Emit(OpCodes.Stloc, _address);
            LoadA();
            Il.Emit(OpCodes.Brfalse, done);
        }

        if (touchesSlots) EmitWriteBack(_dirty);
        StoreCount();
        StoreProgramCounter(() => Il.Emit(OpCodes.Ldc_I8, (long)instruction.PcOffset));
        LoadState();
        Il.Emit(OpCodes.Call, typeof(VirtualCpu).GetMethod(nameof(VirtualCpu.FromState), BindingFlags.Static | BindingFlags.NonPublic)!);
        LoadA();
        LoadB();
        LoadC();
        Il.Emit(OpCodes.Call, helper.Method);
        LocalUses += 2;
        Il.Emit(OpCodes.Stloc, _address);
        EmitLookAtInexact();
        if (helper.Effects.HasFlag(HelperEffects.MayFault))
        {
            var raised = Il.DefineLabel();
            LoadStateAddress(StateOffsets.ExitReason);
            Il.Emit(OpCodes.Ldind_I4);
            Il.Emit(OpCodes.Brtrue, raised);
            AddRaisedStub(raised, touchesSlots ? default : _dirty, instruction);
        }

        if (helper.Effects.HasFlag(HelperEffects.WritesSlots)) LoadGuestSlots(SlotSet.All);
        Il.MarkLabel(done);
        Il.Emit(OpCodes.Ldloc, _address);
        StoreResult();
    }

    // The helper has left its fault in the hart: program counter is set, the count loses what was not done.
    private void AddRaisedStub(Label label, SlotSet dirty, IrInstruction instruction)
    {
        int undone = Undone(instruction);
        _stubs.Add(() =>
        {
            Il.MarkLabel(label);
            EmitWriteBack(dirty);
            LoadStateAddress(StateOffsets.InstructionCount);
            LocalUses++;
            Il.Emit(OpCodes.Ldloc, _count);
            Il.Emit(OpCodes.Ldc_I8, (long)undone);
            Il.Emit(OpCodes.Sub);
            Il.Emit(OpCodes.Stind_I8);
            EmitReturnNothing();
        });
    }

    private int Undone(IrInstruction instruction) => _block.Ir.InstructionCount - instruction.InstructionIndex;

    private void EmitLimitCheck(RegionBlock block)
    {
        Il.Emit(OpCodes.Ldloc, _count);
        Il.Emit(OpCodes.Ldc_I8, (long)block.Ir.InstructionCount);
        Il.Emit(OpCodes.Add);
        LoadStateAddress(StateOffsets.InstructionLimit);
        Il.Emit(OpCodes.Ldind_I8);
        Il.Emit(OpCodes.Bgt, ExitStub(new ExitPoint(block.Ir.PcOffset, 0, ExitReason.Limit), _dirty));
        LocalUses++;
    }

    // Requests from outside are seen at the entry and on every way back.
    private void EmitPoll(int pcOffset, SlotSet dirty)
    {
        LoadStateAddress(StateOffsets.Attention);
        Il.Emit(OpCodes.Volatile); // or RyuJIT would look once, before the loop
        Il.Emit(OpCodes.Ldind_I4);
        Il.Emit(OpCodes.Brtrue, ExitStub(new ExitPoint(pcOffset, 0, ExitReason.None), dirty));
    }

    private void EmitBranch(IrInstruction instruction)
    {
        LoadA();
        LoadB();
        if (_next is { } next && next.PcOffset == instruction.Immediate)
        {
            Il.Emit(ControlHandlers.BranchOpCode(instruction.Opcode), next.Label);
            return;
        }

        bool isForward = _blockOrder.TryGetValue(checked((int)instruction.Immediate), out int order) && order > ControlFrom(_block);
        if (isForward)
        {
            Il.Emit(ControlHandlers.BranchOpCode(instruction.Opcode), _blockLabels[(int)instruction.Immediate]);
            return;
        }

        var taken = Il.DefineLabel();
        Il.Emit(ControlHandlers.BranchOpCode(instruction.Opcode), taken);
        var dirty = _dirty;
        int from = ControlFrom(_block);
        _stubs.Add(() =>
        {
            Il.MarkLabel(taken);
            EmitGoTo(instruction.Immediate, dirty, from);
        });
    }

    private int ControlFrom(RegionBlock block) => _blockOrder[block.Ir.PcOffset];

    /// <summary>Goes to a page offset: inside the region, or out of it by a link or the jump cache.</summary>
    private void EmitGoTo(long pcOffset, SlotSet dirty, int from)
    {
        if (pcOffset is >= 0 and < 4096 && _blockLabels.TryGetValue((int)pcOffset, out var label))
        {
            if (_blockOrder[(int)pcOffset] <= from) EmitPoll((int)pcOffset, dirty);
            Il.Emit(OpCodes.Br, label);
            return;
        }

        if (pcOffset is < 0 or >= 4096)
        {
            LoadStateSlot(StateSlots.CodePage);
            Il.Emit(OpCodes.Ldc_I8, pcOffset);
            Il.Emit(OpCodes.Add);
            LocalUses++;
            Il.Emit(OpCodes.Stloc, _address);
            EmitFarExit(dirty);
            return;
        }

        var key = _plan.Blocks[0].Key;
        EmitLink(_linkSlotOf(key with { Address = (key.Address & StateBlock.PageMask) + (ulong)pcOffset }), dirty);
    }

    /// <summary>Leaves for the virtual address at hand.</summary>
    private void EmitFarExit(SlotSet dirty)
    {
        LocalUses += 7;
        EmitWriteBack(dirty);
        StoreCount();
        JumpEmitter.Emit(Il, _address, _entry, _exit);
    }

    private void EmitWriteBack(SlotSet dirty)
    {
        for (int i = 0; i < _liveness.GuestSlots.Count; i++)
        {
            if (!dirty.Contains(i)) continue;
            var slot = _liveness.GuestSlots[i];
            LoadStateAddress(slot.Index * 8);
            LocalUses++;
            Il.Emit(OpCodes.Ldloc, LocalOf(slot));
            if (slot.IsVector) Il.Emit(OpCodes.Stobj, typeof(Vector128<byte>));
            else Il.Emit(IsDouble(slot) ? OpCodes.Stind_R8 : OpCodes.Stind_I8);
        }
    }

    private void StoreCount()
    {
        LoadStateAddress(StateOffsets.InstructionCount);
        LocalUses++;
        Il.Emit(OpCodes.Ldloc, _count);
        Il.Emit(OpCodes.Stind_I8);
    }

    private void StoreProgramCounter(Action loadPageOffset)
    {
        LoadStateAddress(StateOffsets.ProgramCounter);
        LoadStateSlot(StateSlots.CodePage);
        loadPageOffset();
        Il.Emit(OpCodes.Add);
        Il.Emit(OpCodes.Stind_I8);
    }

    private void EmitReturnNothing()
    {
        Il.Emit(OpCodes.Ldc_I4_0);
        Il.Emit(OpCodes.Conv_I);
        Il.Emit(OpCodes.Ret);
    }

    private void LoadSlot(Slot slot)
    {
        if (slot == Slot.Zero)
        {
            Il.Emit(OpCodes.Ldc_I8, 0L);
            return;
        }

        LocalUses++;
        if (_narrow.Contains(slot))
        {
            Il.Emit(OpCodes.Ldloc, NarrowLocalOf(slot));
            Il.Emit(OpCodes.Conv_I8);
            return;
        }

        Il.Emit(OpCodes.Ldloc, LocalOf(slot));
        if (IsDouble(slot)) Il.Emit(OpCodes.Call, FloatLocals.DoubleBits);
    }

    private LocalBuilder LocalOf(Slot slot)
    {
        if (!_locals.TryGetValue(slot.Index, out var local))
        {
            local = Il.DeclareLocal(slot.IsVector ? typeof(Vector128<byte>) : IsDouble(slot) ? typeof(double) : typeof(long));
            _locals.Add(slot.Index, local);
        }

        return local;
    }
}
