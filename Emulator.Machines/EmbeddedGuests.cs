using Emulator.Core.Loading;
using Emulator.Machines.BareX86.Demo;

namespace Emulator.Machines;

/// <summary>Guests that this library brings along.</summary>
public static class EmbeddedGuests
{
    private const string RiscVDemoResource = "riscv-demo.bin";
    private static readonly Lazy<GuestImage> LazyRiscVDemo = new(static () => Load(RiscVDemoResource));

    private static readonly Lazy<byte[]> LazyX86Demo = new(DemoRom.Build);

    /// <summary>
    /// A small RISC-V supervisor program that shows the machine it runs on and answers at a prompt. Boot arguments:
    /// <c>demo.batch</c> tests itself and powers off, <c>demo.colour</c> draws in colour.
    /// </summary>
    public static GuestImage RiscVDemo => LazyRiscVDemo.Value;

    /// <summary>
    /// A ROM for the board <c>bare-x86</c> that goes from real mode to long mode, shows the machine and answers at a prompt. Power-off is
    /// orderly: the exit code is 0.
    /// </summary>
    public static ReadOnlyMemory<byte> X86Demo => LazyX86Demo.Value;

    private static GuestImage Load(string name)
    {
        using var resource = typeof(EmbeddedGuests).Assembly.GetManifestResourceStream(name)!;
        byte[] content = new byte[resource.Length];
        resource.ReadExactly(content);
        return GuestImage.Parse(content, name);
    }
}
