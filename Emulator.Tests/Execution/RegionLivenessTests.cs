using Emulator.Core.Backends.Cil;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Tests.Execution;

/// <summary>What a region loads at its entry, and which of its loops are laid out in rounds.</summary>
[TestFixture]
public sealed class RegionLivenessTests
{
    private const int Elsewhere = 0x800;
    private static readonly Slot Counter = new(StateSlots.FirstGuest);
    private static readonly Slot Other = new(StateSlots.FirstGuest + 1);
    private static readonly Slot Late = new(StateSlots.FirstGuest + 2);
    private static readonly Slot Result = new(StateSlots.FirstGuest + 3);

    [Test]
    public void A_branch_in_mid_block_needs_what_is_written_behind_it()
    {
        var plan = PlanOf(
            Block(
                0,
                ir =>
                {
                    ir.InstructionLength = 0x100;
                    ir.SkipIfEqual(IrBuilder.Read(Counter), IrBuilder.Read(Other));
                },
                ir => ir.Write(Late, 1),
                ir => ir.Jump(0x200 - ir.PcOffset)),
            Block(
                0x100,
                ir => ir.Write(Result, ir.Add(IrBuilder.Read(Late), 1)),
                ir => ir.Jump(Elsewhere)),
            Block(0x200, ir => ir.Jump(Elsewhere)));
        var liveness = new RegionLiveness(plan, new HelperTable());
        Assert.That(liveness.LiveAtEntry(plan.Blocks[0]).Contains(liveness.IndexOf(Late)), "read where the branch goes");
        Assert.That(liveness.LiveAtEntry(plan.Blocks[2]).Contains(liveness.IndexOf(Counter)), Is.False, "nothing reads it there");
    }

    [Test]
    public void A_loop_that_goes_back_at_its_end_is_a_trace()
    {
        var plan = PlanOf(Block(0, ir => ir.Write(Counter, ir.Add(IrBuilder.Read(Counter), 1)), ir => ir.Branch(Opcode.BranchNe, IrBuilder.Read(Counter), IrBuilder.Read(Other), -4)));
        Assert.That(LoopTrace.Find(plan, plan.Blocks[0]), Is.EqualTo(plan.Blocks));
    }

    [Test]
    public void A_loop_that_goes_back_from_its_middle_is_none()
    {
        var plan = PlanOf(Block(0, ir => ir.RetryUnless(IrBuilder.Read(Counter), IrBuilder.Read(Other)), ir => ir.Write(Counter, ir.Add(IrBuilder.Read(Counter), 1)), ir => ir.Jump(Elsewhere)));
        Assert.That(LoopTrace.Find(plan, plan.Blocks[0]), Is.Empty);
    }

    private static IrBlock Block(ushort offset, params Action<IrBuilder>[] instructions)
    {
        var ir = new IrBuilder();
        ir.Begin(offset, 0);
        foreach (var lift in instructions)
        {
            ir.BeginInstruction();
            ir.InstructionLength = 4;
            lift(ir);
            ir.EndInstruction();
        }

        return ir.Finish();
    }

    private static RegionPlan PlanOf(params IrBlock[] blocks)
    {
        var all = blocks.Select(ir => new RegionBlock(TranslationOf(ir), ir)).ToArray();
        return new RegionPlan { Blocks = [.. all], Entries = [all[0]], ReturnPoints = [] };
    }

    private static TranslatedBlock TranslationOf(IrBlock ir) => new()
    {
        Index = 0, Key = new BlockKey(ir.PcOffset, 0, false), ByteLength = ir.ByteLength, InstructionCount = ir.InstructionCount, Ram = null!, Offset = ir.PcOffset,
    };
}
