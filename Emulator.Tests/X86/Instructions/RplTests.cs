using Iced.Intel;

namespace Emulator.Tests.X86.Instructions;

/// <summary>ARPL raises the requestor's privilege level of a selector, and never lowers it.</summary>
public sealed class RplTests
{
    [Test]
    public void Adjusts_upwards_only([Range(0, 3)] int destination, [Range(0, 3)] int source)
    {
        var s = Snippet.OfBytes(32, "66 63 1F").WithMemory(Snippet.DataStart, (byte)(0x44 | destination), 0x07) // arpl [edi], bx
            .With(Register.RDI, Snippet.DataStart).With(Register.RBX, (ulong)(0xed64 | source)).Run();
        Assert.That((int)s.Data[0], Is.EqualTo(0x44 | Math.Max(destination, source)));
        Assert.That((s.Flags & 0x40) != 0, Is.EqualTo(destination < source));
    }
}
