using System.Text;
using Emulator.Core.Memory;
using Emulator.Devices.Virtio;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Virtio;

internal sealed class VirtioConsoleTests
{
    private FakeCharacterHost _host = null!;
    private VirtioConsole _console = null!;
    private VirtioMachine _machine = null!;
    private TestQueue _receive = null!;
    private TestQueue _transmit = null!;

    [SetUp]
    public void SetUp()
    {
        _host = new FakeCharacterHost();
        _console = new VirtioConsole(_host, new VirtioConsoleOptions { Columns = 80, Rows = 25 });
        _machine = new VirtioMachine(_console);
        Start();
    }

    private void Start()
    {
        TestQueue[] queues = _machine.Driver.Start();
        (_receive, _transmit) = (queues[0], queues[1]);
    }

    private string Received(GuestPhysicalAddress address, int length) => Encoding.ASCII.GetString(_machine.Memory.At(address, length));

    [Test]
    public void Sends_what_the_guest_writes()
    {
        _transmit.Add(new TestBuffer(_machine.Driver.Put("Hello, "u8), 7), new TestBuffer(_machine.Driver.Put("world"u8), 5));
        _transmit.Add(new TestBuffer(_machine.Driver.Put("!"u8), 1));
        _transmit.Kick();
        Assert.That(_host.Text, Is.EqualTo("Hello, world!"));
        Assert.That(_transmit.TakeUsed(), Is.EqualTo(new UsedElement[] { new(0, 0), new(2, 0) }));
    }

    [Test]
    public void Input_fills_the_buffers_the_guest_gives()
    {
        GuestPhysicalAddress first = _machine.Driver.Allocate(4);
        GuestPhysicalAddress second = _machine.Driver.Allocate(16);
        _receive.Add(new TestBuffer(first, 4, true));
        _receive.Kick();
        Assert.That(_receive.TakeUsed(), Is.Empty);
        Assert.That(_machine.Line.IsAsserted, Is.False);
        Assert.That(_console.Receive("uname -a"u8), Is.EqualTo(8));
        Assert.That(_receive.TakeUsed().Single().Length, Is.EqualTo(4));
        Assert.That(Received(first, 4), Is.EqualTo("unam"));
        Assert.That(_machine.Line.IsAsserted);

        _receive.Add(new TestBuffer(second, 16, true));
        _receive.Kick();
        Assert.That(_receive.TakeUsed().Single().Length, Is.EqualTo(4));
        Assert.That(Received(second, 4), Is.EqualTo("e -a"));
    }

    [Test]
    public void Input_waits_for_a_driver_and_the_host_is_told_when_there_is_room()
    {
        _machine.Driver.Reset();
        byte[] typed = [.. Enumerable.Range(0, 2000).Select(static i => (byte)i)];
        int taken = _console.Receive(typed);
        Assert.That(taken, Is.EqualTo(1024));
        Assert.That(_console.Receive(typed), Is.Zero);
        int calls = _host.ReadyCalls;
        Start();
        GuestPhysicalAddress buffer = _machine.Driver.Allocate(4096);
        _receive.Add(new TestBuffer(buffer, 2048, true));
        _receive.Add(new TestBuffer(buffer + 2048, 2048, true));
        _receive.Kick();
        Assert.That(_receive.TakeUsed().Single().Length, Is.EqualTo(1024));
        Assert.That(_host.ReadyCalls, Is.EqualTo(calls + 1));
        Assert.That(_console.Receive(typed.AsSpan(taken)), Is.EqualTo(2000 - 1024));
        Assert.That(_receive.TakeUsed().Single().Length, Is.EqualTo(2000 - 1024));
        byte[] seen = [.. _machine.Memory.At(buffer, 1024), .. _machine.Memory.At(buffer + 2048, 2000 - 1024)];
        Assert.That(seen, Is.EqualTo(typed));
    }

    [Test]
    public void Output_waits_for_a_host_that_does_not_keep_up()
    {
        _host.CanWrite = false;
        _transmit.Add(new TestBuffer(_machine.Driver.Put("late"u8), 4));
        _transmit.Kick();
        Assert.That(_transmit.TakeUsed(), Is.Empty);
        _host.CanWrite = true;
        _console.SinkReady();
        Assert.That(_host.Text, Is.EqualTo("late"));
        Assert.That(_transmit.TakeUsed(), Has.Count.EqualTo(1));
    }

    [Test]
    public void Emergency_writes_need_no_driver()
    {
        var host = new FakeCharacterHost();
        var machine = new VirtioMachine(new VirtioConsole(host));
        machine.Driver.WriteConfig(8, 4, 'X');
        machine.Driver.WriteConfig(8, 1, 'Y');
        machine.Driver.WriteConfig(9, 1, 'n');
        machine.Driver.WriteConfig(0, 4, 'n');
        Assert.That(host.Text, Is.EqualTo("XY"));
        Assert.That(machine.Driver.ReadConfig(8, 4), Is.Zero);
        Assert.That(machine.Driver.ReadFeatures() & 1, Is.Zero, "no size is known");
    }

    [Test]
    public void A_new_size_is_announced()
    {
        Assert.That(_machine.Driver.ReadFeatures() & 1, Is.EqualTo(1));
        Assert.That(_machine.Driver.ReadConfig(0, 4), Is.EqualTo(80 | (25 << 16)));
        uint generation = _machine.Driver.Read(VirtioMmioRegister.ConfigGeneration);
        _console.Resize(132, 50);
        Assert.That(_machine.Driver.InterruptStatus, Is.EqualTo((uint)VirtioMmioInterrupts.ConfigChange));
        Assert.That(_machine.Driver.Read(VirtioMmioRegister.ConfigGeneration), Is.Not.EqualTo(generation));
        Assert.That(_machine.Driver.ReadConfig(0, 2), Is.EqualTo(132));
        Assert.That(_machine.Driver.ReadConfig(2, 2), Is.EqualTo(50));
        _machine.Transport.Reset();
        Assert.That(_machine.Driver.ReadConfig(0, 2), Is.EqualTo(80));
    }

    [Test]
    public void Buffers_of_the_wrong_kind_are_given_back()
    {
        _transmit.Add(new TestBuffer(_machine.Driver.Allocate(8), 8, true));
        _transmit.Kick();
        Assert.That(_transmit.TakeUsed().Single().Length, Is.Zero);
        _receive.Add(new TestBuffer(_machine.Driver.Allocate(8), 8));
        _receive.Kick();
        _console.Receive("x"u8);
        Assert.That(_receive.TakeUsed().Single().Length, Is.Zero);
        Assert.That(_host.Text, Is.Empty);
        Assert.That(_machine.Driver.Status, Is.EqualTo(TestDriver.Ready));
    }

    [Test]
    public void State_carries_input_not_yet_taken()
    {
        _console.Receive("pending"u8);
        VirtioConsoleState state = _console.Save();
        _machine.Transport.Reset();
        Assert.That(_console.Save(), Is.Not.EqualTo(state));
        _console.Restore(state);
        Assert.That(_console.Save(), Is.EqualTo(state));
        Start();
        GuestPhysicalAddress buffer = _machine.Driver.Allocate(16);
        _receive.Add(new TestBuffer(buffer, 16, true));
        _receive.Kick();
        Assert.That(Received(buffer, 7), Is.EqualTo("pending"));
    }
}
