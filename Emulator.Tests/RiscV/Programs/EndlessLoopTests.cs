using Emulator.Core.Execution;
using Emulator.Machines;

namespace Emulator.Tests.RiscV.Programs;

/// <summary>A loop that touches no memory is interrupted all the same: its only way out is the attention flag.</summary>
[TestFixture]
public class EndlessLoopTests
{
    private const uint JumpToSelf = 0x0000_006f; // j .
    private const uint AddImmediate = 0x0012_8293; // addi t0, t0, 1
    private const uint JumpBack = 0xffdf_f06f; // j .-4

    [Test]
    public async Task A_jump_to_itself_can_be_stopped([Values] EngineKind engine) => await StopsWhenAsked(engine, JumpToSelf);

    [Test]
    public async Task A_counting_loop_can_be_stopped([Values] EngineKind engine) => await StopsWhenAsked(engine, AddImmediate, JumpBack);

    private static async Task StopsWhenAsked(EngineKind engine, params uint[] code)
    {
        await using var machine = MachineProgram.Create(engine, "rv64i", code);
        machine.Start();
        if (engine is EngineKind.Jit or EngineKind.Auto)
        {
            using var patience = new CancellationTokenSource(MachineProgram.Patience);
            while (machine.Counters.RegionsCompiled == 0 && !machine.Completion.IsCompleted) await Task.Delay(1, patience.Token);
        }

        machine.Stop();
        var exit = await machine.Completion.WaitAsync(MachineProgram.Patience);
        Assert.That(exit.End, Is.EqualTo(MachineEnd.Stopped), exit.Fault?.ToString());
    }
}
