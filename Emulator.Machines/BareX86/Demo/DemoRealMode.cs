using Iced.Intel;
using static Emulator.Machines.BareX86.Demo.DemoLayout;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Machines.BareX86.Demo;

/// <summary>From the reset vector to protected mode; 16-bit code in segment F000.</summary>
internal static class DemoRealMode
{
    private const int ProtectionEnable = 1;

    public static void Emit(Assembler code)
    {
        var print = code.CreateLabel();
        var wait = code.CreateLabel();
        var done = code.CreateLabel();

        code.cli();
        code.cld();
        code.xor(ax, ax);
        code.mov(ss, ax);
        code.mov(sp, (ushort)PageTables);
        code.mov(ax, RomSegment);
        code.mov(ds, ax);
        DemoRom.Write(code, SerialSetup);
        code.mov(si, (ushort)RealModeTextOffset);
        code.call(print);
        code.lgdt(__[DescriptorPointerOffset]);
        code.mov(eax, cr0);
        code.or(al, ProtectionEnable);
        code.mov(cr0, eax);
        code.AddInstruction(Instruction.CreateBranch(Code.Jmp_ptr1632, Code32, RomBase + ProtectedModeOffset));

        code.Label(ref print);
        code.lodsb();
        code.test(al, al);
        code.jz(done);
        code.mov(ah, al);
        code.mov(dx, LineStatus);
        code.Label(ref wait);
        code.@in(al, dx);
        code.test(al, TransmitterEmpty);
        code.jz(wait);
        code.mov(al, ah);
        code.mov(dx, Com1);
        code.@out(dx, al);
        code.jmp(print);
        code.Label(ref done);
        code.ret();
    }
}
