using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Core.Memory;
using Emulator.Machines;
using Emulator.Machines.RiscVVirt;

namespace Emulator.Tests.Machines;

/// <summary>A guest that spins on a word sees it change, however its loop is compiled: loads must not move out of loops.</summary>
[TestFixture]
public class SpinLoopTests
{
    private static readonly uint[] Program =
    [
        0x00001517, // auipc a0, 1
        0x00052283, // 1: lw t0, 0(a0)
        0xfe028ee3, // beqz t0, 1b
        0x00005337, // lui t1, 5
        0x55530313, // addi t1, t1, 0x555
        0x001003b7, // lui t2, 0x100
        0x0063a023, // sw t1, 0(t2): power off
        0x0000006f, // j .
    ];

    [Test]
    [CancelAfter(60_000)]
    public async Task A_word_written_from_outside_ends_the_loop([Values] EngineKind kind, CancellationToken cancellationToken)
    {
        byte[] code = [.. Program.SelectMany(BitConverter.GetBytes)];
        var description = RiscVVirtMachine.Describe(memory: 2.MiB()) with
        {
            Kernel = GuestImage.Parse(code, "spin"), Firmware = Firmware.None, Engine = new EngineOptions { Kind = kind, HotThreshold = 100 },
        };
        await using var vm = await VirtualMachine.StartAsync(description, cancellationToken);
        bool compiles = kind is EngineKind.Auto or EngineKind.Jit;
        while (compiles ? vm.Counters.RegionsCompiled == 0 : vm.InstructionCount < 1000) await Task.Delay(5, cancellationToken);
        await Task.Delay(20, cancellationToken);
        Assert.That(vm.Completion.IsCompleted, Is.False);
        vm.Memory.TryWriteUInt32(new GuestPhysicalAddress(0x8000_1000), 1);
        Assert.That(await vm.WaitForExitAsync(cancellationToken), Is.EqualTo(new MachineExit(MachineEnd.PowerOff, 0)));
    }
}
