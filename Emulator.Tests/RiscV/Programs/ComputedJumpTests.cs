using Emulator.Arch.RiscV;
using Emulator.Core.Execution;
using Emulator.Tests.RiscV.Privileged;

namespace Emulator.Tests.RiscV.Programs;

/// <summary>
/// A loop that jumps by a table, as interpreters do, or calls by one: on every engine each operation of a random program is executed by its
/// own code, whether that is in the region, elsewhere on the page or on another one.
/// </summary>
[TestFixture]
public sealed class ComputedJumpTests
{
    private const ulong Start = HartFixture.RamStart;
    private const ulong OtherPage = Start + 0x1000;
    private const ulong Table = Start + 0x4000;
    private const ulong Program = Start + 0x8000;
    private const int Length = 3000;
    private const byte Ra = 1;

    [Test]
    public void Every_operation_is_done_by_its_own_code([Values] EngineKind engine, [Values(1, 3, 4, 9, 24)] int operations, [Values] bool calls)
    {
        int seed = TestContext.CurrentContext.Random.Next();
        var random = new Random(seed);
        using var machine = new HartFixture(engine: engine, hotThreshold: 20);
        var hart = machine.Hart;
        var architecture = (RiscVArchitecture)hart.Architecture;

        // s1 = 2 * s1 + the operation's number, by code that differs in place and length
        var near = new GuestProgram(architecture, Start);
        var far = new GuestProgram(architecture, OtherPage);
        near.Emit("lbu", GuestProgram.T0, GuestProgram.A0)
            .Emit("addi", GuestProgram.A0, GuestProgram.A0, immediate: 1)
            .Emit("slli", GuestProgram.T0, GuestProgram.T0, immediate: 3)
            .Emit("add", GuestProgram.T0, GuestProgram.T0, GuestProgram.A1)
            .Emit("ld", GuestProgram.T1, GuestProgram.T0)
            .Emit("jalr", calls ? Ra : (byte)0, GuestProgram.T1)
            .Branch("beq", 0, 0, Start);
        for (int i = 0; i < operations; i++)
        {
            var code = i % 5 == 4 ? far : near;
            for (int nops = random.Next(12); nops > 0; nops--) code.Emit("addi");
            machine.Write(Table + (8 * (ulong)i), 8, code.Here);
            code.Emit("slli", GuestProgram.T0, GuestProgram.S1, immediate: 1).Emit("addi", GuestProgram.S1, GuestProgram.T0, immediate: i);
            if (calls) code.Emit("jalr", rs1: Ra);
            else code.Emit("jal", immediate: (int)(Start - code.Here));
        }

        int perOperation = calls ? 10 : 9;
        machine.Load(Start, near.Bytes);
        machine.Load(OtherPage, far.Bytes);
        ulong expected = 0;
        for (int i = 0; i < Length; i++)
        {
            int operation = random.Next(operations);
            machine.Write(Program + (ulong)i, 1, (ulong)operation);
            expected = (2 * expected) + (ulong)operation;
        }

        hart[RiscVSlots.X(GuestProgram.A0)] = Program;
        hart[RiscVSlots.X(GuestProgram.A1)] = Table;
        hart.ProgramCounter = Start;
        machine.Run((ulong)(perOperation * Length));
        Assert.That(hart.ProgramCounter, Is.EqualTo(Start), $"seed {seed}");
        Assert.That(hart[RiscVSlots.X(GuestProgram.A0)], Is.EqualTo(Program + Length), $"seed {seed}");
        Assert.That(hart[RiscVSlots.X(GuestProgram.S1)], Is.EqualTo(expected), $"seed {seed}");
    }
}
