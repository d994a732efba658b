using System.Reflection.Emit;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Cil;

/// <content>Loads and stores.</content>
internal sealed partial class RegionEmitter
{
    private readonly List<LocalBuilder> _windows = []; // of each group the host address of its first byte; with a stride what lies between guest and host addresses
    private readonly Dictionary<AccessGroup, LocalBuilder> _windowOf = [];
    private Dictionary<int, AccessGroup> _groups = [];

    private void FindAccessGroups(RegionBlock block)
    {
        _groups = block.HasSplitAccesses ? [] : AccessGroups.Find(block.Ir.Instructions.AsSpan(), _architecture.Helpers);
        _windowOf.Clear();
    }

    private void EmitMemory(int index, IrInstruction instruction)
    {
        if (_groups.TryGetValue(index, out var group)) EmitGroupedAddress(index, instruction, group);
        else EmitOwnAddress(instruction);

        if (instruction.Opcode == Opcode.Load64 && IsDouble(instruction.Destination))
        {
            Il.Emit(OpCodes.Volatile);
            Il.Emit(OpCodes.Ldind_R8);
            StoreDoubleResult();
            return;
        }

        if (instruction.Opcode == Opcode.Store64 && IsDouble(instruction.B))
        {
            LoadDouble(instruction.B);
            Il.Emit(OpCodes.Volatile);
            Il.Emit(OpCodes.Stind_R8);
            return;
        }

        if (!MemoryEmitter.IsStore(instruction.Opcode))
        {
            MemoryEmitter.EmitLoad(Il, instruction.Opcode);
            Store(instruction.Destination);
            return;
        }

        if (instruction.Info.BIsVector) LoadVectorB();
        else LoadB();
        MemoryEmitter.EmitStore(Il, instruction.Opcode);
    }

    /// <summary>Leaves the host address on the stack.</summary>
    private void EmitOwnAddress(IrInstruction instruction)
    {
        LoadGuestAddress(instruction);
        LocalUses += 7;
        Il.Emit(OpCodes.Stloc, _address);
        int size = MemoryEmitter.SizeOf(instruction.Opcode);
        bool admitsMisaligned = _architecture.ExpectsMisalignedAccesses && ((AccessTraits)instruction.C.Index & AccessTraits.Aligned) == 0;
        EmitHostAddress(instruction, size, admitsMisaligned, MissStub(instruction));
    }

    /// <summary>
    /// Leaves the host address of the bytes from the address at hand on on the stack, or goes to <paramref name="missed"/>. Where guest
    /// addresses are physical, what is in RAM is found by a comparison, and only else by the TLB.
    /// </summary>
    private void EmitHostAddress(IrInstruction instruction, int size, bool admitsMisaligned, Label missed)
    {
        int table = TableOf(instruction);
        if (!IsDirect(instruction))
        {
            MemoryEmitter.EmitProbe(Il, _address, _entry, table, size, admitsMisaligned, missed);
            return;
        }

        var elsewhere = Il.DefineLabel();
        var found = Il.DefineLabel();
        LocalUses += 5;
        Il.Emit(OpCodes.Ldloc, _address);
        Il.Emit(OpCodes.Ldc_I8, (long)_directStart!.Value.Value);
        Il.Emit(OpCodes.Sub);
        Il.Emit(OpCodes.Conv_I);
        Il.Emit(OpCodes.Stloc, _entry); // how far in that RAM
        Il.Emit(OpCodes.Ldloc, _entry);
        LoadStateAddress(StateOffsets.DirectLimit);
        Il.Emit(OpCodes.Ldind_I);
        Il.Emit(OpCodes.Bge_Un, elsewhere);
        Il.Emit(OpCodes.Ldloc, _entry);
        LoadStateAddress(StateOffsets.DirectHost);
        Il.Emit(OpCodes.Ldind_I);
        Il.Emit(OpCodes.Add);
        Il.Emit(OpCodes.Stloc, _entry);
        Il.MarkLabel(found);
        Il.Emit(OpCodes.Ldloc, _entry);
        _stubs.Add(() =>
        {
            LocalUses += 7;
            Il.MarkLabel(elsewhere);
            MemoryEmitter.EmitProbe(Il, _address, _entry, table, size, admitsMisaligned, missed);
            Il.Emit(OpCodes.Stloc, _entry);
            Il.Emit(OpCodes.Br, found);
        });
    }

    // Stores have to be seen where somebody watches for them, which the TLB knows.
    private bool IsDirect(IrInstruction instruction) =>
        _directStart is not null && !MemoryEmitter.IsStore(instruction.Opcode)
        && ((AccessTraits)instruction.C.Index & (AccessTraits.Aligned | AccessTraits.ForStore)) == 0
        && _architecture.MmuIndexOf(_block.Key.Mode) == _architecture.UntranslatedMmuIndex;

