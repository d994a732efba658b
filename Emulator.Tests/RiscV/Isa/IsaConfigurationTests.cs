using Emulator.Arch.RiscV.Isa;
using static Emulator.Arch.RiscV.Isa.RiscVExtension;

namespace Emulator.Tests.RiscV.Isa;

public sealed class IsaConfigurationTests
{
    [TestCase("rv64gc", "rv64imafdc_zicntr_zicsr_zifencei_zihpm_zaamo_zalrsc_zca_zcd")]
    [TestCase("rv32imac", "rv32imac_zicntr_zicsr_zihpm_zaamo_zalrsc_zca")]
    [TestCase("rv32gc", "rv32imafdc_zicntr_zicsr_zifencei_zihpm_zaamo_zalrsc_zca_zcd_zcf")]
    [TestCase("RV64IMA_zba_zbb,+zbs,-zihpm", "rv64imab_zicntr_zicsr_zaamo_zalrsc_zba_zbb_zbs")]
    [TestCase("rv64gc,-c", "rv64imafd_zicntr_zicsr_zifencei_zihpm_zaamo_zalrsc")]
    [TestCase("rv64gc,-f", "rv64imac_zicntr_zicsr_zifencei_zihpm_zaamo_zalrsc_zca")]
    [TestCase("rv64imzacas", "rv64im_zicntr_zicsr_zihpm_zaamo_zacas")]
    [TestCase("rv64i_zkn_zkr_zkt", "rv64i_zicntr_zicsr_zihpm_zbkb_zbkc_zbkx_zk_zkn_zknd_zkne_zknh_zkr_zkt")]
    [TestCase("rv64i_zfh,-zicntr,-zihpm", "rv64if_zicsr_zfh_zfhmin")]
    [TestCase("rv64i,-s,-u,-zicsr", "rv64i")]
    public void Gives_canonical_strings(string text, string canonical)
    {
        var isa = IsaConfiguration.Parse(text);
        Assert.That(isa.IsaString, Is.EqualTo(canonical));
        Assert.That(IsaConfiguration.Parse(canonical).Has(Zicsr), Is.EqualTo(isa.Has(Zicsr) || canonical == "rv64i"));
    }

    [TestCase("rv64gcx", "unknown extension 'x'")]
    [TestCase("rv64gc_zfoo", "unknown extension 'zfoo'")]
    [TestCase("rv64gc,zbb", "'zbb' after a comma; expected +name or -name")]
    [TestCase("rv64gc_zcf", "extension 'zcf'")]
    [TestCase("rv32g_svnapot", "extension 'svnapot'")]
    [TestCase("rv64m", "no base")]
    [TestCase("rv128g", "'rv128g'")]
    [TestCase("", "''")]
    public void Refuses(string text, string message)
    {
        Assert.That(() => IsaConfiguration.Parse(text), Throws.TypeOf<FormatException>().With.Message.Contains(message).And.Message.Contains($"'{text}'"));
    }

    [Test]
    public void Max_has_every_extension_of_its_base()
    {
        Assert.That(IsaConfiguration.Parse("max"), Is.EqualTo(IsaConfiguration.Max));
        Assert.That(IsaConfiguration.Parse("rv32max"), Is.EqualTo(IsaConfiguration.Max32));
        foreach (var row in ExtensionTable.Rows.Where(row => row.Extension != Svade))
        {
            Assert.That(IsaConfiguration.Max.Has(row.Extension), Is.EqualTo(row.Width != BaseWidth.Rv32), row.Name);
            Assert.That(IsaConfiguration.Max32.Has(row.Extension), Is.EqualTo(row.Width != BaseWidth.Rv64), row.Name);
        }
    }

    [Test]
    public void Rows_are_in_the_order_of_the_enumeration()
    {
        Assert.That(ExtensionTable.Rows.Select(row => row.Extension), Is.EqualTo(Enum.GetValues<RiscVExtension>()));
    }

    [TestCase("rv64gc", "riscv,sv39")]
    [TestCase("rv64gc,+sv57", "riscv,sv57")]
    [TestCase("max,-sv48", "riscv,sv39")]
    [TestCase("rv32gc", "riscv,sv32")]
    [TestCase("rv64gc,-s", null)]
    public void Names_the_widest_mmu_type(string text, string? type) => Assert.That(IsaConfiguration.Parse(text).MmuType, Is.EqualTo(type));
}
