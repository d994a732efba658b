using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;

namespace Emulator.Tests.RiscV.Isa;

/// <summary>Encodings, immediates and texts agree with two independent disassemblers.</summary>
public sealed class DisassemblerTests
{
    private const int Seed = 20260724;
    private const int EncodingsPerRow = 8;
    private const int FuzzedInstructions = 8_000;
    private const uint LongerFormats = 0x1f; // these low bits begin instructions of more than 32 bits

    // What binutils 2.40 knows.
    private const string GnuExtensions =
        "gc_zicbom_zicbop_zicboz_zihintpause_zawrs_zfh_zfhmin_zba_zbb_zbc_zbkb_zbkc_zbkx_zbs_zknd_zkne_zknh_zksed_zksh_svinval";

    [Test]
    public void Every_row_reads_as_GNU_prints_it([Values(32, 64)] int xlen)
    {
        string isa = $"rv{xlen}{GnuExtensions}";
        CompareRows(new RiscVArchitecture(IsaConfiguration.Parse(isa)), ObjectDump.Gnu(isa));
    }

    [Test]
    public void Every_row_reads_as_LLVM_prints_it([Values(32, 64)] int xlen)
    {
        var architecture = new RiscVArchitecture(xlen == 64 ? IsaConfiguration.Max : IsaConfiguration.Max32);
        CompareRows(architecture, Llvm(architecture.Isa));
    }

    [Test]
    public void Undefined_instructions_are_those_of_GNU([Values(32, 64)] int xlen)
    {
        string isa = $"rv{xlen}{GnuExtensions}";
        CompareFuzzed(new RiscVArchitecture(IsaConfiguration.Parse(isa)), ObjectDump.Gnu(isa));
    }

    [Test]
    public void Undefined_instructions_are_those_of_LLVM([Values(32, 64)] int xlen)
    {
        var architecture = new RiscVArchitecture(xlen == 64 ? IsaConfiguration.Max : IsaConfiguration.Max32);
        CompareFuzzed(architecture, Llvm(architecture.Isa));
    }

    [Test]
    public void All_16_bit_encodings_are_as_LLVM_has_them([Values("rv64imc", "max", "rv32imc", "rv32max")] string isa)
    {
        var architecture = new RiscVArchitecture(IsaConfiguration.Parse(isa));
        Compare(architecture, Llvm(architecture.Isa), [.. Enumerable.Range(0, 1 << 16).Select(bits => (uint)bits).Where(bits => (bits & 3) != 3)]);
    }

    private static ObjectDump Llvm(IsaConfiguration isa) => ObjectDump.Llvm(
        isa.Is64, isa.ExtensionNames.Select(name => name is "zacas" ? $"experimental-{name}" : name));

    private static void CompareRows(RiscVArchitecture architecture, ObjectDump other)
    {
        var random = new Random(Seed);
        Compare(architecture, other,
        [
            .. from row in architecture.Decoder.Rows
               from n in Enumerable.Range(0, EncodingsPerRow)
               select row.Random(random),
        ]);
    }

    // Neighbours of defined instructions: random words would mostly miss.
    private static void CompareFuzzed(RiscVArchitecture architecture, ObjectDump other)
    {
        var random = new Random(Seed);
        var rows = architecture.Decoder.Rows.Where(row => row.Encoding.Length == 4).ToArray();
        uint Mutate(InstructionDefinition row) => row.Random(random) ^ (1u << random.Next(2, 32)) ^ (1u << random.Next(2, 32));
        Compare(architecture, other,
        [
            .. Enumerable.Range(0, FuzzedInstructions)
                .Select(_ => Mutate(rows[random.Next(rows.Length)]))
                .Where(bits => (bits & LongerFormats) != LongerFormats),
        ]);
    }

    private static void Compare(RiscVArchitecture architecture, ObjectDump other, IReadOnlyList<uint> instructions)
    {
        string?[] expected = other.Disassemble(instructions);
        var failures = new List<string>();
        for (int i = 0; i < instructions.Count; i++)
        {
            uint bits = instructions[i];
            var row = architecture.Decoder.Find(bits);
            string? actual = row is null ? null : ObjectDump.Normalise(row.Print(bits, other.AddressOf(i)));
            if (actual == expected[i] || DisassemblerDifferences.IsKnown(bits, row, actual, expected[i])) continue;
            failures.Add($"{bits:x8}: {actual ?? "undefined"}, expected {expected[i] ?? "undefined"}");
        }

        Assert.That(failures, Is.Empty, $"seed {Seed}: {failures.Count} of {instructions.Count}\n" + string.Join('\n', failures.Take(60)));
    }
}
