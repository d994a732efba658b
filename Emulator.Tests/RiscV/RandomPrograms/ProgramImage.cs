using System.Buffers.Binary;

namespace Emulator.Tests.RiscV.RandomPrograms;

/// <summary>The monitor and some random programs, as they lie in memory from its start.</summary>
internal static class ProgramImage
{
    /// <summary>The image of a seed.</summary>
    /// <param name="pool">What the programs are made of.</param>
    /// <param name="seed">Of the first program; the others have the following.</param>
    /// <param name="programs">How many.</param>
    public static byte[] Build(InstructionPool pool, int seed, int programs)
    {
        byte[] image = new byte[Layout.FirstSlot + (programs * Layout.SlotSize)];
        byte[] monitor = Monitor.Build(pool.Architecture);
        Assert.That(monitor, Has.Length.LessThan(Layout.MonitorVariables));
        monitor.CopyTo(image, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(Layout.MonitorVariables), Layout.SlotAddress(0) + Layout.Context);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(Layout.MonitorVariables + Layout.Word), (ulong)programs);
        for (int i = 0; i < programs; i++)
        {
            ProgramGenerator.Generate(pool, unchecked(seed + i), Layout.SlotAddress(i)).CopyTo(image, Layout.FirstSlot + (i * Layout.SlotSize));
        }

        return image;
    }
}
