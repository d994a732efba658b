using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Core.Memory;
using Emulator.Devices.Storage;
using Emulator.Machines;
using Emulator.Machines.RiscVVirt;
using Emulator.Tests.Images;

namespace Emulator.Tests.Machines;

/// <summary>Flash on the board: guests run from it, read it as memory, and see the chip as soon as it is in another mode.</summary>
[TestFixture]
public class FlashTests
{
    private const ulong FlashStart = 0x2000_0000;
    private const ulong FlashSize = 0x200_0000;

    // In bank 0, for bank 1: reads array and status in turns in a loop; programs "li a0, 7; ret" and calls it; clears a bit of it
    // and calls it again. Ends with success or with code 1.
    private static readonly uint[] Programmer =
    [
        0x22000437, // 00: lui s0, 0x22000
        0x007004b7, // 04: lui s1, 0x700
        0x0704849b, // 08: addw s1, s1, 112
        0x00ff0937, // 0c: lui s2, 0xff0
        0x0ff9091b, // 10: addw s2, s2, 255
        0x008009b7, // 14: lui s3, 0x800
        0x0809899b, // 18: addw s3, s3, 128
        0x00001a37, // 1c: lui s4, 0x1
        0xbb8a0a1b, // 20: addw s4, s4, -1096
        0x00042283, // 24: lw t0, 0(s0)
        0x00942023, // 28: sw s1, 0(s0)
        0x00042303, // 2c: lw t1, 0(s0)
        0x07331863, // 30: bne t1, s3, a0
        0x01242023, // 34: sw s2, 0(s0)
        0x00042303, // 38: lw t1, 0(s0)
        0x06531263, // 3c: bne t1, t0, a0
        0xfffa0a13, // 40: add s4, s4, -1
        0xfe0a10e3, // 44: bnez s4, 24
        0x00040593, // 48: mv a1, s0
        0x00700637, // 4c: lui a2, 0x700
        0x5136061b, // 50: addw a2, a2, 1299
        0x060000ef, // 54: jal b4
        0x00440593, // 58: add a1, s0, 4
        0x00008637, // 5c: lui a2, 0x8
        0x0676061b, // 60: addw a2, a2, 103
        0x050000ef, // 64: jal b4
        0x000400e7, // 68: jalr s0
        0x00700293, // 6c: li t0, 7
        0x02551863, // 70: bne a0, t0, a0
        0x00040593, // 74: mv a1, s0
        0x3fd0061b, // 78: addw a2, zero, 1021
        0x01661613, // 7c: sll a2, a2, 0x16
        0xfff60613, // 80: add a2, a2, -1
        0x030000ef, // 84: jal b4
        0x000400e7, // 88: jalr s0
        0x00300293, // 8c: li t0, 3
        0x00551863, // 90: bne a0, t0, a0
        0x00005537, // 94: lui a0, 0x5
        0x5555051b, // 98: addw a0, a0, 1365
        0x00c0006f, // 9c: j a8
        0x00013537, // a0: lui a0, 0x13
        0x3335051b, // a4: addw a0, a0, 819
        0x001002b7, // a8: lui t0, 0x100
        0x00a2a023, // ac: sw a0, 0(t0)
        0x0000006f, // b0: j b0
        0x004002b7, // b4: lui t0, 0x400
        0x0402829b, // b8: addw t0, t0, 64
        0x0055a023, // bc: sw t0, 0(a1)
        0x00c5a023, // c0: sw a2, 0(a1)
        0x0005a283, // c4: lw t0, 0(a1)
        0xfd329ce3, // c8: bne t0, s3, a0
        0x0125a023, // cc: sw s2, 0(a1)
        0x00008067, // d0: ret
    ];

    // In bank 0, for two harts: hart 1 reads bank 1 in a loop and counts at 0x80001008; when it has often read cells, hart 0 puts the flash
    // into status mode, hart 1 sees that and says so, and hart 0 ends the machine.
    private static readonly uint[] Watcher =
    [
        0xf14022f3, // 00: csrr t0, mhartid
        0x22000437, // 04: lui s0, 0x22000
        0x60001497, // 08: auipc s1, 0x60001
        0x008009b7, // 0c: lui s3, 0x800
        0x0809899b, // 10: addw s3, s3, 128
        0x02029e63, // 14: bnez t0, 50
        0x0004a283, // 18: lw t0, 0(s1)
        0x00001337, // 1c: lui t1, 0x1
        0x3883031b, // 20: addw t1, t1, 904
        0xfe62eae3, // 24: bltu t0, t1, 18
        0x007002b7, // 28: lui t0, 0x700
        0x0702829b, // 2c: addw t0, t0, 112
        0x00542023, // 30: sw t0, 0(s0)
        0x0044a283, // 34: lw t0, 4(s1)
        0xfe028ee3, // 38: beqz t0, 34
        0x001002b7, // 3c: lui t0, 0x100
        0x00005337, // 40: lui t1, 0x5
        0x55530313, // 44: add t1, t1, 1365
        0x0062a023, // 48: sw t1, 0(t0)
        0x0000006f, // 4c: j 4c
        0x00042283, // 50: lw t0, 0(s0)
        0x00138393, // 54: add t2, t2, 1
        0x0074a023, // 58: sw t2, 0(s1)
        0xff329ae3, // 5c: bne t0, s3, 50
        0x0134a223, // 60: sw s3, 4(s1)
        0x0000006f, // 64: j 64
    ];

