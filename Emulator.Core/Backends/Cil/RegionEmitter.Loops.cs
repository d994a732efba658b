using System.Reflection.Emit;
using System.Runtime.InteropServices;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Cil;

/// <content>Short loops are emitted several times over, so that accesses of consecutive rounds share a probe.</content>
internal sealed partial class RegionEmitter
{
    private const int MaxUnrolledInstructions = 40;
    private const int MaxRounds = 4;
    private const int MaxProbesAhead = 4;

    private (int PcOffset, Label Label)? _next; // where the run of operations at hand goes on

    /// <summary>
    /// At the head of a loop without forks: probes ahead for the accesses of a few rounds whose addresses are known distances from what
    /// registers hold now, and does the rounds. Falls through where a probe fails (a page's end, a miss): one round by itself follows.
    /// </summary>
    private void EmitUnrolled(RegionBlock head)
    {
        var trace = LoopTrace.Find(_plan, head);
        int length = RegionPlan.CountInstructions(trace);
        int rounds = trace.IsEmpty ? 0 : Math.Min(MaxRounds, MaxUnrolledInstructions / length);
        if (rounds < 2) return;
        var operations = new List<IrInstruction>(); // of a round
        foreach (var block in trace)
        {
            foreach (var instruction in block.Ir.Instructions) operations.Add(instruction);
        }

        var groups = AccessGroups.Find(CollectionsMarshal.AsSpan(operations), _architecture.Helpers, rounds, admitsStrides: true);
        var ahead = MostShared(groups.Values);
        int shared = 0;
        foreach (var group in ahead) shared += group.Count - 1;
        if (shared < rounds - 1) return; // nothing is shared between rounds

        var single = Il.DefineLabel();
        _groups = [];
        foreach (var (operation, group) in groups)
        {
            if (group.Stride is null || ahead.Contains(group)) _groups.Add(operation, group);
        }

        _windowOf.Clear();
        _block = head;
        foreach (var group in ahead) EmitProbeAhead(group, operations[group.First % operations.Count], single);
        int index = 0;
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < trace.Length; i++)
            {
                bool isLast = round == rounds - 1 && i == trace.Length - 1;
                var label = Il.DefineLabel();
                _next = isLast ? null : (trace[(i + 1) % trace.Length].Ir.PcOffset, label);
                EmitBody(trace[i], index);
                index += trace[i].Ir.Instructions.Length;
                Il.MarkLabel(label);
            }
        }

        Il.MarkLabel(single);
    }

    // Not OrderBy: sorting by numbers is generic code, compiled at the start.
    private static List<AccessGroup> MostShared(IEnumerable<AccessGroup> groups)
    {
        var shared = groups.Distinct().Where(static g => g.Base is not null).ToList();
        shared.Sort(static (a, b) => b.Count - a.Count);
        if (shared.Count > MaxProbesAhead) shared.RemoveRange(MaxProbesAhead, shared.Count - MaxProbesAhead);
        return shared;
    }

    private void EmitProbeAhead(AccessGroup group, IrInstruction instruction, Label failed)
    {
        var window = AddWindow(group);
        LoadSlot(group.Base!.Value);
        if (group.Start != 0)
        {
            Il.Emit(OpCodes.Ldc_I8, group.Start);
            Il.Emit(OpCodes.Add);
        }

        LocalUses += 8;
        Il.Emit(OpCodes.Stloc, _address);
        if (group.Stride is { } stride) EmitStrideCheck(stride, group, failed);
        EmitHostAddress(instruction, group.Span, admitsMisaligned: true, failed);
        Il.Emit(OpCodes.Conv_I8);
        if (group.Stride is not null)
        {
            Il.Emit(OpCodes.Ldloc, _address);
            Il.Emit(OpCodes.Sub);
        }

        Il.Emit(OpCodes.Stloc, window);
    }

    // The last access is on the page of the first, and so are those between: steps are forward and too small to go around.
    private void EmitStrideCheck(Slot stride, AccessGroup group, Label failed)
    {
        LoadSlot(stride);
        Il.Emit(OpCodes.Ldc_I8, (long)StateBlock.PageSize / group.Strides);
        Il.Emit(OpCodes.Bge_Un, failed);
        LocalUses += 2;
        Il.Emit(OpCodes.Ldloc, _address);
        Il.Emit(OpCodes.Ldloc, _address);
        LoadSlot(stride);
        Il.Emit(OpCodes.Ldc_I8, (long)group.Strides);
        Il.Emit(OpCodes.Mul);
        Il.Emit(OpCodes.Add);
        Il.Emit(OpCodes.Ldc_I8, (long)group.Span - 1);
        Il.Emit(OpCodes.Add);
        Il.Emit(OpCodes.Xor);
        Il.Emit(OpCodes.Ldc_I8, (long)StateBlock.PageSize);
        Il.Emit(OpCodes.Bge_Un, failed);
    }
}
