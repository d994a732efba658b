using Emulator.Core.Memory;
using Emulator.Devices.Virtio;

namespace Emulator.Tests.Virtio;

internal sealed class VirtioEntropyTests
{
    private static byte[] Ask(VirtioMachine machine, TestQueue queue, params int[] lengths)
    {
        TestBuffer[] buffers = [.. lengths.Select(length => new TestBuffer(machine.Driver.Allocate(length), (uint)length, true))];
        queue.Add(buffers);
        queue.Kick();
        Assert.That(queue.TakeUsed().Single().Length, Is.EqualTo(lengths.Sum()));
        return [.. buffers.SelectMany(buffer => machine.Memory.At(buffer.Address, (int)buffer.Length).ToArray())];
    }

    [Test]
    public void Fills_every_buffer()
    {
        var machine = new VirtioMachine(new VirtioEntropy(EntropySource.Host));
        TestQueue queue = machine.Driver.Start()[0];
        byte[] first = Ask(machine, queue, 64);
        byte[] second = Ask(machine, queue, 1, 40, 23);
        Assert.That(first, Has.Some.Not.Zero);
        Assert.That(second, Is.Not.EqualTo(first));
        Assert.That(machine.Driver.Read(VirtioMmioRegister.DeviceId), Is.EqualTo(4));
    }

    [Test]
    public void A_seed_gives_one_stream_however_it_is_asked_for()
    {
        byte[] whole = new byte[100];
        EntropySource.FromSeed(42).Fill(0, whole);
        var machine = new VirtioMachine(new VirtioEntropy(EntropySource.FromSeed(42)));
        TestQueue queue = machine.Driver.Start()[0];
        byte[] pieces = [.. Ask(machine, queue, 3), .. Ask(machine, queue, 30, 7), .. Ask(machine, queue, 60)];
        Assert.That(pieces, Is.EqualTo(whole));
        byte[] other = new byte[100];
        EntropySource.FromSeed(43).Fill(0, other);
        Assert.That(other, Is.Not.EqualTo(whole));
        Assert.That(whole.Distinct().Count(), Is.GreaterThan(70));
    }

    [Test]
    public void A_restored_device_goes_on_where_it_was()
    {
        var device = new VirtioEntropy(EntropySource.FromSeed(1));
        var machine = new VirtioMachine(device);
        TestQueue queue = machine.Driver.Start()[0];
        Ask(machine, queue, 11);
        VirtioEntropyState state = device.Save();
        byte[] next = Ask(machine, queue, 20);
        device.Restore(state);
        Assert.That(Ask(machine, queue, 20), Is.EqualTo(next));
        machine.Driver.Start();
        Assert.That(device.Save().Position, Is.EqualTo(31), "a driver's reset does not repeat the stream");
        machine.Transport.Reset();
        Assert.That(device.Save(), Is.Default);
    }

    [Test]
    public void A_huge_or_wild_or_readable_buffer_is_filled_in_part_or_not_at_all()
    {
        var machine = new VirtioMachine(new VirtioEntropy(EntropySource.Host));
        TestQueue queue = machine.Driver.Start()[0];
        queue.Add(new TestBuffer(machine.Driver.Allocate(200_000), 200_000, true));
        queue.Add(new TestBuffer(new GuestPhysicalAddress(0), 8, true));
        queue.Add(new TestBuffer(machine.Driver.Allocate(8), 8));
        queue.Kick();
        Assert.That(queue.TakeUsed().Select(static used => used.Length), Is.EqualTo(new uint[] { 65536, 0, 0 }));
        Assert.That(machine.Memory.UnannouncedWrites, Is.Zero);
    }
}
