using System.Text;
using Emulator.Core.Ir;
using Emulator.Tests.Guests;

namespace Emulator.Tests.Ir;

/// <summary>The table of operations is complete, and docs/ir.md is printed from it (BLESS=1 rewrites the page).</summary>
[TestFixture]
public class IrDocumentationTests
{
    [Test]
    public void Rows_are_in_the_order_of_the_opcodes() =>
        Assert.That(OpcodeTable.Rows.Select(r => r.Opcode), Is.EqualTo(Enum.GetValues<Opcode>()));

    [Test]
    public void Page_is_current()
    {
        string path = RepositoryFiles.Path("docs", "ir.md");
        string expected = Page();
        if (Environment.GetEnvironmentVariable("BLESS") == "1") File.WriteAllText(path, expected);
        Assert.That(File.ReadAllText(path), Is.EqualTo(expected), "run the test with BLESS=1");
    }

    private static string Page()
    {
        var text = new StringBuilder();
        text.Append("# Operations of the IR\n\nPrinted from `Emulator.Core/Ir/OpcodeTable.cs` by a test. Slots hold 64 bits; D is the destination slot, A, B and C operands, I the\n"
            + "immediate. Operations named ...32 use the low halves of their operands and sign-extend their result.\n\n"
            + "| operation | operands | effects | meaning |\n|---|---|---|---|\n");
        foreach (var row in OpcodeTable.Rows)
        {
            text.Append($"| {row.Opcode} | {row.Operands} | {row.Effects} | {row.Meaning.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        }

        return text.ToString();
    }
}
