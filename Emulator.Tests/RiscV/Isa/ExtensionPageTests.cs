using System.Text;
using System.Text.RegularExpressions;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Tests.Repository;

namespace Emulator.Tests.RiscV.Isa;

/// <summary>docs/extensions.md is printed from the tables of extensions and instructions (BLESS=1 rewrites it).</summary>
public sealed partial class ExtensionPageTests
{
    [Test]
    public void Page_is_current()
    {
        string path = Path.Combine(RepositoryFiles.Root, "docs", "extensions.md");
        string expected = Page();
        if (Environment.GetEnvironmentVariable("BLESS") == "1") File.WriteAllText(path, expected);
        Assert.That(File.ReadAllText(path), Is.EqualTo(expected), "run the test with BLESS=1");
    }

    [Test]
    public void Every_extension_with_instructions_is_in_a_requirement_of_some_row()
    {
        // extensions that add behaviour, registers or timing, but no instruction
        RiscVExtension[] others =
        [
            RiscVExtension.A, RiscVExtension.B, RiscVExtension.C, RiscVExtension.U, RiscVExtension.Zicntr, RiscVExtension.Zihpm,
            RiscVExtension.Zk, RiscVExtension.Zkn, RiscVExtension.Zks, RiscVExtension.Zkr, RiscVExtension.Zkt,
            RiscVExtension.Ssstateen, RiscVExtension.Sstc, RiscVExtension.Sv32, RiscVExtension.Sv39, RiscVExtension.Sv48, RiscVExtension.Sv57,
            RiscVExtension.Svade, RiscVExtension.Svadu, RiscVExtension.Svnapot, RiscVExtension.Svpbmt, RiscVExtension.Smstateen,
        ];
        var named = InstructionTable.Rows.SelectMany(row => row.Requires.ToString().Split(' ')).ToHashSet();
        Assert.That(ExtensionTable.Rows.Where(row => !others.Contains(row.Extension) && !named.Contains(row.Name)), Is.Empty);
    }

    private static string Page()
    {
        var text = new StringBuilder();
        text.Append("# RISC-V extensions\n\nPrinted from `Isa/ExtensionTable.cs` and the instruction tables by a test.\n\n"
            + $"`max` is `{IsaConfiguration.Max}`;\n`rv32max` is `{IsaConfiguration.Max32}`.\n\n"
            + "| extension | meaning | implies | base |\n|---|---|---|---|\n");
        foreach (var row in ExtensionTable.Rows)
        {
            text.Append($"| {row.Name} | {row.Meaning} | {string.Join(' ', row.Implies.Select(one => ExtensionTable.Of(one).Name))} | {Base(row.Width)} |\n");
        }

        text.Append("\n| needs | base | instructions |\n|---|---|---|\n");
        foreach (var group in InstructionTable.Rows.GroupBy(row => (Requirement: row.Requires.ToString(), row.Width)).OrderBy(group => group.Key.Requirement, StringComparer.Ordinal))
        {
            text.Append($"| {group.Key.Requirement} | {Base(group.Key.Width)} | {string.Join(' ', group.Select(row => Numbered().Replace(row.Mnemonic, ".n")).Distinct())} |\n");
        }

        return text.ToString();
    }

    private static string Base(BaseWidth width) => width switch
    {
        BaseWidth.Rv32 => "RV32",
        BaseWidth.Rv64 => "RV64",
        _ => "both",
    };

    [GeneratedRegex(@"(?<=mop.*)\.\d+$")]
    private static partial Regex Numbered();
}
