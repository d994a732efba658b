using Emulator.Devices;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Devices;

/// <summary>The pair of 8259As by the data sheet's chapters.</summary>
internal sealed class Pic8259Tests
{
    private const uint Master = 0, MasterData = 1, Slave = 2, SlaveData = 3, EdgeLevel = 4;
    private const byte MasterBase = 0x20, SlaveBase = 0x28;
    private const byte Eoi = 0x20, ReadRequests = 0x0a, ReadInService = 0x0b;

    private FakeInterruptLine _output = null!;
    private Pic8259Pair _pic = null!;

    public static DeviceCase Case => DeviceCase.Of<Pic8259Pair, Pic8259PairState>(
        static environment => new Pic8259Pair(environment.Line()),
        Pic8259Pair.WindowSize + 2,
        [Master, MasterData, Slave, SlaveData, EdgeLevel, EdgeLevel + 1],
        static (pic, random) =>
        {
            int number = random.Next(17);
            if (number == 16) pic.Acknowledge();
            else if (number != 2) pic.Input(number).Set(random.Next(2) == 0);
        });

    [SetUp]
    public void SetUp()
    {
        _output = new FakeInterruptLine();
        _pic = new Pic8259Pair(_output);
        Initialize();
    }

    [Test]
    public void Requests_come_by_priority_with_their_vectors()
    {
        Raise(7, 1, 4);
        Assert.That(_output.IsAsserted, Is.True);
        Assert.That(Serve(), Is.EqualTo(new[] { MasterBase + 1, MasterBase + 4, MasterBase + 7 }));
        Assert.That(_output.IsAsserted, Is.False);
    }

    [Test]
    public void Slave_comes_at_the_priority_of_its_input()
    {
        Raise(15, 3, 8, 1);
        Assert.That(Serve(), Is.EqualTo(new[] { MasterBase + 1, SlaveBase + 0, SlaveBase + 7, MasterBase + 3 }));
    }

    [Test]
    public void What_is_served_holds_back_lower_requests_only()
    {
        Raise(4);
        Assert.That(_pic.Acknowledge(), Is.EqualTo(MasterBase + 4));
        Raise(5);
        Assert.That(_output.IsAsserted, Is.False);
        Raise(3);
        Assert.That(_output.IsAsserted, Is.True);
        Assert.That(_pic.Acknowledge(), Is.EqualTo(MasterBase + 3));
        Assert.That(Register(Master, ReadInService), Is.EqualTo(0x18));
        _pic.Write8(Master, Eoi);
        Assert.That(Register(Master, ReadInService), Is.EqualTo(0x10), "the most urgent ends first");
        Assert.That(_output.IsAsserted, Is.False);
        _pic.Write8(Master, Eoi);
        Assert.That(_pic.Acknowledge(), Is.EqualTo(MasterBase + 5));
    }

    [Test]
    public void Masked_requests_wait()
    {
        _pic.Write8(MasterData, 0x10);
        Assert.That(_pic.Read8(MasterData), Is.EqualTo(0x10));
        Raise(4);
        Assert.That(_output.IsAsserted, Is.False);
        Assert.That(Register(Master, ReadRequests), Is.EqualTo(0x10));
        _pic.Write8(MasterData, 0);
        Assert.That(_output.IsAsserted, Is.True);
    }

    [Test]
    public void An_edge_is_served_once_and_a_level_as_long_as_it_stands([Values] bool isLevel)
    {
        _pic.Write8(EdgeLevel, isLevel ? (byte)0x20 : (byte)0);
        Raise(5);
        Assert.That(_pic.Acknowledge(), Is.EqualTo(MasterBase + 5));
        _pic.Write8(Master, Eoi);
        Assert.That(_output.IsAsserted, Is.EqualTo(isLevel));
    }

    [Test]
    public void Only_some_inputs_can_be_level_triggered()
    {
        _pic.Write8(EdgeLevel, 0xff);
        _pic.Write8(EdgeLevel + 1, 0xff);
        Assert.That(_pic.Read8(EdgeLevel), Is.EqualTo(0xf8));
        Assert.That(_pic.Read8(EdgeLevel + 1), Is.EqualTo(0xde));
    }

    [Test]
    public void A_request_that_is_withdrawn_gives_the_spurious_interrupt([Values(3, 12)] int number)
    {
        Raise(number);
        _pic.Input(number).Set(false);
        Assert.That(_output.IsAsserted, Is.False);
        Assert.That(_pic.Acknowledge(), Is.EqualTo(MasterBase + 7));
        Assert.That(Register(Master, ReadInService), Is.Zero, "a spurious interrupt is not in service");
    }

    [Test]
    public void Automatic_end_leaves_nothing_in_service()
    {
        Initialize(icw4: 0x03);
        Raise(1, 6, 9, 12);
        Assert.That(Enumerable.Range(0, 4).Select(_ => _pic.Acknowledge()), Is.EqualTo(new[] { MasterBase + 1, SlaveBase + 1, SlaveBase + 4, MasterBase + 6 }));
        Assert.That(Register(Master, ReadInService) | Register(Slave, ReadInService), Is.Zero);
        Assert.That(_output.IsAsserted, Is.False);
    }

