using Emulator.Core.Loading;

namespace Emulator.Machines;

/// <summary>Guests that this library brings along.</summary>
public static class EmbeddedGuests
{
    private const string RiscVDemoResource = "riscv-demo.bin";
    private static readonly Lazy<GuestImage> LazyRiscVDemo = new(static () => Load(RiscVDemoResource));

    /// <summary>
    /// A small RISC-V supervisor program that shows the machine it runs on and answers at a prompt. Boot arguments:
    /// <c>demo.batch</c> tests itself and powers off, <c>demo.colour</c> draws in colour.
    /// </summary>
    public static GuestImage RiscVDemo => LazyRiscVDemo.Value;

    private static GuestImage Load(string name)
    {
        using var resource = typeof(EmbeddedGuests).Assembly.GetManifestResourceStream(name)!;
        byte[] content = new byte[resource.Length];
        resource.ReadExactly(content);
        return GuestImage.Parse(content, name);
    }
}