    // lui t0, 0x100; lui t1, 5; addi t1, t1, 0x555; sw t1, 0(t0); j .
    private static readonly uint[] PowerOff = [0x001002b7, 0x00005337, 0x55530313, 0x0062a023, 0x0000006f];

    private static readonly MachineExit Success = new(MachineEnd.PowerOff, 0);

    [Test]
    public Task A_guest_programs_flash_and_runs_what_it_has_programmed([Values] EngineKind kind, [Values] bool isDeterministic) =>
        SucceedsAsync(Describe(kind, isDeterministic, 1) with { Flash = [FlashImage.FromMemory(Bytes(Programmer), isWriteProtected: true)], Firmware = Firmware.None });

    [Test]
    public Task Another_hart_sees_the_mode_change([Values] EngineKind kind, [Values] bool isDeterministic) =>
        SucceedsAsync(Describe(kind, isDeterministic, 2) with { Flash = [FlashImage.FromMemory(Bytes(Watcher))], Firmware = Firmware.None });

    [Test]
    public Task Our_firmware_starts_the_flash() => SucceedsAsync(Describe() with { Flash = [FlashImage.FromMemory(Bytes(PowerOff))] });

    [Test]
    public Task A_firmware_image_is_told_of_the_flash() => SucceedsAsync(Describe() with
    {
        Flash = [FlashImage.FromMemory(Bytes(PowerOff))],
        Firmware = Firmware.FromImage(GuestImage.Parse(Bytes(0x01063383, 0x00038067), "ld t2, 16(a2); jr t2")), // fw_dynamic_info.next_addr
    });

    [Test]
    public Task A_kernel_is_started_all_the_same() => SucceedsAsync(Describe() with
    {
        Flash = [FlashImage.FromMemory(Bytes(0x0000006f))], // j .
        Firmware = Firmware.BuiltIn,
        Kernel = GuestImage.Parse(Bytes(PowerOff), "power off"),
    });

    [Test]
    public async Task Both_banks_are_there_and_described_as_soon_as_there_is_one_image()
    {
        await using var machine = VirtualMachine.Create(Describe() with { Flash = [FlashImage.FromMemory(new byte[] { 1, 2, 3, 4 })] });
        Assert.Multiple(() =>
        {
            Assert.That(Word(machine, FlashStart), Is.EqualTo(0x0403_0201));
            Assert.That(Word(machine, FlashStart + FlashSize), Is.EqualTo(uint.MaxValue));
            Assert.That(machine.Memory.TryWriteUInt32(new GuestPhysicalAddress(FlashStart), 5), Is.False, "not by DMA");
        });
        await using var without = VirtualMachine.Create(Describe());
        Assert.That(without.Memory.TryReadUInt32(new GuestPhysicalAddress(FlashStart), out _), Is.False);
    }

    [Test]
    public async Task A_file_keeps_what_was_programmed()
    {
        using var folder = new TemporaryFolder();
        byte[] erased = new byte[FlashSize];
        Array.Fill(erased, byte.MaxValue);
        string path = folder.Write("vars", erased);
        await SucceedsAsync(Describe() with
        {
            Flash = [FlashImage.FromMemory(Bytes(Programmer)), FlashImage.FromFile(new DiskOptions { Path = path })], Firmware = Firmware.None,
        });
        Assert.That((await File.ReadAllBytesAsync(path))[..12], Is.EqualTo(Bytes(0x0030_0513, 0x0000_8067, uint.MaxValue)));
    }

    [TestCase(512, false, "512 bytes for flash bank 0; expected 33554432, or fewer that are readonly or a snapshot")]
    [TestCase((int)FlashSize + 512, true, "33554944 bytes for flash bank 0")]
    public void A_file_that_does_not_fit_is_refused(int length, bool isReadOnly, string message)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("flash", new byte[length]);
        var description = Describe() with { Flash = [FlashImage.FromFile(new DiskOptions { Path = path, ReadOnly = isReadOnly })] };
        Assert.That(Assert.Throws<MachineConfigurationException>(() => VirtualMachine.Create(description))!.Message, Does.Contain(message).And.StartWith(path));
        File.Delete(path); // it has been closed
    }

    [Test]
    public void A_third_bank_is_refused() => Assert.That(
        Assert.Throws<MachineConfigurationException>(static () => VirtualMachine.Create(Describe() with { Flash = [FlashImage.Erased, FlashImage.Erased, FlashImage.Erased] }))!.Message,
        Does.Contain("3 flash images; expected at most 2"));

    private static RiscVVirtDescription Describe(EngineKind kind = EngineKind.Auto, bool isDeterministic = false, int harts = 1) =>
        RiscVVirtMachine.Describe(4.MiB(), harts) with { Engine = new EngineOptions { Kind = kind, HotThreshold = 100, IsDeterministic = isDeterministic } };

    private static async Task SucceedsAsync(RiscVVirtDescription description)
    {
        await using var machine = await VirtualMachine.StartAsync(description);
        Assert.That(await machine.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60)), Is.EqualTo(Success));
    }

    private static uint Word(VirtualMachine machine, ulong address)
    {
        Assert.That(machine.Memory.TryReadUInt32(new GuestPhysicalAddress(address), out uint value), $"{address:x}");
        return value;
    }

    private static byte[] Bytes(params uint[] code) => [.. code.SelectMany(BitConverter.GetBytes)];
}
