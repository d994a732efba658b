using System.Buffers.Binary;
using System.Text;
using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Core.Memory;
using Emulator.Machines;
using Emulator.Machines.BareX86;
using Iced.Intel;
using static Emulator.Tests.X86.Machine.BareX86Programs;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Tests.X86.Machine;

/// <summary>How programs are started, and how machines end, on every engine.</summary>
[CancelAfter(60_000)]
internal sealed class BareX86BootTests
{
    private const uint MultibootMagic = 0x2bad_b002;

    [Test]
    public async Task Rom_starts_at_the_reset_vector([Values] EngineKind engine, [Values(0x1_0000, 0x4_0000)] int size)
    {
        var description = Describe() with { Bios = Rom(static code => code.Exit(3), size) };
        Assert.That(await EndAsync(description, engine), Is.EqualTo(7));
    }

    [Test]
    public async Task Rom_is_seen_below_1_MiB_and_below_4_GiB_and_RAM_around_it()
    {
        byte[] rom = Rom(static code => code.Exit(0), 0x4_0000);
        rom[0x2_1234] = 0x99;
        await using var machine = VirtualMachine.Create(Describe() with { Bios = rom });
        Assert.Multiple(() =>
        {
            Assert.That(Byte(machine, 0xffff_fff0 - 0x1_0000 - 0xfff0 + 0x1234), Is.EqualTo(0x99));
            Assert.That(Byte(machine, 0xe_1234), Is.EqualTo(0x99), "the last 128 KiB");
            Assert.That(Byte(machine, 0xffff_fff0), Is.EqualTo(0xea));
            Assert.That(Byte(machine, 0xf_fff0), Is.EqualTo(0xea));
            Assert.That(machine.Memory.TryWrite(new GuestPhysicalAddress(0xd_ffff), [1]), Is.True, "RAM up to the ROM");
            Assert.That(machine.Memory.TryWrite(new GuestPhysicalAddress(0xe_0000), [1]), Is.False);
            Assert.That(machine.Memory.TryWrite(new GuestPhysicalAddress(0x10_0000), [1]), Is.True);
            Assert.That(machine.Memory.TryWrite(new GuestPhysicalAddress(0xff_ffff), [1]), Is.True, "the last byte");
            Assert.That(machine.Memory.TryWrite(new GuestPhysicalAddress(0x100_0000), [1]), Is.False);
        });
    }

    [TestCase(100, 4096)]
    [TestCase(4096, 4096)]
    [TestCase(5000, 8192)]
    public async Task Small_rom_is_filled_up_in_front(int size, int expected)
    {
        byte[] image = new byte[size];
        image[0] = 0x77;
        image[^1] = 0x88;
        await using var machine = VirtualMachine.Create(Describe() with { Bios = image });
        Assert.That(Byte(machine, 0xffff_ffff), Is.EqualTo(0x88));
        Assert.That(Byte(machine, 0x1_0000_0000 - (ulong)size), Is.EqualTo(0x77));
        Assert.That(machine.Memory.TryWrite(new GuestPhysicalAddress(0x10_0000 - (ulong)expected - 1), [1]), Is.True);
        Assert.That(machine.Memory.TryWrite(new GuestPhysicalAddress(0x10_0000 - (ulong)expected), [1]), Is.False);
    }

    [Test]
    public async Task Memory_goes_on_at_4_GiB()
    {
        await using var machine = VirtualMachine.Create(BareX86Machine.Describe(3.GiB() + 1.MiB()));
        Assert.That(machine.Memory.TryWrite(new GuestPhysicalAddress(0xbfff_ffff), [1]), Is.True);
        Assert.That(machine.Memory.TryWrite(new GuestPhysicalAddress(0xc000_0000), [1]), Is.False);
        Assert.That(machine.Memory.TryWrite(new GuestPhysicalAddress(0x1_000f_ffff), [1]), Is.True);
        Assert.That(machine.Memory.TryWrite(new GuestPhysicalAddress(0x1_0010_0000), [1]), Is.False);
    }

    [Test]
    public async Task Boot_sector_runs_in_real_mode([Values] EngineKind engine)
    {
        var sector = BootSector(static code =>
        {
            code.@int(0x10); // nobody is there, and nothing happens
            code.mov(ax, cs);
            code.or(ax, sp);
            code.xor(ax, 0x7c00);
            code.@out((byte)DebugExit, al);
            code.hlt();
        });
        Assert.That(await EndAsync(Describe() with { Kernel = sector }, engine), Is.EqualTo(1));
    }

