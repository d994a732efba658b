using System.Buffers.Binary;

namespace Emulator.Cli.Bench;

/// <summary>A guest whose first instructions power the machine off: what a process costs.</summary>
internal static class StartBench
{
    private const string Section = "startup";

    // lui t0, 0x100; lui t1, 5; addi t1, t1, 0x555; sw t1, 0(t0); j .: 0x5555 to the test finisher
    private static readonly uint[] PowerOff = [0x0010_02b7, 0x0000_5337, 0x5553_0313, 0x0062_a023, 0x0000_006f];

    /// <summary>Measures it.</summary>
    public static async IAsyncEnumerable<BenchFigure> RunAsync(BenchSession session)
    {
        byte[] code = new byte[PowerOff.Length * sizeof(uint)];
        for (int i = 0; i < PowerOff.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(code.AsSpan(i * sizeof(uint)), PowerOff[i]);
        string file = Path.Combine(session.Folder, "poweroff.bin");
        await File.WriteAllBytesAsync(file, code, session.Cancellation);
        var comparison = await session.CompareAsync(Section, ["--bios", "none", "--kernel", file], ["-bios", "none", "-kernel", file]);
        foreach (var figure in comparison.Times(Section, "power off at once")) yield return figure;
    }
}
