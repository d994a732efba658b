using System.Buffers.Binary;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Machines.BareX86;

/// <summary>ROMs of our own that bring the processor from the reset vector into the state in which a program expects to be started.</summary>
internal static class BootStub
{
    /// <summary>Bytes of each of these ROMs.</summary>
    public const int RomBytes = 0x1_0000;

    /// <summary>Where a boot sector is loaded.</summary>
    public const ushort BootSectorAddress = 0x7c00;

    private const uint LinearBase = 0xffff_0000;
    private const ushort Segment = 0xf000;
    private const int ResetVector = 0xfff0;
    private const int RealCode = 0x0000;
    private const int ProtectedCode = 0x1000;
    private const int LongCode = 0x2000;
    private const int Descriptors = 0x3000;
    private const int DescriptorPointer = 0x3100;
    private const int InterruptReturn = 0x3200;
    private const int InterruptVectorCount = 256;
    private const byte FirstHardDisk = 0x80;

    private const ushort Code32 = 0x08;
    private const ushort Data = 0x10;
    private const ushort Code64 = 0x18;

    // With the accessed bit set, since they are in ROM (Intel SDM volume 3, 3.4.5).
    private static readonly ulong[] SegmentDescriptors = [0, 0x00cf_9b00_0000_ffff, 0x00cf_9300_0000_ffff, 0x00af_9b00_0000_ffff];

    private const int ProtectionEnable = 1;
    private const int MonitorCoprocessor = 1 << 1;
    private const uint CachesOff = 0x6000_0000;
    private const uint Paging = 0x8000_0000;
    private const int PhysicalAddressExtension = 1 << 5;
    private const int SseState = 1 << 9;
    private const int SseExceptions = 1 << 10;
    private const uint EferRegister = 0xc000_0080;
    private const int LongModeEnable = 1 << 8;

    /// <summary>Starts a boot sector: real mode, at 0:7C00, the stack below it, DL naming a hard disk, interrupts off.</summary>
    public static byte[] ForBootSector()
    {
        byte[] rom = Create();
        Place(rom, RealCode, 16, RealCode, static code =>
        {
            code.xor(ax, ax);
            foreach (var segment in new[] { ds, es, ss }) code.mov(segment, ax);
            code.mov(sp, BootSectorAddress);
            code.mov(edx, (int)FirstHardDisk);
            code.jmp((ushort)0, BootSectorAddress);
        });
        Place(rom, InterruptReturn, 16, InterruptReturn, static code => code.iret());
        return rom;
    }

    /// <summary>The real mode interrupt table that goes with <see cref="ForBootSector"/>: nothing happens at any interrupt.</summary>
    public static byte[] InterruptVectors()
    {
        byte[] table = new byte[InterruptVectorCount * sizeof(uint)];
        for (int i = 0; i < InterruptVectorCount; i++) BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(i * sizeof(uint)), ((uint)Segment << 16) | InterruptReturn);
        return table;
    }

    /// <summary>Starts a program as the Multiboot specification says (3.2): flat protected mode, paging and interrupts off.</summary>
    /// <param name="entry">Its first instruction.</param>
    /// <param name="information">Where <see cref="MultibootInformation"/> is; the stack is below it.</param>
    public static byte[] ForProtectedMode(uint entry, uint information)
    {
        byte[] rom = Create();
        EnterProtectedMode(rom);
        Place(rom, ProtectedCode, 32, LinearBase + ProtectedCode, code =>
        {
            LoadDataSegments(code);
            code.mov(esp, information);
            code.mov(ecx, entry);
            code.mov(ebx, information);
            code.mov(eax, MultibootInformation.Magic);
            code.jmp(ecx);
        });
        return rom;
    }

    /// <summary>Starts a program in long mode on <see cref="IdentityPageTables"/>, SSE on, interrupts off.</summary>
    /// <param name="entry">Its first instruction.</param>
    /// <param name="information">Where <see cref="MultibootInformation"/> is; the stack is below it.</param>
    public static byte[] ForLongMode(ulong entry, uint information)
    {
        byte[] rom = Create();
        EnterProtectedMode(rom);
        Place(rom, ProtectedCode, 32, LinearBase + ProtectedCode, static code =>
        {
            LoadDataSegments(code);
            code.mov(eax, IdentityPageTables.Address);
            code.mov(cr3, eax);
            code.mov(eax, PhysicalAddressExtension | SseState | SseExceptions);
            code.mov(cr4, eax);
            code.mov(ecx, EferRegister);
            code.rdmsr();
            code.or(eax, LongModeEnable);
            code.wrmsr();
            code.mov(eax, cr0);
            code.and(eax, ~CachesOff);
            code.or(eax, Paging | MonitorCoprocessor);
            code.mov(cr0, eax);
            code.jmp(Code64, LinearBase + LongCode);
        });
        Place(rom, LongCode, 64, LinearBase + LongCode, code =>
        {
            code.mov(esp, information);
            code.mov(rcx, entry);
            code.mov(ebx, information);
            code.mov(eax, MultibootInformation.Magic);
            code.jmp(rcx);
        });
        return rom;
    }

    private static byte[] Create()
    {
        byte[] rom = new byte[RomBytes];
        Place(rom, ResetVector, 16, ResetVector, static code => code.jmp(Segment, RealCode));
        BinaryPrimitives.WriteUInt16LittleEndian(rom.AsSpan(DescriptorPointer), (ushort)((SegmentDescriptors.Length * sizeof(ulong)) - 1));
        BinaryPrimitives.WriteUInt32LittleEndian(rom.AsSpan(DescriptorPointer + sizeof(ushort)), ((uint)Segment << 4) + Descriptors); // LGDT takes 24 bits of it
        for (int i = 0; i < SegmentDescriptors.Length; i++) BinaryPrimitives.WriteUInt64LittleEndian(rom.AsSpan(Descriptors + (i * sizeof(ulong))), SegmentDescriptors[i]);
        return rom;
    }

    private static void EnterProtectedMode(byte[] rom) => Place(rom, RealCode, 16, RealCode, static code =>
    {
        code.mov(ax, Segment);
        code.mov(ds, ax);
        code.lgdt(__[DescriptorPointer]);
        code.mov(eax, cr0);
        code.or(al, ProtectionEnable);
        code.mov(cr0, eax);
        code.AddInstruction(Instruction.CreateBranch(Code.Jmp_ptr1632, Code32, LinearBase + ProtectedCode));
    });

    private static void LoadDataSegments(Assembler code)
    {
        code.mov(eax, (int)Data);
        foreach (var segment in new[] { ds, es, ss, fs, gs }) code.mov(segment, ax);
    }

    private static void Place(byte[] rom, int offset, int bitness, ulong address, Action<Assembler> emit)
    {
        var assembler = new Assembler(bitness);
        emit(assembler);
        var bytes = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(bytes), address);
        bytes.ToArray().CopyTo(rom, offset);
    }
}
