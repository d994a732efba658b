using Emulator.Core.Loading;
using Emulator.Tests.Images;

namespace Emulator.Tests.Cli;

/// <summary><c>emu disasm</c>.</summary>
[TestFixture]
public sealed class DisasmTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void CreateFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task Names_places_and_targets()
    {
        Assert.That(await ListAsync("--cpu", "rv64gc"), Is.EqualTo(
            """

            0000000080000000 <start>:
                    80000000: 001002b7  lui t0, 0x100
                    80000004: 00005337  lui t1, 0x5
                    80000008: 55530313  addi t1, t1, 1365
                    8000000c: 0062a023  sw t1, 0(t0)

            0000000080000010 <done>:
                    80000010: 0000006f  jal zero, 0x80000010 <done>

            """));
    }

    [Test]
    public async Task Shows_ir_beside_the_instructions()
    {
        string text = await ListAsync("--ir");
        Assert.That(text, Does.Match(@"lui t0, 0x100 +Enter"), text);
        Assert.That(text, Does.Contain("t0 = Const"), text);
        Assert.That(text, Does.Match(@"sw t1, 0\(t0\) +Store32 zero, t1, c=0, #0x100000"), text);
    }

    [Test]
    public async Task Shows_one_symbol()
    {
        string text = await ListAsync("--symbol", "done");
        Assert.That(text, Does.Contain("<done>:").And.Not.Contain("<start>:"));
    }

    [Test]
    public async Task Shows_host_code()
    {
        string text = await ListAsync("--host");
        Assert.That(text, Does.Match(@"; region r_80000000_\w+: \d+ guest instructions, \d+ bytes of CIL, \d+ bytes of \w+ code"), text);
    }

    [Test]
    public async Task Shows_raw_code()
    {
        string path = _folder.Write("code.bin", [0x13, 0x05, 0x15, 0x00, 0x82, 0x80, 0xff]);
        var result = await Emu.RunAsync("disasm", path, "--base", "0x1000", "--ir");
        Assert.That(result.Status, Is.Zero, result.Error);
        Assert.That(result.Out, Does.Contain("            1000: 00150513  addi a0, a0, 1").And.Contain("1004: 8082").And.Contain(".byte 0xff"));
    }

    [Test]
    public async Task Whole_embedded_guest_has_ir()
    {
        string path = Guests.RepositoryFiles.Path("guests", "riscv-demo", "riscv-demo.bin");
        var result = await Emu.RunAsync("disasm", path, "--ir");
        Assert.That(result.Status, Is.Zero, result.Error);
        Assert.That(result.Out, Does.Contain("        80200000: 0400006f  jal zero, 0x80200040"));
    }

    private async Task<string> ListAsync(params string[] more)
    {
        uint[] code = GuestPrograms.Finish(GuestPrograms.Pass);
        byte[] program = GuestPrograms.Elf(code, null, ElfClass.Elf64, ("start", GuestPrograms.Start), ("done", GuestPrograms.Start + (sizeof(uint) * ((ulong)code.Length - 1))));
        var result = await Emu.RunAsync(["disasm", _folder.Write("guest.elf", program), .. more]);
        Assert.That(result.Status, Is.Zero, result.Error);
        return result.Out;
    }
}
