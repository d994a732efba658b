using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Machines;
using Emulator.Machines.BareX86;
using Emulator.Tests.Images;
using Iced.Intel;
using static Emulator.Tests.X86.Machine.BareX86Programs;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Tests.X86.Machine;

/// <summary>The board's chips as programs see them, on every engine.</summary>
[CancelAfter(60_000)]
internal sealed class BareX86DeviceTests
{
    [Test]
    public async Task Bytes_go_to_debug_outputs([Values] EngineKind engine)
    {
        using var folder = new TemporaryFolder();
        string first = Path.Combine(folder.Path, "first");
        string second = Path.Combine(folder.Path, "second");
        var description = Describe() with
        {
            DebugOutputs = [new DebugOutput(0xe9, first), new DebugOutput(0x402, second)],
            Kernel = BootSector(static code =>
            {
                foreach (char character in "Hello") Put(code, 0xe9, character);
                code.mov(dx, 0x402);
                code.@in(al, dx);
                code.@out(dx, al);
                code.Exit(0);
            }),
        };
        await RunAsync(description, engine);
        Assert.That(await File.ReadAllTextAsync(first), Is.EqualTo("Hello"));
        Assert.That(await File.ReadAllBytesAsync(second), Is.EqualTo(new byte[] { 0xe9 }));
    }

    [Test]
    public async Task Serial_line_carries_both_ways([Values] EngineKind engine)
    {
        var description = Describe() with
        {
            Engine = new EngineOptions { Kind = engine },
            Kernel = BootSector(static code =>
            {
                var wait = code.CreateLabel();
                foreach (char character in "ready") code.Say(character);
                code.mov(dx, Com1 + 5);
                code.Label(ref wait);
                code.@in(al, dx);
                code.test(al, 1);
                code.jz(wait);
                code.mov(dx, Com1);
                code.@in(al, dx);
                code.inc(al);
                code.@out(dx, al);
                code.Exit(0);
            }),
        };
        await using var machine = await VirtualMachine.StartAsync(description);
        await machine.Console.WaitForAsync("ready");
        await machine.Console.WriteAsync("m");
        await machine.Console.WaitForAsync("n");
        await machine.WaitForExitAsync();
    }

    [Test]
    public async Task Missing_ports_and_memory_read_ones([Values] EngineKind engine)
    {
        int code = await RunAsync(Describe() with
        {
            Kernel = BareX86Programs.Elf(ElfClass.Elf64, 64, static code =>
            {
                code.mov(edx, 0x5555);
                code.@in(eax, dx);
                code.mov(rbx, 0xd000_0000ul);
                code.mov(__dword_ptr[rbx], 0);
                code.and(eax, __dword_ptr[rbx]);
                code.mov(__byte_ptr[0xf_fff0], 0); // ROM keeps what it has
                code.cmp(__byte_ptr[0xf_fff0], unchecked((sbyte)0xea));
                code.setne(cl);
                code.sub(al, cl);
                code.inc(eax);
                code.setz(al);
                code.@out((byte)DebugExit, al);
                code.hlt();
            }),
        }, engine);
        Assert.That(code, Is.EqualTo(3));
    }

    [Test]
    public async Task Address_line_20_can_be_held_low([Values] EngineKind engine)
    {
        int code = await RunAsync(Describe() with
        {
            Kernel = BootSector(static code =>
            {
                code.mov(ax, unchecked((short)0xffff));
                code.mov(fs, ax);
                code.mov(__byte_ptr.fs[0x610], 1); // 0x100600
                code.mov(__byte_ptr[0x600], 2);
                code.mov(bl, __byte_ptr.fs[0x610]); // 1
                Put(code, 0x92, (char)0);
                code.mov(bh, __byte_ptr.fs[0x610]); // 2
                Put(code, 0x92, (char)2);
                code.mov(al, __byte_ptr.fs[0x610]); // 1
                code.shl(bh, 2);
                code.shl(al, 4);
                code.or(al, bl);
                code.or(al, bh);
                code.@out((byte)DebugExit, al);
                code.hlt();
            }),
        }, engine);
        Assert.That(code >> 1, Is.EqualTo(1 | (2 << 2) | (1 << 4)));
    }

    [Test]
    public async Task Timer_interrupts_wake_from_halt([Values] EngineKind engine, [Values] bool isDeterministic)
    {
        int code = await RunAsync(Describe() with
        {
            Engine = new EngineOptions { Kind = engine, IsDeterministic = isDeterministic },
            Kernel = BootSector(static code =>
            {
                var handler = code.CreateLabel();
                var wait = code.CreateLabel();
                foreach (var (port, value) in new[] { (0x20, 0x11), (0x21, 0x20), (0x21, 4), (0x21, 3), (0x21, 0xfe), (0x43, 0x34), (0x40, 0xa9), (0x40, 4) }) Put(code, port, (char)value);
                code.call(handler); // gives its address to CX
                code.mov(__word_ptr[0x20 * 4], cx);
                code.mov(__word_ptr[(0x20 * 4) + 2], 0);
                code.xor(bx, bx);
                code.sti();
                code.Label(ref wait);
                code.hlt();
                code.cmp(bx, 20);
                code.jb(wait);
                code.Exit(9);
                code.Label(ref handler);
                code.pop(ax);
                var next = code.CreateLabel();
                code.call(next);
                code.inc(bx);
                code.iret();
                code.Label(ref next);
                code.pop(cx);
                code.jmp(ax);
            }),
        }, engine);
        Assert.That(code, Is.EqualTo(19));
    }

    [Test]
    public async Task Halt_without_interrupts_costs_nothing([Values] EngineKind engine, [Values] bool isDeterministic)
    {
        await using var machine = await VirtualMachine.StartAsync(Describe() with
        {
            Engine = new EngineOptions { Kind = engine, IsDeterministic = isDeterministic },
            Kernel = BootSector(static code =>
            {
                code.Say('!');
                code.cli();
                code.hlt();
                code.Exit(1);
            }),
        });
        await machine.Console.WaitForAsync("!");
        ulong before = ulong.MaxValue;
        while (before != machine.InstructionCount)
        {
            before = machine.InstructionCount;
            await Task.Delay(20);
        }

        await Task.Delay(50);
        Assert.That(machine.InstructionCount, Is.EqualTo(before));
        Assert.That(machine.Completion.IsCompleted, Is.False);
    }

    private static void Put(Assembler code, int port, char value)
    {
        code.mov(al, unchecked((sbyte)value));
        code.@out((byte)port, al);
    }

    private static async Task<int> RunAsync(BareX86Description description, EngineKind engine)
    {
        await using var machine = await VirtualMachine.StartAsync(description with { Engine = description.Engine with { Kind = engine } });
        var exit = await machine.WaitForExitAsync(TestContext.CurrentContext.CancellationToken);
        Assert.That(exit.End, Is.EqualTo(MachineEnd.PowerOff), $"{exit.Fault}");
        return exit.Code;
    }
}
