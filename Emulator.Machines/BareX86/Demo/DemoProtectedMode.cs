using Iced.Intel;
using static Emulator.Machines.BareX86.Demo.DemoLayout;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Machines.BareX86.Demo;

/// <summary>From protected mode to long mode: page tables, then the switch of Intel SDM volume 3, 10.8.5; 32-bit code.</summary>
internal static class DemoProtectedMode
{
    private const int PageSize = 0x1000;
    private const int PresentWritable = 3;
    private const int LargePage = 0x80;
    private const uint LargePageBytes = 0x20_0000;
    private const int Directories = 4;
    private const int EntriesPerTable = 512;
    private const uint ExtendedFeatures = 0x8000_0001;
    private const int LongModeFeature = 1 << 29;
    private const uint EferRegister = 0xc000_0080;
    private const int LongModeEnable = 1 << 8;
    private const int PhysicalAddressExtension = 1 << 5;
    private const uint Paging = 0x8000_0000;
    private const uint CachesOff = 0x6000_0000; // CR0.CD and CR0.NW, set by reset

    public static void Emit(Assembler code)
    {
        var print = code.CreateLabel();
        var stop = code.CreateLabel();
        var isLong = code.CreateLabel();

        code.mov(eax, (int)Data);
        foreach (var segment in new[] { ds, es, ss, fs, gs }) code.mov(segment, ax);
        code.mov(esp, PageTables);
        code.mov(esi, RomBase + ProtectedModeTextOffset);
        code.call(print);
        code.mov(eax, ExtendedFeatures);
        code.cpuid();
        code.test(edx, LongModeFeature);
        code.jnz(isLong);
        code.mov(esi, RomBase + NoLongModeTextOffset);
        code.call(print);
        code.Label(ref stop);
        code.hlt();
        code.jmp(stop);

        code.Label(ref isLong);
        EmitPageTables(code);
        code.mov(eax, PageTables);
        code.mov(cr3, eax);
        code.mov(eax, cr4);
        code.or(eax, PhysicalAddressExtension);
        code.mov(cr4, eax);
        code.mov(ecx, EferRegister);
        code.rdmsr();
        code.or(eax, LongModeEnable);
        code.wrmsr();
        code.mov(eax, cr0);
        code.and(eax, ~CachesOff);
        code.or(eax, Paging);
        code.mov(cr0, eax);
        code.jmp(Code64, RomBase + LongModeOffset);

        EmitPrint(code, print);
    }

    // Identity for 4 GiB.
    private static void EmitPageTables(Assembler code)
    {
        var fill = code.CreateLabel();
        const uint pointers = PageTables + PageSize;
        const uint directories = pointers + PageSize;
        code.mov(edi, PageTables);
        code.mov(ecx, PageTableBytes / sizeof(uint));
        code.xor(eax, eax);
        code.rep.stosd();
        code.mov(__dword_ptr[PageTables], pointers | PresentWritable);
        for (uint i = 0; i < Directories; i++)
        {
            code.mov(__dword_ptr[pointers + (i * sizeof(ulong))], directories + (i * PageSize) | PresentWritable);
        }

        code.mov(edi, directories);
        code.mov(eax, LargePage | PresentWritable);
        code.mov(ecx, Directories * EntriesPerTable);
        code.Label(ref fill);
        code.mov(__dword_ptr[edi], eax);
        code.add(edi, sizeof(ulong));
        code.add(eax, LargePageBytes);
        code.loop(fill);
    }

    private static void EmitPrint(Assembler code, Label print)
    {
        var wait = code.CreateLabel();
        var done = code.CreateLabel();
        code.Label(ref print);
        code.lodsb();
        code.test(al, al);
        code.jz(done);
        code.mov(ah, al);
        code.mov(edx, (int)LineStatus);
        code.Label(ref wait);
        code.@in(al, dx);
        code.test(al, TransmitterEmpty);
        code.jz(wait);
        code.mov(al, ah);
        code.mov(edx, (int)Com1);
        code.@out(dx, al);
        code.jmp(print);
        code.Label(ref done);
        code.ret();
    }
}
