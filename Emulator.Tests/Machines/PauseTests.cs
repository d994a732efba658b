using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Machines;
using Emulator.Tests.RiscV.Programs;
using Emulator.Tests.RiscV.RandomPrograms;

namespace Emulator.Tests.Machines;

/// <summary>A machine comes to its end however it is paused, reset and stopped at the same time, many times in a row, while its guest rewrites code.</summary>
[TestFixture]
public sealed class PauseTests
{
    private const string Isa = "rv64i_zifencei";
    private const string Auto = "auto";
    private const string Jit = "jit";
    private const string Deterministic = "deterministic";
    private const int Harts = 3;
    private const int Rounds = 12;
    private const int Heat = 10;
    private const int Patched = 6;
    private const int Word = 7;
    private const int Left = 28;
    private const int Sum = 30;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Test]
    public async Task A_paused_machine_can_be_disposed([Values(Auto, Jit, Deterministic)] string engine, [Values(1, 2)] int pauses)
    {
        for (int i = 0; i < Rounds; i++)
        {
            var machine = Start(engine);
            for (int p = 0; p < pauses; p++) await machine.PauseAsync().WaitAsync(Patience);
            await machine.DisposeAsync().AsTask().WaitAsync(Patience);
            Assert.That((await machine.Completion).End, Is.EqualTo(MachineEnd.Stopped));
        }
    }

    [Test]
    public async Task A_paused_machine_that_is_stopped_executes_nothing_more([Values(Auto, Jit, Deterministic)] string engine)
    {
        for (int i = 0; i < Rounds; i++)
        {
            await using var machine = Start(engine);
            await machine.PauseAsync().WaitAsync(Patience);
            ulong count = machine.InstructionCount;
            machine.Stop();
            Assert.That((await machine.Completion.WaitAsync(Patience)).End, Is.EqualTo(MachineEnd.Stopped));
            Assert.That(machine.InstructionCount, Is.EqualTo(count));
            await machine.PauseAsync().WaitAsync(Patience);
            await machine.ResumeAsync().WaitAsync(Patience);
        }
    }

    [Test]
    public async Task Whatever_is_asked_for_at_the_same_time_comes_to_an_end([Values(Auto, Jit, Deterministic)] string engine)
    {
        for (int i = 0; i < Rounds; i++)
        {
            var machine = Start(engine);
            await Task.WhenAll(
                Task.Run(() => machine.PauseAsync()),
                Task.Run(async () =>
                {
                    await machine.PauseAsync();
                    await machine.ResumeAsync();
                }),
                Task.Run(() => machine.ResetAsync()),
                Task.Run(machine.StopAsync),
                Task.Run(async () => await machine.DisposeAsync())).WaitAsync(Patience);
            Assert.That(machine.Completion.IsCompleted);
        }
    }

    [Test]
    public async Task Cancelling_ends_a_paused_machine_and_is_nothing_to_one_that_is_gone([Values(Auto, Jit, Deterministic)] string engine)
    {
        using var source = new CancellationTokenSource();
        using var late = new CancellationTokenSource();
        await using (var machine = await VirtualMachine.StartAsync(Describe(engine), source.Token))
        {
            await machine.PauseAsync(CancellationToken.None).WaitAsync(Patience);
            await source.CancelAsync();
            Assert.That((await machine.Completion.WaitAsync(Patience)).End, Is.EqualTo(MachineEnd.Stopped));
        }

        await (await VirtualMachine.StartAsync(Describe(engine), late.Token)).DisposeAsync();
        Assert.That(late.Cancel, Throws.Nothing);
    }

    private static EngineOptions OptionsOf(string engine) => new()
    {
        Kind = engine == Jit ? EngineKind.Jit : EngineKind.Auto, IsDeterministic = engine == Deterministic, HotThreshold = Heat,
    };

    private static VirtualMachine Start(string engine)
    {
        var machine = VirtualMachine.Create(Describe(engine));
        machine.Start();
        return machine;
    }

    private static MachineDescription Describe(string engine) => MachineProgram.Describe(OptionsOf(engine), Harts, Isa, GuestImage.Parse(Program(), "program"));

    // Rewrites an instruction, executes it until it is compiled, and does so again for ever.
    private static byte[] Program()
    {
        var a = new Assembler(new RiscVArchitecture(IsaConfiguration.Parse(Isa)));
        Label patch = new(), inner = new(), outer = new();
        a.AddressOf(Patched, patch);
        a.Emit("lw", Word, Patched);
        a.Place(outer);
        a.Emit("sw", rs1: Patched, rs2: Word);
        a.Emit("fence.i");
        a.Constant(Left, 4 * Heat);
        a.Place(inner);
        a.Place(patch);
        a.Emit("addi", Sum, Sum, imm: 1);
        a.Emit("addi", Left, Left, imm: -1);
        a.To(inner, "bne", rs1: Left);
        a.To(outer, "jal");
        return a.Finish();
    }
}