    [Test]
    public async Task Elf_of_64_bits_runs_in_long_mode([Values] EngineKind engine)
    {
        var program = BareX86Programs.Elf(ElfClass.Elf64, 64, static code =>
        {
            var wrong = code.CreateLabel();
            code.mov(r15, 0x1_0000_0000_0000ul);
            code.bt(r15, 48);
            code.jnc(wrong);
            code.cmp(eax, MultibootMagic);
            code.jne(wrong);
            code.cmp(__dword_ptr[rbx + 4], 640);
            code.jne(wrong);
            code.cmp(__dword_ptr[rbx + 8], 15 << 10);
            code.jne(wrong);
            code.mov(rax, 0xffff_fff0ul);
            code.cmp(__byte_ptr[rax], unchecked((sbyte)0xea)); // mapped up to 4 GiB
            code.jne(wrong);
            code.Exit(21);
            code.Label(ref wrong);
            code.Exit(1);
        });
        Assert.That(await EndAsync(Describe() with { Kernel = program }, engine), Is.EqualTo(43));
    }

    [Test]
    public async Task Elf_of_32_bits_runs_in_protected_mode([Values] EngineKind engine)
    {
        var program = BareX86Programs.Elf(ElfClass.Elf32, 32, static code =>
        {
            code.mov(ecx, cr0);
            code.and(ecx, unchecked((int)0x8000_0001));
            code.lea(eax, __[eax + ecx - unchecked((int)MultibootMagic)]); // 1: protected, no paging
            code.@out((byte)DebugExit, al);
            code.hlt();
        });
        Assert.That(await EndAsync(Describe() with { Kernel = program }, engine), Is.EqualTo(3));
    }

    [Test]
    public async Task Multiboot_kernel_is_told_about_the_machine([Values] bool isRaw)
    {
        var description = Describe() with { Append = "root=here", Initrd = "the module"u8.ToArray() };
        Action<Assembler> emit = static code =>
        {
            code.mov(edi, 0x20_0000);
            code.mov(__dword_ptr[edi], eax);
            code.mov(__dword_ptr[edi + 4], ebx);
            code.Exit(0);
        };
        uint start = (uint)BareX86Programs.Start;
        byte[] header = isRaw ? Header(1 << 16, start, start, 0, start + 0x4000, start + 32) : Header(3);
        byte[] code = BareX86Programs.Assemble(32, start + (ulong)header.Length, emit);
        var kernel = isRaw ? GuestImage.Parse((byte[])[.. header, .. code], "kernel") : BareX86Programs.Elf(ElfClass.Elf32, 32, emit, header);
        await using var machine = await VirtualMachine.StartAsync(description with { Kernel = kernel });
        await machine.WaitForExitAsync();

        Assert.That(Word(machine, 0x20_0000), Is.EqualTo(MultibootMagic));
        uint information = Word(machine, 0x20_0004);
        uint map = Word(machine, information + 48);
        uint module = Word(machine, information + 24);
        Assert.Multiple(() =>
        {
            Assert.That(Word(machine, information), Is.EqualTo(0x24d), "memory, command line, module, map, loader");
            Assert.That(Word(machine, information + 4), Is.EqualTo(640));
            Assert.That(Word(machine, information + 8), Is.EqualTo(15 << 10));
            Assert.That(Text(machine, Word(machine, information + 16)), Is.EqualTo($"{kernel.Name} root=here"));
            Assert.That(Text(machine, Word(machine, information + 64)), Is.EqualTo("emu"));
            Assert.That(Word(machine, information + 20), Is.EqualTo(1));
            Assert.That(Text(machine, Word(machine, module)), Is.EqualTo("the module"));
            Assert.That(Word(machine, module + 4) - Word(machine, module), Is.EqualTo(10));
            Assert.That(Word(machine, information + 44), Is.EqualTo(4 * 24));
            Assert.That(Enumerable.Range(0, 4).Select(i => (Word(machine, map + ((uint)i * 24) + 4), Word(machine, map + ((uint)i * 24) + 12), Word(machine, map + ((uint)i * 24) + 20))),
                Is.EqualTo(new (uint, uint, uint)[] { (0, 0xa_0000, 1), (0xa_0000, 0x6_0000, 2), (0x10_0000, 0xf0_0000, 1), (0xffff_0000, 0x1_0000, 2) }));
        });
    }

    [Test]
    public async Task Multiboot_information_keeps_clear_of_the_kernel([Values(0x8000u, 0x9200u, 0x9_f000u)] uint start, [Values(0x40, 0x6000)] int size)
    {
        if (start + size > 0xa_0000) return;
        byte[] header = Header(1 << 16, start, start, 0, 0, start + 32);
        byte[] code = BareX86Programs.Assemble(32, start + (ulong)header.Length, static code =>
        {
            code.mov(edi, 0x20_0000);
            code.push(ebx); // the stack is free
            code.pop(__dword_ptr[edi]);
            code.Exit(0);
        });
        byte[] image = [.. header, .. code];
        Array.Resize(ref image, Math.Max(size, image.Length));
        await using var machine = await VirtualMachine.StartAsync(Describe() with { Kernel = GuestImage.Parse(image, "kernel") });
        await machine.WaitForExitAsync();
        uint information = Word(machine, 0x20_0000);
        Assert.That(information, Is.GreaterThanOrEqualTo(start + (uint)size).Or.LessThan(start - 0x300), $"{information:x}");
        Assert.That(Text(machine, Word(machine, information + 16)), Is.EqualTo("kernel"));
    }

