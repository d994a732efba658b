using Emulator.Core.Bus;

namespace Emulator.Tests.Devices;

/// <summary>The port bus: what answers, and how accesses are divided.</summary>
internal sealed class PortSpaceTests
{
    private Recorder _bytes = null!;
    private Recorder _words = null!;
    private PortSpace _ports = null!;

    [SetUp]
    public void SetUp()
    {
        _bytes = new Recorder(1);
        _words = new Recorder(4);
        _ports = new PortSpace();
        _ports.Add(new PortWindow("bytes", 0x10, 4, _bytes));
        _ports.Add(new PortWindow("words", 0x20, 1, _words) { WidestAccess = 4, Offset = 8 });
        _ports.Add(new PortWindow("last", 0xffff, 1, _bytes) { Offset = 0x40 });
    }

    [TestCase((ushort)0x10, 1, "0/1")]
    [TestCase((ushort)0x12, 2, "2/1 3/1")]
    [TestCase((ushort)0x10, 4, "0/1 1/1 2/1 3/1")]
    [TestCase((ushort)0x0e, 4, "0/1 1/1", Description = "two ports where nothing is")]
    [TestCase((ushort)0xffff, 2, "64/1")]
    public void Narrow_devices_see_bytes(ushort port, int size, string expected)
    {
        _ports.Write(port, size, 0x44332211);
        Assert.That(_bytes.Take(), Is.EqualTo(expected));
        _ports.Read(port, size);
        Assert.That(_bytes.Take(), Is.EqualTo(expected));
    }

    [TestCase((ushort)0x20, 4, "8/4")]
    [TestCase((ushort)0x20, 2, "8/2")]
    [TestCase((ushort)0x1f, 4, "8/2", Description = "the byte before and the one behind are nobody's")]
    [TestCase((ushort)0x21, 4, "")]
    public void Wide_devices_see_what_they_can_take(ushort port, int size, string expected)
    {
        _ports.Write(port, size, 0x44332211);
        Assert.That(_words.Take(), Is.EqualTo(expected));
    }

    [TestCase((ushort)0x100, 1, 0xffUL)]
    [TestCase((ushort)0x100, 4, 0xffff_ffffUL)]
    [TestCase((ushort)0x0f, 2, 0x01ffUL)]
    [TestCase((ushort)0x13, 4, 0xffff_ff04UL)]
    [TestCase((ushort)0x10, 4, 0x0403_0201UL)]
    [TestCase((ushort)0x20, 4, 0x0c0b_0a09UL)]
    [TestCase((ushort)0xffff, 4, 0xffff_ff41UL, Description = "wraps")]
    public void Reads_are_put_together(ushort port, int size, ulong expected) => Assert.That(_ports.Read(port, size), Is.EqualTo(expected));

    [Test]
    public void Refused_access_reads_ones()
    {
        _ports.Add(new PortWindow("refusing", 0x30, 4, _words) { WidestAccess = 2, Offset = 0x80 });
        Assert.That(_ports.Read(0x30, 4), Is.EqualTo(0xffff_fffful));
    }

    [TestCase((ushort)0x13, 1, 1, "overlaps 'bytes'")]
    [TestCase((ushort)0x0e, 3, 1, "overlaps 'bytes'")]
    [TestCase((ushort)0xfff0, 17, 1, "up to port 0xffff")]
    [TestCase((ushort)0x50, 0, 1, "at least 1")]
    [TestCase((ushort)0x50, 1, 3, "expected 1, 2 or 4")]
    [TestCase((ushort)0x50, 1, 8, "expected 1, 2 or 4")]
    public void Impossible_windows_are_refused(ushort first, int count, int width, string expected) =>
        Assert.That(() => _ports.Add(new PortWindow("new", first, count, _bytes) { WidestAccess = width }), Throws.ArgumentException.With.Message.Contains(expected));

    /// <summary>Remembers accesses as offset/size; register n holds n + 1; accesses wider than it takes, and those from 0x80 on, fail.</summary>
    private sealed class Recorder(int widest) : IMmioDevice
    {
        private const uint Refused = 0x80;
        private readonly List<string> _accesses = [];

        public string Take()
        {
            string text = string.Join(' ', _accesses);
            _accesses.Clear();
            return text;
        }

        public BusStatus Read(MmioAccess access, out ulong value)
        {
            value = 0;
            if (access.Size > widest || access.Offset >= Refused) return BusStatus.AccessFault;
            _accesses.Add($"{access.Offset}/{access.Size}");
            for (int i = access.Size - 1; i >= 0; i--) value = (value << 8) | (byte)(access.Offset + i + 1);
            return BusStatus.Ok;
        }

        public BusStatus Write(MmioAccess access, ulong value)
        {
            if (access.Size > widest || access.Offset >= Refused) return BusStatus.AccessFault;
            _accesses.Add($"{access.Offset}/{access.Size}");
            return BusStatus.Ok;
        }
    }
}
