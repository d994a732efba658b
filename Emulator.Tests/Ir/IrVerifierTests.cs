using Emulator.Core.Ir;

namespace Emulator.Tests.Ir;

/// <summary>The verifier finds what a lifter or a pass can get wrong.</summary>
[TestFixture]
public class IrVerifierTests
{
    private static readonly Slot Register = new(StateSlots.FirstGuest);
    private static readonly Slot Temporary = new(StateSlots.FirstTemporary);
    private static readonly IrInstruction Enter = new() { Opcode = Opcode.Enter, C = new Slot(1) };
    private static readonly IrInstruction End = new() { Opcode = Opcode.Jump, Immediate = 4 };

    [Test]
    public void A_sound_block_passes() =>
        Assert.That(Find(Enter, new IrInstruction { Opcode = Opcode.Add, Destination = Register, A = Register, B = Slot.Immediate, Immediate = 1 }, End), Is.Null);

    [Test]
    public void A_temporary_is_defined_before_use() =>
        Assert.That(Find(Enter, new IrInstruction { Opcode = Opcode.Copy, Destination = Register, A = Temporary }, End), Does.Contain("before it is defined"));

    [Test]
    public void A_temporary_ends_with_its_instruction() => Assert.That(
        Find(
            Enter with { C = new Slot(2) },
            new IrInstruction { Opcode = Opcode.Copy, Destination = Temporary, A = Register },
            new IrInstruction { Opcode = Opcode.Copy, Destination = Register, A = Temporary, InstructionIndex = 1 },
            End with { InstructionIndex = 1 }),
        Does.Contain("before it is defined"));

    [Test]
    public void Zero_is_never_written() =>
        Assert.That(Find(Enter, new IrInstruction { Opcode = Opcode.Const, Destination = Slot.Zero }, End), Does.Contain("zero slot"));

    [Test]
    public void Operands_are_as_the_row_says()
    {
        Assert.That(Find(Enter, new IrInstruction { Opcode = Opcode.Add, Destination = Register, A = Register }, End), Does.Contain("B must be a slot"));
        Assert.That(Find(Enter, new IrInstruction { Opcode = Opcode.Copy, A = Register }, End), Does.Contain("destination"));
        Assert.That(Find(Enter, new IrInstruction { Opcode = Opcode.Const, Destination = Register, A = Register }, End), Does.Contain("A is not used"));
    }

    [Test]
    public void A_block_starts_with_Enter_and_ends_with_one_terminator()
    {
        Assert.That(Find(End, End), Does.Contain("starts with Enter"));
        Assert.That(Find(Enter, End, End), Does.Contain("terminator"));
        Assert.That(Find(Enter, Enter), Does.Contain("terminator"));
    }

    private static string? Find(params IrInstruction[] instructions) => IrVerifier.FindError(new IrBlock
    {
        PcOffset = 0, ByteLength = 4, InstructionCount = instructions[0].C.Index, Mode = 0, Instructions = [.. instructions],
    });
}