    [Test]
    public async Task Reset_starts_again_or_ends([Values("0xcf9", "0x92", "triple fault")] string how, [Values] bool ends, [Values] EngineKind engine)
    {
        // counts its starts in memory that a reset leaves alone
        var sector = BootSector(code =>
        {
            var again = code.CreateLabel();
            code.inc(__byte_ptr[0x600]);
            code.mov(al, __byte_ptr[0x600]);
            code.cmp(al, 3);
            code.jb(again);
            code.Exit(5);
            code.Label(ref again);
            switch (how)
            {
                case "0xcf9":
                    code.mov(dx, 0xcf9);
                    code.mov(al, 6);
                    code.@out(dx, al);
                    break;
                case "0x92":
                    code.mov(al, 3);
                    code.@out(unchecked((byte)0x92), al);
                    break;
                default:
                    code.lidt(__[0x610]); // of zeros
                    code.ud2();
                    break;
            }

            code.hlt();
        });
        Assert.That(await EndAsync(Describe() with { Kernel = sector, EndsOnReset = ends }, engine), Is.EqualTo(ends ? 0 : 11));
    }

    [Test]
    public async Task Soft_off_is_an_orderly_end([Values] EngineKind engine)
    {
        var sector = BootSector(static code =>
        {
            code.mov(dx, 0x604);
            code.mov(ax, 0x2000);
            code.@out(dx, ax);
            code.hlt();
        });
        Assert.That(await EndAsync(Describe() with { Kernel = sector }, engine), Is.Zero);
    }

    [TestCase("kernel besides a ROM", Description = "both")]
    public void Rom_and_kernel_do_not_go_together(string expected)
    {
        var description = Describe() with { Bios = new byte[16], Kernel = BootSector(static code => code.hlt()) };
        Assert.That(() => VirtualMachine.Create(description), Throws.TypeOf<MachineConfigurationException>().With.Message.Contains(expected));
    }

    [Test]
    public void What_cannot_be_started_is_refused()
    {
        Assert.Multiple(() =>
        {
            Refused(Describe() with { Kernel = GuestImage.Parse("text"u8.ToArray(), "file") }, "file: neither ELF nor");
            Refused(Describe() with { Kernel = GuestImage.Parse(new byte[512], "file") }, "file: neither ELF nor");
            Refused(Describe() with { Kernel = BareX86Programs.Elf(ElfClass.Elf64, 64, static code => code.hlt(), new byte[16 << 20]) }, "are not inside RAM");
            Refused(Describe() with { Bios = new byte[(16 << 20) + 1] }, "a ROM image of 16777217 bytes");
            Refused(Describe() with { Bios = Array.Empty<byte>() }, "a ROM image of 0 bytes");
            Refused(Describe() with { Memory = 512 << 10 }, "from 1 MiB");
            Refused(Describe() with { Append = new string('x', 0x6000), Kernel = BareX86Programs.Elf(ElfClass.Elf64, 64, static code => code.hlt()) }, "a command line of");
            Refused(Describe() with { Kernel = GuestImage.Parse(Header(1 << 16, 0x10_0000, 0x20_0000, 0, 0, 0), "file") }, "expected addresses inside the file");
        });
    }

    private static void Refused(BareX86Description description, string expected) =>
        Assert.That(() => VirtualMachine.Create(description), Throws.TypeOf<MachineConfigurationException>().With.Message.Contains(expected));

    private static byte[] Header(uint flags, params uint[] addresses)
    {
        const uint magic = 0x1bad_b002;
        uint[] words = [magic, flags, unchecked(0 - magic - flags), .. addresses];
        byte[] bytes = new byte[words.Length * sizeof(uint)];
        Buffer.BlockCopy(words, 0, bytes, 0, bytes.Length);
        return bytes;
    }

    private static async Task<int> EndAsync(BareX86Description description, EngineKind engine)
    {
        await using var machine = await VirtualMachine.StartAsync(description with { Engine = new EngineOptions { Kind = engine } });
        var exit = await machine.WaitForExitAsync(TestContext.CurrentContext.CancellationToken);
        Assert.That(exit.End, Is.EqualTo(MachineEnd.PowerOff), $"{exit.Fault}");
        return exit.Code;
    }

    private static byte Byte(VirtualMachine machine, ulong address)
    {
        byte[] value = new byte[1];
        Assert.That(machine.Memory.TryRead(new GuestPhysicalAddress(address), value), Is.True, $"{address:x}");
        return value[0];
    }

    private static uint Word(VirtualMachine machine, uint address)
    {
        byte[] value = new byte[4];
        machine.Memory.TryRead(new GuestPhysicalAddress(address), value);
        return BinaryPrimitives.ReadUInt32LittleEndian(value);
    }

    private static string Text(VirtualMachine machine, uint address)
    {
        byte[] value = new byte[64];
        machine.Memory.TryRead(new GuestPhysicalAddress(address), value);
        return Encoding.ASCII.GetString(value)[..Array.IndexOf(value, (byte)0)];
    }
}
