using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using Emulator.Devices.Host;

namespace Emulator.Tests.Devices.Host;

[CancelAfter(60_000)]
[Platform("Linux")]
internal sealed class TerminalTests
{
    private const int OpenReadWriteWithoutControl = 0x102; // O_RDWR | O_NOCTTY
    private const int NeverOpen = 1_000_000;

    [TestCase("plain", "plain", false)]
    [TestCase("\u0001x", "", true)]
    [TestCase("ab\u0001Xcd", "ab", true)]
    [TestCase("\u0001a", "\u0001", false)]
    [TestCase("\u0001\u0001", "\u0001", false)]
    [TestCase("1\u0001a2\u0001A3", "1\u00012\u00013", false)]
    [TestCase("\u0001b", "b", false)]
    [TestCase("x\u0003a\u001b[A", "x\u0003a\u001b[A", false)]
    public void Escape_keys_are_taken_out(string typed, string expected, bool leaves)
    {
        var whole = new EscapeKeyFilter();
        byte[] bytes = Encoding.Latin1.GetBytes(typed);
        int kept = whole.Filter(bytes, out bool leave);
        Assert.That((Encoding.Latin1.GetString(bytes, 0, kept), leave), Is.EqualTo((expected, leaves)));

        var pieces = new EscapeKeyFilter();
        var text = new StringBuilder();
        leave = false;
        foreach (char key in typed)
        {
            byte[] one = [(byte)key];
            if (!leave && pieces.Filter(one, out leave) == 1)
            {
                text.Append((char)one[0]);
            }
        }

        Assert.That((text.ToString(), leave), Is.EqualTo((expected, leaves)), "key by key");
    }

    [Test]
    public async Task A_terminal_is_raw_while_used_and_as_before_after(CancellationToken cancellation)
    {
        (int master, int slave) = OpenTerminal();
        byte[] before = Attributes(slave);
        var left = new TaskCompletionSource();
        var transport = new StdioTransport(slave, PipeWriter.Create(Stream.Null), left.SetResult);
        Assert.Multiple(() =>
        {
            Assert.That(transport.IsInteractive, Is.True);
            Assert.That(Attributes(slave), Is.Not.EqualTo(before));
        });

        WriteAll(master, "a\u0003\u0004\r\u0001a\u0001xignored");
        Assert.That(await ReadAsync(transport.Input, 5, cancellation), Is.EqualTo("a\u0003\u0004\r\u0001"), "no key is kept from the guest");
        await left.Task.WaitAsync(cancellation);
        await transport.DisposeAsync();
        Assert.That(Attributes(slave), Is.EqualTo(before));
        _ = Posix.Close(slave);
        _ = Posix.Close(master);
    }

    [Test]
    public async Task A_pipe_is_passed_on_byte_for_byte_to_its_end(CancellationToken cancellation)
    {
        Assert.That(Posix.TryCreatePipe(out int reader, out int writer), Is.True);
        WriteAll(writer, "\u0001x is no key here");
        _ = Posix.Close(writer);
        await using var transport = new StdioTransport(reader, PipeWriter.Create(Stream.Null), static () => Assert.Fail("left"));
        ReadResult result = await transport.Input.ReadAtLeastAsync(1_000, cancellation);
        Assert.Multiple(() =>
        {
            Assert.That(transport.IsInteractive, Is.False);
            Assert.That(Encoding.Latin1.GetString(result.Buffer), Is.EqualTo("\u0001x is no key here"));
            Assert.That(result.IsCompleted, Is.True);
        });
        _ = Posix.Close(reader);
    }

    [Test]
    public async Task A_closed_input_ends_at_once(CancellationToken cancellation)
    {
        await using var transport = new StdioTransport(NeverOpen, PipeWriter.Create(Stream.Null), null);
        Assert.That((await transport.Input.ReadAsync(cancellation)).IsCompleted, Is.True);
    }

    [Test]
    public async Task A_reader_that_is_gone_is_a_failure_not_a_crash()
    {
        Assert.That(Posix.TryCreatePipe(out int reader, out int writer), Is.True);
        _ = Posix.Close(reader);
        await using var port = new SerialPort(new StdioTransport(NeverOpen, new DescriptorWriter(writer), null));
        port.Write("into the void"u8);
        Assert.That(() => port.Failure, Is.InstanceOf<IOException>().After(5_000, 1));
        _ = Posix.Close(writer);
    }

    [Test]
    public async Task Output_is_not_touched_and_closing_needs_no_key()
    {
        Assert.That(Posix.TryCreatePipe(out int reader, out int writer), Is.True);
        var screen = new MemoryStream();
        var port = new SerialPort(new StdioTransport(reader, PipeWriter.Create(screen, new StreamPipeWriterOptions(leaveOpen: true)), null));
        port.Write("login: \n\u0001x\u00ff"u8);
        await port.DisposeAsync();
        Assert.That(screen.ToArray(), Is.EqualTo("login: \n\u0001x\u00ff"u8.ToArray()));
        _ = Posix.Close(reader);
        _ = Posix.Close(writer);
    }

    private static async Task<string> ReadAsync(PipeReader reader, int count, CancellationToken cancellation)
    {
        ReadResult result = await reader.ReadAtLeastAsync(count, cancellation);
        string text = Encoding.Latin1.GetString(result.Buffer);
        reader.AdvanceTo(result.Buffer.End);
        return text;
    }

    private static (int Master, int Slave) OpenTerminal()
    {
        int master = OpenMaster(OpenReadWriteWithoutControl);
        byte[] name = new byte[64];
        Assume.That(master >= 0 && Grant(master) == 0 && Unlock(master) == 0 && SlaveName(master, name, (nuint)name.Length) == 0, "this host has pseudo-terminals");
        int slave = Open(name, OpenReadWriteWithoutControl);
        Assert.That(slave, Is.GreaterThanOrEqualTo(0));
        return (master, slave);
    }

    private static byte[] Attributes(int descriptor)
    {
        byte[] attributes = new byte[Posix.TermiosSize];
        Assert.That(Posix.GetAttributes(descriptor, attributes), Is.Zero);
        return attributes;
    }

    private static void WriteAll(int descriptor, string text)
    {
        var writer = new DescriptorWriter(descriptor);
        writer.Write(Encoding.Latin1.GetBytes(text));
        writer.Complete();
    }

    [DllImport("libc", EntryPoint = "posix_openpt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int OpenMaster(int flags);

    [DllImport("libc", EntryPoint = "grantpt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Grant(int master);

    [DllImport("libc", EntryPoint = "unlockpt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Unlock(int master);

    [DllImport("libc", EntryPoint = "ptsname_r")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SlaveName(int master, [Out] byte[] buffer, nuint length);

    [DllImport("libc", EntryPoint = "open")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([In] byte[] path, int flags);
}
