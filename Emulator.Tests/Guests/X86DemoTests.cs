using System.Security.Cryptography;
using Emulator.Core.Execution;
using Emulator.Machines;
using Emulator.Machines.BareX86;
using Emulator.Machines.BareX86.Demo;

namespace Emulator.Tests.Guests;

/// <summary>The embedded x86 guest: that its bytes are its sources, and that it works here and on a machine which is not ours.</summary>
[TestFixture]
public sealed class X86DemoTests
{
    private const string Qemu = "qemu-system-x86_64";
    private const string Prompt = "x86> ";

    // Of the ROM. A change of the sources, or of the assembler, changes it.
    private const string Digest = "4fcbeb2e3eaef5225addffe82126c237466bb274303b81945e86d17229395169";

    // What is typed, and what is answered on every machine.
    private static readonly (string Command, string Answer)[] Dialogue =
    [
        ("help", "poweroff   switches it off"),
        ("info", "efer       0000000000000500"),
        ("info", " MHz"),
        ("memory", "  63 MiB at 1 MiB"),
        ("time", " s\r\n"),
        ("speed", " million instructions a second"),
        ("mandel", ".....@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@%*=;::~~~~--"),
        ("crash", "*** exception 14 #PF at 00000000000f"),
        ("crash", ", error code 0000000000000002, address 0000123456789000"),
        ("divide", "*** exception 0 #DE at 00000000000f"),
        ("tix\bme", " s\r\n"),
        ("nonsense", "no such command: nonsense"),
    ];

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(100);

    [Test]
    public void Rom_is_always_the_same()
    {
        byte[] rom = DemoRom.Build();
        Assert.That(rom, Is.EqualTo(DemoRom.Build()));
        Assert.That(Convert.ToHexStringLower(SHA256.HashData(rom)), Is.EqualTo(Digest), "if the sources were changed on purpose, enter the new digest");
    }

    [Test]
    public async Task It_runs_here([Values] EngineKind engine, [Values] bool isDeterministic)
    {
        using var limit = new CancellationTokenSource(Limit);
        var description = BareX86Machine.Describe(64.MiB()) with { Engine = new EngineOptions { Kind = engine, IsDeterministic = isDeterministic } };
        await using var machine = await VirtualMachine.StartAsync(description, limit.Token);
        string start = await machine.Console.WaitForAsync(Prompt, limit.Token);
        Assert.That(start, Does.Contain("started in real mode").And.Contain("in protected mode").And.Contain("in long mode"));
        foreach (var (command, answer) in Dialogue)
        {
            await machine.Console.WriteLineAsync(command, limit.Token);
            Assert.That(await machine.Console.WaitForAsync(Prompt, limit.Token), Does.Contain(answer));
        }

        foreach (string restart in new[] { "reboot", "triple" })
        {
            await machine.Console.WriteLineAsync(restart, limit.Token);
            Assert.That(await machine.Console.WaitForAsync(Prompt, limit.Token), Does.Contain("started in real mode"));
        }

        await machine.Console.WriteLineAsync("poweroff", limit.Token);
        var exit = await machine.WaitForExitAsync(limit.Token);
        Assert.That((exit.End, exit.Code), Is.EqualTo((MachineEnd.PowerOff, 0)), $"{exit.Fault}");
    }

    [Test]
    public async Task It_runs_on_qemu()
    {
        if (!HostTool.IsInstalled(Qemu)) Assert.Ignore($"{Qemu} is not installed.");
        string rom = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(rom, DemoRom.Build());

            // without its local APIC, which nobody would set up, so that the 8259A's interrupts reach the processor
            using var machine = HostTool.Start(Qemu, "-M", "pc", "-cpu", "qemu64,-apic", "-m", "64M", "-bios", rom, "-display", "none", "-monitor", "none",
                "-serial", "stdio", "-device", "isa-debug-exit,iobase=0xf4,iosize=4");
            await machine.WaitForAsync(Prompt);
            foreach (var (command, answer) in Dialogue)
            {
                await machine.WriteAsync(command + "\r");
                await machine.WaitForAsync(answer.Replace("\r\n", "", StringComparison.Ordinal));
                await machine.WaitForAsync(Prompt);
            }

            await machine.WriteAsync("triple\r");
            await machine.WaitForAsync("started in real mode");
            await machine.WaitForAsync(Prompt);
            await machine.WriteAsync("poweroff\r");
            await machine.WaitForAsync("bye");
        }
        finally
        {
            File.Delete(rom);
        }
    }
}
