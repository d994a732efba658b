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

    private const int Counter = 5;
    private const int Patched = 6;
    private const int Word = 7;
    private const int Passes = 28;
    private const int Step = 29;
    private const int Sum = 30;

    [TestCase(EngineKind.Jit, false)]
    [TestCase(EngineKind.Auto, true)]
    [CancelAfter(120_000)]
    public async Task Memory_stays_bounded(EngineKind kind, bool isDeterministic, CancellationToken cancellationToken)
    {
        var engine = new EngineOptions { Kind = kind, IsDeterministic = isDeterministic, HotThreshold = 10 };
        await using var machine = MachineProgram.Create(engine, 1, Isa, Program());
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

    private static byte[] Program()
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
        a.Constant(Passes, 40);
        a.Emit("addi", Counter, Counter, imm: 1);
        while (a.Position % 64 != 0) a.Emit("addi"); // what is rewritten is tracked by 64 bytes
        a.Place(inner);
        a.Place(patch);
        a.Emit("addi", Sum, Sum, imm: 1);
        a.Emit("addi", Passes, Passes, imm: -1);
        a.To(inner, "bne", rs1: Passes);
        while (a.Position % 64 != 0) a.Emit("addi");
        a.To(outer, "jal");
        return a.Finish();
    }
}
