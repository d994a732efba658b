using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Core.Backends.Threaded;

/// <summary>Pre-decodes IR blocks for tier 0 and links their exits. Called under the translation cache's lock.</summary>
// SAFETY: writes only operations that the arena gave out for the block at hand.
internal sealed unsafe class ThreadedBlockBuilder(Architecture architecture, EngineOptions options)
{
    private readonly Dictionary<ushort, nint> _jumpsToStraddling = []; // by page offset
    private readonly HandlerTable _handlers = new(architecture, options);
    private Handler[] _found = []; // while a block is built

    /// <summary>Makes a block's operations; after <paramref name="heat"/> entries it asks to be compiled.</summary>
    public void Build(TranslatedBlock block, ReadOnlySpan<IrInstruction> instructions, OpArena arena, long heat)
    {
        bool notesTargets = NotesTargets(instructions[^1]);
        var operations = arena.Allocate(instructions.Length + (notesTargets ? 1 : 0) + FarBranches(instructions));
        var next = operations + instructions.Length;
        if (notesTargets) JumpTargets.Clear(next++);
        int mmuIndex = architecture.MmuIndexOf(block.Key.Mode);
        if (_found.Length < instructions.Length) _found = new Handler[2 * instructions.Length];
        var handlers = _found.AsSpan(0, instructions.Length);
        for (int i = 0; i < instructions.Length; i++)
        {
            ref readonly var instruction = ref instructions[i];
            var operation = operations + i;
            handlers[i] = _handlers.Find(KeyOf(instruction, mmuIndex));
            *operation = new ThreadedOp
            {
                Destination = instruction.Destination.Index, A = instruction.A.Index, B = instruction.B.Index, C = instruction.C.Index,
                Immediate = instruction.Immediate, PcOffset = instruction.PcOffset, InstructionIndex = instruction.InstructionIndex,
                Block = block.Index,
            };
            operation->SetHandler(_handlers.AddressOf(handlers[i]));
            if (instruction.Opcode == Opcode.JumpIndirect) operation->C = (ushort)instruction.ClearedBits;
            if (!IsBranch(instruction) && instruction.Opcode != Opcode.Jump) continue;
            if (IsNear(instruction.Immediate))
            {
                operation->C = (ushort)instruction.Immediate;
                operation->Immediate = 0; // not linked
            }
            else if (IsBranch(instruction))
            {
                // taken: on to a jump of its own behind the block
                *next = *operation;
                SetHandler(next, FarJumpKey);
                operation->Immediate = (long)next++;
            }
        }

        operations->Immediate = heat;
        block.Entry = operations;
        if (!options.Optimises) return;
        var parts = architecture.ExpectsMisalignedAccesses ? FindRuns(instructions, operations, handlers, mmuIndex) : handlers;
        for (var operation = operations; parts.Length > 0;)
        {
            var handler = _handlers.FindSequence(parts);
            if (handler.Length > 1) operation->SetHandler(_handlers.AddressOf(handler)); // those inside keep their own, for who goes on there
            operation += handler.Length;
            parts = parts[handler.Parts..];
        }
    }

    /// <summary>Puts a common run's handler in place of those of its operations; gives how many are left.</summary>
    private Span<Handler> FindRuns(ReadOnlySpan<IrInstruction> instructions, ThreadedOp* operations, Span<Handler> handlers, int mmuIndex)
    {
        int parts = 0;
        for (int i = 0; i < instructions.Length;)
        {
            var run = AccessRun.At(instructions[i..]);
            var handler = FindRun(instructions[i..], ref run, mmuIndex);
            if (handler is not null) RunHandlers.SetWindow(operations + i, run);
            handlers[parts++] = handler ?? handlers[i];
            i += handler is null ? 1 : run.Length;
        }

        return handlers[..parts];
    }

    /// <summary>The handler of the longest common run that <paramref name="run"/> begins with, if any.</summary>
    private Handler? FindRun(ReadOnlySpan<IrInstruction> instructions, ref AccessRun run, int mmuIndex)
    {
        for (; run.Length > 1; run = AccessRun.At(instructions[..(run.Length - 1)]))
        {
            if (_handlers.FindRun(AccessRun.KeyOf(instructions[..run.Length], mmuIndex)) is { } handler) return handler;
        }

        return null;
    }

    private static int FarBranches(ReadOnlySpan<IrInstruction> instructions)
    {
        int count = 0;
        foreach (ref readonly var instruction in instructions)
        {
            if (IsBranch(instruction) && !IsNear(instruction.Immediate)) count++;
        }

        return count;
    }

    /// <summary>Links an exit that the dispatcher got back to a block's entry.</summary>
    public static void Link(ThreadedOp* from, TranslatedBlock target)
    {
        if (from->Immediate != 0) return; // another hart has
        target.Incoming = new IncomingLink((nint)from, target.Incoming);
        Volatile.Write(ref from->Immediate, (long)target.Entry);
    }

