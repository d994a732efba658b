using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Ir;

namespace Emulator.Tests.RiscV.Isa;

/// <summary>What holds for every row of the instruction tables.</summary>
public sealed class InstructionRowTests
{
    private const int Seed = 20260723;
    private const int EncodingsPerRow = 20;

    private static readonly RiscVArchitecture[] Architectures =
    [
        new(IsaConfiguration.Max), new(IsaConfiguration.Max32), new(IsaConfiguration.Parse("rv64g")), new(IsaConfiguration.Parse("rv32i")),
    ];

    private static IEnumerable<TestCaseData> Rows() =>
        from architecture in Architectures.Take(2)
        from row in architecture.Decoder.Rows
        select new TestCaseData(architecture, row).SetArgDisplayNames($"rv{architecture.Isa.Xlen} {row.Mnemonic}");

    [TestCaseSource(nameof(Rows))]
    public void Encodes_what_it_decodes(RiscVArchitecture architecture, object definition)
    {
        var row = (InstructionDefinition)definition;
        var random = new Random(Seed);
        for (int n = 0; n < EncodingsPerRow; n++)
        {
            uint bits = row.Random(random);
            var operands = row.Decode(bits);
            Assert.That(row.Encode(operands), Is.EqualTo(bits), $"{row.Print(bits, 0)} {bits:x8}");
            var found = architecture.Decoder.Find(bits);
            bool isSpecialCase = found != row && found!.Encoding.IsWithin(row.Encoding);
            Assert.That(found == row || isSpecialCase, $"{bits:x8} is {found}, expected {row}");
        }
    }

    [Test]
    public void Do_not_overlap([ValueSource(nameof(Architectures))] RiscVArchitecture architecture) =>
        Assert.DoesNotThrow(architecture.Decoder.CheckOverlaps);

    [Test]
    public void Lifts_to_valid_blocks([ValueSource(nameof(Architectures))] RiscVArchitecture architecture)
    {
        var random = new Random(Seed);
        var builder = new IrBuilder();
        byte[] code = new byte[4];
        var modes = Modes().ToArray();
        foreach (var row in architecture.Decoder.Rows)
        {
            for (int n = 0; n < modes.Length; n++)
            {
                uint bits = row.Random(random);
                BitConverter.TryWriteBytes(code, bits);
                builder.Begin((ushort)(4 * random.Next(1023)), modes[n].Pack());
                builder.BeginInstruction();
                Assert.That(architecture.TryLift(builder, code), row.ToString());
                Assert.That(builder.InstructionLength, Is.EqualTo(row.Encoding.Length), row.ToString());
                builder.EndInstruction();
                var block = builder.Finish();
                Assert.That(IrVerifier.FindError(block), Is.Null, $"{row.Print(bits, 0)} {bits:x8} {modes[n]}\n{block}");
            }
        }
    }

    [Test]
    public void Undefined_bits_lift_to_valid_blocks([ValueSource(nameof(Architectures))] RiscVArchitecture architecture)
    {
        var random = new Random(Seed);
        var builder = new IrBuilder();
        byte[] code = new byte[4];
        for (int n = 0; n < 20_000; n++)
        {
            random.NextBytes(code);
            builder.Begin(0, default(RiscVMode).Pack());
            builder.BeginInstruction();
            Assert.That(architecture.TryLift(builder, code));
            builder.EndInstruction();
            var block = builder.Finish();
            Assert.That(IrVerifier.FindError(block), Is.Null, $"{BitConverter.ToUInt32(code):x8}\n{block}");
        }
    }

    [Test]
    public void Code_that_ends_inside_an_instruction_is_not_lifted()
    {
        var builder = new IrBuilder();
        builder.Begin(0, 0);
        builder.BeginInstruction();
        Assert.That(Architectures[0].TryLift(builder, [0x13]), Is.False);
        Assert.That(Architectures[0].TryLift(builder, [0x13, 0x05]), Is.False);
        Assert.That(Architectures[0].TryLift(builder, [0x13, 0x05, 0x15, 0x00]), Is.True);
    }

    private static IEnumerable<RiscVMode> Modes() =>
        from privilege in Enum.GetValues<Privilege>()
        from isFloatOn in new[] { false, true }
        from rounding in Enumerable.Range(0, 8)
        select new RiscVMode(privilege, RiscVMmuIndex.User, isFloatOn, (byte)rounding);
}