    /// <summary>A stub that has the dispatcher find the translation of the address at hand.</summary>
    private Label MissStub(IrInstruction instruction) =>
        StepStub(instruction, MemoryEmitter.IsStore(instruction.Opcode) ? ExitReason.WriteMiss : ExitReason.ReadMiss);

    private void EmitGroupedAddress(int index, IrInstruction instruction, AccessGroup group)
    {
        if (index == group.First && !_windowOf.ContainsKey(group)) EmitWindow(instruction, group);
        LocalUses++;
        if (group.Stride is not null)
        {
            LoadGuestAddress(instruction);
            Il.Emit(OpCodes.Ldloc, _windowOf[group]);
            Il.Emit(OpCodes.Add);
            Il.Emit(OpCodes.Conv_I);
            return;
        }

        Il.Emit(OpCodes.Ldloc, _windowOf[group]);
        long distance = group.OffsetOf(index) - group.Start;
        if (distance != 0)
        {
            Il.Emit(OpCodes.Ldc_I4, (int)distance);
            Il.Emit(OpCodes.Conv_I8);
            Il.Emit(OpCodes.Add);
        }

        Il.Emit(OpCodes.Conv_I);
    }

    /// <summary>Probes for a group's window, and keeps the host address of its first byte.</summary>
    private void EmitWindow(IrInstruction instruction, AccessGroup group)
    {
        var window = AddWindow(group);
        LoadGuestAddress(instruction);
        if (group.Start != group.OffsetOf(group.First))
        {
            Il.Emit(OpCodes.Ldc_I8, unchecked(group.Start - group.OffsetOf(group.First)));
            Il.Emit(OpCodes.Add);
        }

        LocalUses += 8;
        Il.Emit(OpCodes.Stloc, _address);
        int table = TableOf(instruction);
        var missed = Il.DefineLabel();
        var found = Il.DefineLabel();
        EmitHostAddress(instruction, group.Span, admitsMisaligned: true, missed);
        Il.Emit(OpCodes.Conv_I8);
        Il.Emit(OpCodes.Stloc, window);
        Il.MarkLabel(found);
        AddSplitStub(instruction, group, missed, found);
    }

    private LocalBuilder AddWindow(AccessGroup group)
    {
        if (_windowOf.Count == _windows.Count) _windows.Add(Il.DeclareLocal(typeof(long)));
        var window = _windows[_windowOf.Count];
        _windowOf.Add(group, window);
        return window;
    }

    // The window may lie on two pages that are neighbours in host memory too, as those of one RAM often are. Where the first page is that of
    // the probe's entry, it does: else the probe had not failed.
    private void AddSplitStub(IrInstruction instruction, AccessGroup group, Label missed, Label found)
    {
        var window = _windowOf[group];
        int table = TableOf(instruction);
        var step = MissStub(instruction);
        var split = StepStub(instruction, ExitReason.SplitAccess);
        int span = group.Span;
        _stubs.Add(() =>
        {
            LocalUses += 11;
            Il.MarkLabel(missed);
            MemoryEmitter.EmitComparison(Il, _address, _entry, table, 1, admitsMisaligned: false, step);
            Il.Emit(OpCodes.Conv_I8);
            Il.Emit(OpCodes.Stloc, window);
            Il.Emit(OpCodes.Ldloc, _address);
            Il.Emit(OpCodes.Ldc_I8, (long)span - 1);
            Il.Emit(OpCodes.Add);
            Il.Emit(OpCodes.Stloc, _address);
            MemoryEmitter.EmitProbe(Il, _address, _entry, table, 1, admitsMisaligned: false, step);
            Il.Emit(OpCodes.Conv_I8);
            Il.Emit(OpCodes.Ldc_I8, (long)span - 1);
            Il.Emit(OpCodes.Sub);
            Il.Emit(OpCodes.Ldloc, window);
            Il.Emit(OpCodes.Beq, found);
            Il.Emit(OpCodes.Br, split);
        });
    }

    private void LoadGuestAddress(IrInstruction instruction)
    {
        LoadA();
        if (instruction.Immediate != 0)
        {
            LoadImmediate();
            Il.Emit(OpCodes.Add);
        }

        if (((AccessTraits)instruction.C.Index & AccessTraits.Address32) == 0) return;
        Il.Emit(OpCodes.Conv_U4);
        Il.Emit(OpCodes.Conv_U8);
    }

    private int TableOf(IrInstruction instruction) =>
        StateBlock.TlbTableOffset(_architecture.MmuIndexOf(_block.Key.Mode), MemoryEmitter.IsStore(instruction.Opcode));
}
