using Emulator.Arch.X86.Lifting;
using Gee.External.Capstone;
using Gee.External.Capstone.X86;
using Iced.Intel;

namespace Emulator.Tests.X86.Decoding;

/// <summary>Lengths and names that Iced gives to random bytes are those of Capstone, for what is executed.</summary>
[TestFixture]
public sealed class CapstoneTests
{
    private const int Seed = 20261123; // differences are those of one version of Capstone
    private const int Samples = 200_000;
    private const int Window = 16;
    private const int Shown = 60;

    [TestCase(64, X86DisassembleMode.Bit64)]
    [TestCase(32, X86DisassembleMode.Bit32)]
    [TestCase(16, X86DisassembleMode.Bit16)]
    public void Random_bytes_are_read_as_Capstone_reads_them(int bits, X86DisassembleMode mode)
    {
        var random = new Random(Seed);
        using var capstone = CapstoneDisassembler.CreateX86Disassembler(mode);
        var kinds = new Dictionary<string, (string First, int Count)>();
        int compared = 0;
        int accepted = 0;
        byte[] bytes = new byte[Window];
        for (int i = 0; i < Samples; i++)
        {
            random.NextBytes(bytes);
            if (random.Next(3) == 0) bytes[0] = 0x0f;
            bool isRead = InstructionReader.TryDecode(bytes, bits, out var instruction, out int length, out var error) && error == DecoderError.None;
            if (isRead && InstructionTable.Find(instruction.Code) is null) continue;
            var theirs = capstone.Iterate(bytes).FirstOrDefault();
            if (!isRead && theirs is null) continue;
            compared++;
            string ourName = isRead ? DecodingDifferences.NameOf(instruction) : "";
            string theirName = theirs is null ? "" : DecodingDifferences.NameOf(theirs.Mnemonic);
            if (isRead && theirs is not null && length == theirs.Bytes.Length && ourName == theirName) continue;
            if (DecodingDifferences.Find(bits, bytes, ourName, theirName, isRead && theirs is not null && length == theirs.Bytes.Length) is not null)
            {
                accepted++;
                continue;
            }

            string key = $"{ourName} {theirName} {(isRead && theirs is not null && length != theirs.Bytes.Length ? "length" : "")}";
            var (first, count) = kinds.GetValueOrDefault(key, ($"{Convert.ToHexString(bytes)}: {(isRead ? $"{instruction} ({length})" : "undefined")}, Capstone has {(theirs is null ? "nothing" : $"{theirs.Mnemonic} {theirs.Operand} ({theirs.Bytes.Length})")}", 0));
            kinds[key] = (first, count + 1);
        }

        TestContext.Out.WriteLine($"{bits}-bit code, seed {Seed}: {compared} instructions compared, {accepted} known differences");
        string text = string.Join('\n', kinds.OrderByDescending(static kind => kind.Value.Count).Take(Shown).Select(static kind => $"{kind.Value.Count} x {kind.Key}: {kind.Value.First}"));
        Assert.That(kinds, Is.Empty, $"seed {Seed}, {kinds.Values.Sum(static kind => kind.Count)} of {compared}\n{text}");
    }
}
