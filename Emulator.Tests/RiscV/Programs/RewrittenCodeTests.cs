using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Execution;
using Emulator.Tests.RiscV.RandomPrograms;

namespace Emulator.Tests.RiscV.Programs;

/// <summary>
/// A guest rewrites code and runs it until it is compiled, thousands of times, beside code in the same region that it leaves alone:
/// what was compiled before is freed.
/// </summary>
[TestFixture]
public sealed class RewrittenCodeTests
{
    private const string Isa = "rv64i_zifencei";
    private const int First = 800; // beyond what waits to be released together
    private const int Last = 2400;
    private const long MaxGrowth = 6 << 20; // what stays is 0.6 kB a generation; a region that is not freed takes 6.6

    private const int Passes = 200; // more than what is rewritten early is asked for
    private const int Heat = 10;
    private const int MostCompiled = 40;
    private const uint Finisher = 0x10_0000;
    private const uint PowerOff = 0x5555;
    private const uint Failure = 0x1_3333; // and a code of 1
    private const int Granule = 64; // of bytes, by which code is found first

    private const int Counter = 5;
    private const int Patched = 6;
    private const int Word = 7;
    private const int Left = 28;
    private const int Step = 29;
    private const int Sum = 30;

    [TestCase(EngineKind.Jit, false)]
    [TestCase(EngineKind.Auto, true)]
    [CancelAfter(120_000)]
    public async Task Memory_stays_bounded(EngineKind kind, bool isDeterministic, CancellationToken cancellationToken)
    {
        var engine = new EngineOptions { Kind = kind, IsDeterministic = isDeterministic, HotThreshold = Heat };
        await using var machine = MachineProgram.Create(engine, 1, Isa, Program(Passes));
        machine.Start();
        long before = await MemoryAtAsync(First);
        long after = await MemoryAtAsync(Last);
        TestContext.Out.WriteLine($"{before:n0} bytes after {First} regions, {after:n0} after {Last}");
        Assert.That(after - before, Is.LessThan(MaxGrowth));
        Assert.That(machine.Completion.IsCompleted, Is.False, "it rewrites code for ever");

        async Task<long> MemoryAtAsync(int regions)
        {
            while (machine.Counters.RegionsCompiled < regions) await Task.Delay(10, cancellationToken);
            await machine.PauseAsync(cancellationToken);
            GC.Collect();
            GC.WaitForPendingFinalizers(); // methods are freed by theirs
            long bytes = GC.GetTotalMemory(forceFullCollection: true);
            await machine.ResumeAsync(cancellationToken);
            return bytes;
        }
    }

    /// <summary>Code that is rewritten as soon as it is compiled is left to tier 0.</summary>
    [Test]
    [CancelAfter(120_000)]
    public async Task What_is_rewritten_early_is_not_compiled_again_and_again(CancellationToken cancellationToken)
    {
        var engine = new EngineOptions { IsDeterministic = true, HotThreshold = Heat };
        await using var machine = MachineProgram.Create(engine, 1, Isa, Program(passes: 2 * Heat));
        machine.Start();
        while (machine.Counters.BlocksInvalidated < 10_000) await Task.Delay(10, cancellationToken);
        Assert.That(machine.Counters.RegionsCompiled, Is.LessThan(MostCompiled));
    }

    /// <summary>A store next to translated code, on no byte of it, drops nothing; the code goes on with what it stored.</summary>
    [Test]
    public async Task Data_beside_code_is_no_code([Values] EngineKind kind, [Values(4, 8, 60, 512)] int distance)
    {
        const int Rounds = 3000;
        var a = new Assembler(new RiscVArchitecture(IsaConfiguration.Parse(Isa)));
        Label data = new(), loop = new(), wrong = new();
        a.AddressOf(Patched, data);
        a.Constant(Left, Rounds);
        a.Constant(Step, Rounds);
        a.Place(loop);
        a.Emit("lw", Word, Patched);
        a.Emit("addi", Word, Word, imm: 1);
        a.Emit("sw", rs1: Patched, rs2: Word);
        a.Emit("addi", Left, Left, imm: -1);
        a.To(loop, "bne", rs1: Left);
        a.To(wrong, "bne", rs1: Word, rs2: Step);
        Finish(a, PowerOff);
        a.Place(wrong);
        Finish(a, Failure);
        int end = a.Position;
        while (a.Position < end + distance - sizeof(uint)) a.Emit("addi");
        a.Place(data);
        a.Raw(0, sizeof(uint));
        var engine = new EngineOptions { Kind = kind, HotThreshold = Heat };
        await using var machine = MachineProgram.Create(engine, 1, Isa, a.Finish());
        await MachineProgram.AssertPasses(machine);
        Assert.That(machine.Counters.BlocksInvalidated, Is.Zero);
    }

    private static void Finish(Assembler a, uint value)
    {
        a.Constant(Counter, Finisher);
        a.Constant(Sum, value);
        a.Emit("sw", rs1: Counter, rs2: Sum);
        a.To(a.Here(), "jal");
    }

    private static byte[] Program(int passes)
    {
        var a = new Assembler(new RiscVArchitecture(IsaConfiguration.Parse(Isa)));
        Label patch = new(), inner = new(), outer = new();
        a.AddressOf(Patched, patch);
        a.Emit("lw", Word, Patched);
        a.Constant(Step, 1 << 20); // of the immediate
        a.Place(outer);
        a.Emit("add", Word, Word, Step);
        a.Emit("sw", rs1: Patched, rs2: Word);
        a.Emit("fence.i");
        a.Constant(Left, (ulong)passes);
        a.Emit("addi", Counter, Counter, imm: 1);
        while (a.Position % Granule != 0) a.Emit("addi");
        a.Place(inner);
        a.Place(patch);
        a.Emit("addi", Sum, Sum, imm: 1);
        a.Emit("addi", Left, Left, imm: -1);
        a.To(inner, "bne", rs1: Left);
        while (a.Position % Granule != 0) a.Emit("addi");
        a.To(outer, "jal");
        return a.Finish();
    }
}
