using Emulator.Core.Loading;
using Emulator.Machines.BareX86;
using Emulator.Tests.Loading;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Tests.X86.Machine;

/// <summary>Small programs for the board, and ways to start them.</summary>
internal static class BareX86Programs
{
    public const ushort DebugExit = 0xf4;
    public const ushort Com1 = 0x3f8;
    public const ulong Start = 0x10_0000;
    private const ushort ElfX8664 = 62;
    private const ushort Elf386 = 3;
    private const int SectorBytes = 512;
    private const ushort SectorAddress = 0x7c00;

    /// <summary>Ends the machine with status (value &lt;&lt; 1) | 1.</summary>
    public static void Exit(this Assembler code, int value)
    {
        code.mov(al, (sbyte)value);
        code.@out((byte)DebugExit, al);
        code.cli();
        code.hlt();
    }

    /// <summary>Writes a character to the serial line.</summary>
    public static void Say(this Assembler code, char character)
    {
        code.mov(dx, Com1);
        code.mov(al, (sbyte)character);
        code.@out(dx, al);
    }

    public static byte[] Assemble(int bitness, ulong address, Action<Assembler> emit)
    {
        var assembler = new Assembler(bitness);
        emit(assembler);
        var bytes = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(bytes), address);
        return bytes.ToArray();
    }

    /// <summary>A boot sector.</summary>
    public static GuestImage BootSector(Action<Assembler> emit)
    {
        byte[] sector = new byte[SectorBytes];
        Assemble(16, SectorAddress, emit).CopyTo(sector, 0);
        sector[^2] = 0x55;
        sector[^1] = 0xaa;
        return GuestImage.Parse(sector, "sector");
    }

    /// <summary>An ELF program; <paramref name="before"/> is put in front of its code.</summary>
    public static GuestImage Elf(ElfClass width, int bitness, Action<Assembler> emit, byte[]? before = null)
    {
        byte[] head = before ?? [];
        ulong entry = Start + (ulong)head.Length;
        return GuestImage.Parse(
            new ElfBuilder(width) { Machine = width == ElfClass.Elf64 ? ElfX8664 : Elf386, Entry = entry }.Load(Start, [.. head, .. Assemble(bitness, entry, emit)]).Build(), "program");
    }

    /// <summary>A ROM of 64 KiB whose code is at F000:0000, with a jump there at the reset vector.</summary>
    public static byte[] Rom(Action<Assembler> emit, int size = 0x1_0000)
    {
        byte[] rom = new byte[size];
        Assemble(16, 0, emit).CopyTo(rom, size - 0x1_0000);
        Assemble(16, 0xfff0, static code => code.jmp(0xf000, 0)).CopyTo(rom, size - 16);
        return rom;
    }

    public static BareX86Description Describe() => BareX86Machine.Describe(16 << 20) with { DebugExit = DebugExit };
}
