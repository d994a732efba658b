using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Core.Memory;
using Emulator.Machines;
using Emulator.Machines.RiscVVirt;

namespace Emulator.Tests.Machines;

/// <summary>A kernel's bytes are let go once they are in memory: a reset reads its file again, or says why it cannot.</summary>
[TestFixture]
public sealed class ResetFromFileTests
{
    private static readonly GuestPhysicalAddress FlagAddress = new(0x8000_1000);
    private static readonly uint[] Program =
    [
        0x00001517, // auipc a0, 1
        0x000073b7, // lui t2, 7
        0x77738393, // addi t2, t2, 0x777
        0x00100337, // lui t1, 0x100
        0x00052283, // 1: lw t0, 0(a0)
        0xfe028ee3, // beqz t0, 1b
        0x00732023, // sw t2, 0(t1): reset
        0x0000006f, // j .
    ];

    private string _path = "";

    [SetUp]
    public void WriteKernel()
    {
        _path = Path.GetTempFileName();
        File.WriteAllBytes(_path, [.. Program.SelectMany(BitConverter.GetBytes)]);
    }

    [TearDown]
    public void DeleteKernel() => File.Delete(_path);

    [Test]
    [CancelAfter(60_000)]
    public async Task A_reset_places_the_file_again(CancellationToken cancellationToken)
    {
        await using var machine = await StartAsync(cancellationToken);
        var code = new GuestPhysicalAddress(RiscVVirtMap.Ram);
        for (uint i = 0; i < 3; i++)
        {
            machine.Memory.TryWriteUInt32(code, i);
            await machine.ResetAsync(cancellationToken);
            machine.Memory.TryReadUInt32(code, out uint first);
            Assert.That(first, Is.EqualTo(Program[0]));
        }
    }

    [Test]
    [CancelAfter(60_000)]
    public async Task Without_the_file_a_reset_is_refused_and_the_machine_goes_on(CancellationToken cancellationToken)
    {
        await using var machine = await StartAsync(cancellationToken);
        File.Delete(_path);
        var refusal = await Assert.ThrowsAsync<IOException>(() => machine.ResetAsync(cancellationToken));
        Assert.That(refusal!.Message, Does.Contain(_path));
        ulong count = machine.InstructionCount;
        while (machine.InstructionCount == count) await Task.Delay(5, cancellationToken);
        Assert.That(machine.Completion.IsCompleted, Is.False);
    }

    [Test]
    [CancelAfter(60_000)]
    public async Task Without_the_file_a_reset_by_the_guest_ends_the_machine(CancellationToken cancellationToken)
    {
        await using var machine = await StartAsync(cancellationToken);
        File.AppendAllText(_path, "more");
        machine.Memory.TryWriteUInt32(FlagAddress, 1);
        var exit = await machine.WaitForExitAsync(cancellationToken);
        Assert.That(exit.End, Is.EqualTo(MachineEnd.InternalFault));
        Assert.That(exit.Fault, Is.TypeOf<MachineConfigurationException>().With.Message.EqualTo(
            $"riscv-virt: cannot be reset: {_path}: it has changed; expected the file that was loaded, to load it once more"));
    }

    private Task<VirtualMachine> StartAsync(CancellationToken cancellationToken) => VirtualMachine.StartAsync(
        RiscVVirtMachine.Describe(memory: 2.MiB()) with
        {
            Kernel = GuestImage.Load(_path), Firmware = Firmware.None, Engine = new EngineOptions { Kind = EngineKind.Interpreter },
        },
        cancellationToken);
}