    /// <summary>
    /// Links an exit to the place of an instruction that lies on two virtual pages. What follows the first one depends on the address
    /// space, so that the way there is that of jumps to other pages: by the jump cache.
    /// </summary>
    public void LinkToStraddling(ThreadedOp* from, ushort pageOffset, OpArena arena)
    {
        if (from->Immediate != 0) return;
        if (!_jumpsToStraddling.TryGetValue(pageOffset, out nint jump))
        {
            jump = (nint)arena.Allocate(1);
            SetJump((ThreadedOp*)jump, pageOffset);
            _jumpsToStraddling.Add(pageOffset, jump);
        }

        Volatile.Write(ref from->Immediate, (long)jump);
    }

    /// <summary>Makes an operation that jumps to a page offset by the jump cache, or leaves to the dispatcher.</summary>
    public void SetJump(ThreadedOp* operation, ushort pageOffset)
    {
        *operation = new ThreadedOp { PcOffset = pageOffset, Immediate = pageOffset };
        SetHandler(operation, FarJumpKey);
    }

    /// <summary>The arena is emptied.</summary>
    public void Clear() => _jumpsToStraddling.Clear();

    /// <summary>Address of the handler that a dropped block's entry has.</summary>
    public nint DroppedHandler => _handlers.Get(DroppedKey);

    private static HandlerKey FarJumpKey => new(Opcode.Jump, false, HandlerForm.Far, 0);

    private static HandlerKey DroppedKey => new(Opcode.Enter, false, HandlerForm.Dropped, 0);

    /// <summary>Has the entry of a dropped block, and what was linked to it, leave to the dispatcher.</summary>
    public void Drop(TranslatedBlock block)
    {
        SetHandler(block.Entry, DroppedKey);
        for (var link = block.Incoming; link is not null; link = link.Next)
        {
            var from = (ThreadedOp*)link.Address;
            if (from->Immediate == (long)block.Entry) Volatile.Write(ref from->Immediate, 0);
        }

        block.Incoming = null;
    }

    /// <summary>Has an entry run compiled code.</summary>
    public static void Promote(ThreadedOp* entry, nint code) => entry->SetHandler(code);

    /// <summary>Has an entry run in tier 0 again, until it is hot once more.</summary>
    public void Demote(ThreadedOp* entry, long heat)
    {
        entry->Immediate = heat;
        SetHandler(entry, EnterKey);
    }

    /// <summary>Has an entry not count any more. A count that is under way could otherwise undo what <see cref="Demote"/> sets.</summary>
    public void Park(ThreadedOp* entry) => SetHandler(entry, ParkedKey);

    private static HandlerKey ParkedKey => new(Opcode.Enter, false, HandlerForm.Plain, 0);

    private HandlerKey EnterKey => options.Kind == EngineKind.Interpreter ? ParkedKey : new(Opcode.Enter, false, HandlerForm.Far, 0);

    private HandlerKey KeyOf(in IrInstruction instruction, int mmuIndex) => instruction.Opcode switch
    {
        Opcode.Enter => EnterKey,
        >= Opcode.Load8U and <= Opcode.Store64 => new(instruction.Opcode, false, HandlerForm.Plain, MemoryDetail.Pack(mmuIndex, instruction)),
        >= Opcode.AtomicSwap and <= Opcode.StoreExclusive => new(instruction.Opcode, false, HandlerForm.Plain, AtomicOperations.Pack(instruction, mmuIndex)),
        Opcode.VectorLoad or Opcode.VectorStore => new(instruction.Opcode, false, HandlerForm.Plain, MemoryDetail.Pack(mmuIndex, instruction)),
        Opcode.CallCpu or Opcode.CallPure or Opcode.CallVector or Opcode.CallVectorFloat => new(instruction.Opcode, false, HandlerForm.Plain, instruction.Immediate),
        >= Opcode.FAdd and <= Opcode.FClassify => new(instruction.Opcode, false, HandlerForm.Plain, instruction.Immediate),
        Opcode.Jump when !IsNear(instruction.Immediate) => FarJumpKey,
        Opcode.JumpIndirect => new(instruction.Opcode, false, NotesTargets(instruction) ? HandlerForm.Noting : HandlerForm.Plain, 0),
        Opcode.Jump or (>= Opcode.BranchEq and <= Opcode.BranchGeU) => new(instruction.Opcode, false, HandlerForm.Plain, 0),
        _ => new(instruction.Opcode, instruction.BIsImmediate, HandlerForm.Plain, 0),
    };

    /// <summary>Whether there is room behind a last operation for where it goes, see <see cref="JumpTargets"/>.</summary>
    public static bool NotesTargets(in IrInstruction instruction) => instruction.Opcode == Opcode.JumpIndirect && !instruction.IsReturn;

    private void SetHandler(ThreadedOp* operation, HandlerKey key) => operation->SetHandler(_handlers.Get(key));

    private static bool IsBranch(in IrInstruction instruction) => instruction.Opcode is >= Opcode.BranchEq and <= Opcode.BranchGeU;

    private static bool IsNear(long pageOffset) => pageOffset is >= 0 and < (long)GuestPage.Size;
}
