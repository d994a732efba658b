using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Core.Backends.Threaded;

/// <summary>Pre-decodes IR blocks for tier 0 and links their exits. Called under the translation cache's lock.</summary>
// SAFETY: writes only operations that the arena gave out for the block at hand.
internal sealed unsafe class ThreadedBlockBuilder(Architecture architecture, EngineOptions options)
{
    private readonly HandlerTable _handlers = new(architecture, options.IsDeterministic);

    /// <summary>Makes a block's operations.</summary>
    public void Build(TranslatedBlock block, IrBlock ir, OpArena arena)
    {
        int farBranches = 0;
        foreach (var instruction in ir.Instructions)
        {
            if (instruction.Info.IsBranch && !IsNear(instruction.Immediate)) farBranches++;
        }

        var operations = arena.Allocate(ir.Instructions.Length + farBranches);
        int mmuIndex = architecture.MmuIndexOf(ir.Mode);
        int next = ir.Instructions.Length;
        for (int i = 0; i < ir.Instructions.Length; i++)
        {
            var instruction = ir.Instructions[i];
            var operation = operations + i;
            *operation = new ThreadedOp
            {
                Destination = instruction.Destination.Index, A = instruction.A.Index, B = instruction.B.Index, C = instruction.C.Index,
                Immediate = instruction.Immediate, PcOffset = instruction.PcOffset, InstructionIndex = instruction.InstructionIndex,
                Block = block.Index,
            };
            SetHandler(operation, KeyOf(instruction, mmuIndex));
            if (instruction.Opcode == Opcode.Jump && IsNear(instruction.Immediate)) operation->C = (ushort)instruction.Immediate;
            if (!instruction.Info.IsBranch) continue;
            if (IsNear(instruction.Immediate))
            {
                operation->C = (ushort)instruction.Immediate;
            }
            else
            {
                // taken: on to a jump of its own behind the block
                var jump = operations + next++;
                *jump = *operation;
                SetHandler(jump, new HandlerKey(Opcode.Jump, false, HandlerForm.Far, 0));
                operation->Immediate = (long)jump;
                SetHandler(operation, new HandlerKey(instruction.Opcode, false, HandlerForm.Linked, 0));
            }
        }

        operations->Immediate = FirstCount;
        block.Entry = operations;
    }

    /// <summary>Links an exit that the dispatcher got back to a block's entry.</summary>
    public void Link(ThreadedOp* from, TranslatedBlock target)
    {
        if (!_opcodes.TryGetValue((long)from->Handler, out var opcode)) return;
        target.Incoming = new IncomingLink((nint)from, opcode, target.Incoming);
        from->Immediate = (long)target.Entry;
        Thread.MemoryBarrier(); // another hart must not see the handler before the target
        SetHandler(from, new HandlerKey(opcode, false, HandlerForm.Linked, 0));
    }

    /// <summary>Address of the handler that a dropped block's entry has.</summary>
    public nint DroppedHandler => _handlers.Get(DroppedKey);

    private static HandlerKey DroppedKey => new(Opcode.Enter, false, HandlerForm.Dropped, 0);

    /// <summary>Has the entry of a dropped block, and what was linked to it, leave to the dispatcher.</summary>
    public void Drop(TranslatedBlock block)
    {
        SetHandler(block.Entry, DroppedKey);
        for (var link = block.Incoming; link is not null; link = link.Next)
        {
            var from = (ThreadedOp*)link.Address;
            if (from->Immediate == (long)block.Entry) SetHandler(from, new HandlerKey(link.Opcode, false, HandlerForm.Unlinked, 0));
        }

        block.Incoming = null;
    }

    /// <summary>Has an entry run compiled code.</summary>
    public static void Promote(ThreadedOp* entry, nint code) => Volatile.Write(ref *(nint*)&entry->Handler, code);

    /// <summary>Has an entry run in tier 0 again, until it is hot once more.</summary>
    public void Demote(ThreadedOp* entry)
    {
        entry->Immediate = FirstCount;
        SetHandler(entry, EnterKey);
    }

    private readonly Dictionary<long, Opcode> _opcodes = []; // unlinked exits by handler address

    private long FirstCount => options.Kind == EngineKind.Jit ? 1 : options.HotThreshold;

    private HandlerKey EnterKey => new(Opcode.Enter, false, options.Kind == EngineKind.Interpreter ? HandlerForm.Plain : HandlerForm.Far, 0);

    private HandlerKey KeyOf(IrInstruction instruction, int mmuIndex) => instruction.Opcode switch
    {
        Opcode.Enter => EnterKey,
        >= Opcode.Load8U and <= Opcode.Store64 => new(instruction.Opcode, false, HandlerForm.Plain, MemoryDetail.Pack(mmuIndex, instruction)),
        >= Opcode.AtomicSwap and <= Opcode.StoreExclusive => new(instruction.Opcode, false, HandlerForm.Plain, AtomicOperations.Pack(instruction, mmuIndex)),
        Opcode.VectorLoad or Opcode.VectorStore => new(instruction.Opcode, false, HandlerForm.Plain, MemoryDetail.Pack(mmuIndex, instruction)),
        Opcode.CallCpu or Opcode.CallPure or Opcode.CallVector or Opcode.CallVectorFloat => new(instruction.Opcode, false, HandlerForm.Plain, instruction.Immediate),
        >= Opcode.FAdd and <= Opcode.FClassify => new(instruction.Opcode, false, HandlerForm.Plain, instruction.Immediate),
        Opcode.Jump when !IsNear(instruction.Immediate) => new(Opcode.Jump, false, HandlerForm.Far, 0),
        Opcode.Jump or (>= Opcode.BranchEq and <= Opcode.BranchGeU) => new(instruction.Opcode, false, HandlerForm.Unlinked, 0),
        _ => new(instruction.Opcode, instruction.BIsImmediate, HandlerForm.Plain, 0),
    };

    private void SetHandler(ThreadedOp* operation, HandlerKey key)
    {
        nint address = _handlers.Get(key);
        if (key.Form == HandlerForm.Unlinked) _opcodes[address] = key.Opcode;
        Volatile.Write(ref *(nint*)&operation->Handler, address);
    }

    private static bool IsNear(long pageOffset) => pageOffset is >= 0 and < (long)GuestPage.Size;
}
