using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Core.Execution;

namespace Emulator.Tests.RiscV.Isa;

/// <summary>Jumps and branches: targets, links and misaligned targets (Unpriv. spec 2.5).</summary>
public sealed class ControlTransferTests
{
    private const int Seed = 41;
    private const ulong Untouched = 0x55;

    [TestCase("rv64gc", 0x8000_0004ul)]
    [TestCase("rv32gc", 0xffff_ffff_8000_0004ul)]
    public void Jal_links_the_next_instruction(string isa, ulong link)
    {
        using var rig = new HartRig(isa);
        Assert.That(rig.Execute("jal", new Operands { Rd = 1, Immediate = 0x802 }), Is.Null);
        Assert.That((rig.Pc, rig[1]), Is.EqualTo((HartRig.Code + 0x802, link)));
    }

    [TestCase("rv64gc", 0x8000_1000ul)]
    [TestCase("rv32gc", 0xffff_ffff_8000_1000ul)]
    public void Auipc_adds_to_the_address_of_the_instruction(string isa, ulong expected)
    {
        using var rig = new HartRig(isa);
        rig.Execute("auipc", new Operands { Rd = 1, Immediate = 0x1000 });
        Assert.That(rig[1], Is.EqualTo(expected));
    }

    [Test]
    public void Jalr_reads_its_source_before_it_links_and_clears_bit_0([Values("rv64gc", "rv32gc")] string isa, [Values(1, 5)] int rd)
    {
        using var rig = new HartRig(isa);
        rig[5] = isa == "rv32gc" ? 0xffff_ffff_8000_0101 : 0x8000_0101;
        Assert.That(rig.Execute("jalr", new Operands { Rd = (byte)rd, Rs1 = 5, Immediate = -6 }), Is.Null);
        Assert.That(rig.Pc, Is.EqualTo(HartRig.Code + 0xfa));
        Assert.That((uint)rig[rd], Is.EqualTo((uint)HartRig.Code + 4));
    }

    [Test]
    public void Addresses_wrap_at_32_bits_on_RV32()
    {
        using var rig = new HartRig("rv32gc");
        rig[5] = 8;
        rig.Execute("jalr", new Operands { Rs1 = 5, Immediate = -16 });
        Assert.That(rig.Pc, Is.EqualTo(0xffff_fff8));
    }

    [Test]
    public void Compressed_jumps_link_two_bytes_on()
    {
        using var rig = new HartRig("rv32gc");
        rig.Execute("c.jal", new Operands { Rd = 1, Immediate = -2 });
        Assert.That((rig.Pc, (uint)rig[1]), Is.EqualTo((HartRig.Code - 2, (uint)HartRig.Code + 2)));
        rig.Pc = HartRig.Code;
        rig[1] = 0x8000_0101;
        rig.Execute("c.jalr", new Operands { Rd = 1, Rs1 = 1 });
        Assert.That((rig.Pc, (uint)rig[1]), Is.EqualTo((HartRig.Code + 0x100, (uint)HartRig.Code + 2)));
    }

    [Test]
    public void Without_C_a_target_must_be_a_multiple_of_four([Values("rv64g", "rv32g")] string isa)
    {
        using var rig = new HartRig(isa);
        rig[1] = Untouched;
        rig[5] = HartRig.Code + 1;
        var expected = new GuestFault((uint)ExceptionCause.InstructionAddressMisaligned, HartRig.Code + 6);
        Assert.That(rig.Execute("jal", new Operands { Rd = 1, Immediate = 6 }), Is.EqualTo(expected));
        Assert.That(rig.Execute("jalr", new Operands { Rd = 1, Rs1 = 5, Immediate = 6 }), Is.EqualTo(expected));
        Assert.That(rig.Execute("jalr", new Operands { Rd = 5, Rs1 = 5, Immediate = 6 }), Is.EqualTo(expected));
        Assert.That(rig.Execute("beq", new Operands { Rs1 = 5, Rs2 = 5, Immediate = 6 }), Is.EqualTo(expected));
        Assert.That((rig.Pc, rig[1], rig[5]), Is.EqualTo((HartRig.Code, Untouched, HartRig.Code + 1)), "nothing was written");
        Assert.That(rig.Execute("bne", new Operands { Rs1 = 5, Rs2 = 5, Immediate = 6 }), Is.Null, "not taken");
        Assert.That(rig.Pc, Is.EqualTo(HartRig.Code + 4));
    }

    [Test]
    public void Branches_compare([Values("rv64gc", "rv32gc", "rv64g")] string isa)
    {
        using var rig = new HartRig(isa);
        var random = new Random(Seed);
        ulong[] interesting = [0, 1, ulong.MaxValue, 0x7fff_ffff, 0xffff_ffff_8000_0000, 0xffff_ffff_7fff_ffff];
        for (int n = 0; n < 300; n++)
        {
            ulong Pick() => isa == "rv32gc" ? (ulong)(int)interesting[random.Next(interesting.Length)] : interesting[random.Next(interesting.Length)];
            (rig[5], rig[6]) = (Pick(), Pick());
            var (a, b) = (rig[5], rig[6]);
            foreach (var (mnemonic, taken) in new[]
            {
                ("beq", a == b), ("bne", a != b), ("blt", (long)a < (long)b), ("bge", (long)a >= (long)b), ("bltu", a < b), ("bgeu", a >= b),
            })
            {
                rig.Pc = HartRig.Code;
                Assert.That(rig.Execute(mnemonic, new Operands { Rs1 = 5, Rs2 = 6, Immediate = -8 }), Is.Null);
                Assert.That(rig.Pc, Is.EqualTo(taken ? HartRig.Code - 8 : HartRig.Code + 4), $"{mnemonic} {a:x} {b:x}");

                rig.Pc = HartRig.Code;
                bool faults = rig.Execute(mnemonic, new Operands { Rs1 = 5, Rs2 = 6, Immediate = 6 }) is not null;
                Assert.That(faults, Is.EqualTo(taken && isa == "rv64g"), $"{mnemonic} {a:x} {b:x}");
            }
        }
    }
}