    [Test]
    public void Automatic_end_may_rotate()
    {
        Initialize(icw4: 0x03);
        _pic.Write8(Master, 0x80);
        Raise(4);
        _pic.Acknowledge();
        Raise(3, 5);
        Assert.That(_pic.Acknowledge(), Is.EqualTo(MasterBase + 5), "4 is lowest now");
        _pic.Write8(Master, 0x00);
    }

    [TestCase(0xa0, Description = "rotate on non-specific end")]
    [TestCase(0xe4, Description = "rotate on specific end")]
    public void End_may_rotate(byte command)
    {
        Raise(4);
        _pic.Acknowledge();
        _pic.Write8(Master, command);
        Assert.That(Register(Master, ReadInService), Is.Zero);
        Raise(4, 0, 5);
        Assert.That(Serve(), Is.EqualTo(new[] { MasterBase + 5, MasterBase + 0, MasterBase + 4 }));
    }

    [Test]
    public void Priority_may_be_set()
    {
        _pic.Write8(Master, 0xc5);
        Raise(0, 5, 6);
        Assert.That(Serve(), Is.EqualTo(new[] { MasterBase + 6, MasterBase + 0, MasterBase + 5 }));
    }

    [Test]
    public void Specific_end_names_its_level()
    {
        Raise(4);
        _pic.Acknowledge();
        Raise(1);
        _pic.Acknowledge();
        _pic.Write8(Master, 0x64);
        Assert.That(Register(Master, ReadInService), Is.EqualTo(0x02));
    }

    [Test]
    public void Special_mask_lets_lower_requests_in_and_spares_masked_service()
    {
        Raise(4);
        _pic.Acknowledge();
        _pic.Write8(MasterData, 0x10);
        _pic.Write8(Master, 0x68);
        Raise(6);
        Assert.That(_pic.Acknowledge(), Is.EqualTo(MasterBase + 6));
        _pic.Write8(Master, Eoi);
        Assert.That(Register(Master, ReadInService), Is.EqualTo(0x10));
        _pic.Write8(Master, 0x48);
        Raise(5);
        Assert.That(_output.IsAsserted, Is.False, "normal mode again");
    }

    [Test]
    public void Slave_interrupts_its_own_service_in_special_fully_nested_mode([Values] bool isSpecial)
    {
        Initialize(icw4: isSpecial ? (byte)0x11 : (byte)0x01);
        Raise(12);
        Assert.That(_pic.Acknowledge(), Is.EqualTo(SlaveBase + 4));
        Raise(9);
        Assert.That(_output.IsAsserted, Is.EqualTo(isSpecial));
        if (isSpecial) Assert.That(_pic.Acknowledge(), Is.EqualTo(SlaveBase + 1));
    }

    [Test]
    public void Poll_acknowledges()
    {
        _pic.Write8(Master, 0x0c);
        Assert.That(_pic.Read8(Master), Is.Zero, "nothing to serve");
        Raise(6);
        _pic.Write8(Master, 0x0c);
        Assert.That(_pic.Read8(Master), Is.EqualTo(0x86));
        Assert.That(Register(Master, ReadInService), Is.EqualTo(0x40));
        Assert.That(_output.IsAsserted, Is.False);
    }

    [Test]
    public void Initialisation_forgets_requests_and_masks()
    {
        _pic.Write8(MasterData, 0xff);
        Raise(4);
        Initialize();
        Assert.That(_pic.Read8(MasterData), Is.Zero);
        Assert.That(_output.IsAsserted, Is.False, "an edge before counts no more");
        _pic.Input(4).Set(false);
        Raise(4);
        Assert.That(_output.IsAsserted, Is.True);
    }

    [Test]
    public void Single_chip_has_no_third_word()
    {
        _pic.Write8(Master, 0x12); // single, no ICW4
        _pic.Write8(MasterData, 0x40);
        _pic.Write8(MasterData, 0xff);
        Assert.That(_pic.Read8(MasterData), Is.EqualTo(0xff), "the mask");
        Raise(0);
        Assert.That(_output.IsAsserted, Is.False);
        _pic.Write8(MasterData, 0);
        Assert.That(_pic.Acknowledge(), Is.EqualTo(0x40));
    }

    private void Initialize(byte icw4 = 0x01)
    {
        foreach (var (port, vector, cascade) in new[] { (Master, MasterBase, (byte)0x04), (Slave, SlaveBase, (byte)0x02) })
        {
            _pic.Write8(port, 0x11);
            _pic.Write8(port + 1, vector);
            _pic.Write8(port + 1, cascade);
            _pic.Write8(port + 1, icw4);
        }
    }

    private void Raise(params int[] numbers)
    {
        foreach (int number in numbers)
        {
            _pic.Input(number).Set(false);
            _pic.Input(number).Set(true);
        }
    }

    private byte Register(uint port, byte command)
    {
        _pic.Write8(port, command);
        return _pic.Read8(port);
    }

    /// <summary>Serves what there is, one after the other, and gives the vectors.</summary>
    private List<int> Serve()
    {
        List<int> vectors = [];
        while (_output.IsAsserted && vectors.Count < 16)
        {
            int vector = _pic.Acknowledge();
            vectors.Add(vector);
            if (vector >= SlaveBase) _pic.Write8(Slave, Eoi);
            _pic.Write8(Master, Eoi);
        }

        return vectors;
    }
}
