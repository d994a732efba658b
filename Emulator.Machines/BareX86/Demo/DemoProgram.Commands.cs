using Iced.Intel;
using static Emulator.Machines.BareX86.Demo.DemoLayout;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Machines.BareX86.Demo;

/// <content>What the commands do.</content>
internal sealed partial class DemoProgram
{
    private const int MebibyteShift = 20;
    private const int HighestProbe = 3072; // MiB; above are devices
    private const uint EferRegister = 0xc000_0080;
    private const uint FirstBrand = 0x8000_0002;
    private const int BrandLeaves = 3;
    private const int MeasuredTicks = 10;
    private const int LoopCount = 100_000;
    private const int LoopInstructions = 5;
    private const ulong ProbePattern = 0x5aa5_c33c_0ff0_9669;

    private Label _findMemory;

    private void EmitInfo()
    {
        Say("  vendor     ");
        _code.push(rbx);
        _code.xor(eax, eax);
        _code.cpuid();
        PrintRegisters(ebx, edx, ecx);
        Say("\n  brand      ");
        for (uint leaf = FirstBrand; leaf < FirstBrand + BrandLeaves; leaf++)
        {
            _code.mov(eax, leaf);
            _code.cpuid();
            PrintRegisters(eax, ebx, ecx, edx);
        }

        _code.pop(rbx);
        foreach (var (name, register) in new[] { ("cr0", cr0), ("cr3", cr3), ("cr4", cr4) })
        {
            Say($"\n  {name}        ");
            _code.mov(rax, register);
            _code.call(_printHex);
        }

        Say("\n  efer       ");
        _code.mov(ecx, EferRegister);
        _code.rdmsr();
        _code.shl(rdx, 32);
        _code.or(rax, rdx);
        _code.call(_printHex);
        Say("\n  tsc        ");
        _code.call(_waitTick);
        EmitReadTimeStamp(rbx);
        for (int i = 0; i < MeasuredTicks; i++) _code.call(_waitTick);
        EmitReadTimeStamp(rax);
        _code.sub(rax, rbx);
        _code.mov(ecx, 1_000_000 / (TicksPerSecond / MeasuredTicks));
        _code.xor(edx, edx);
        _code.div(rcx);
        _code.call(_printDecimal);
        Say(" MHz\n");
    }

    private void PrintRegisters(params AssemblerRegister32[] registers)
    {
        for (int i = 0; i < registers.Length; i++) _code.mov(__dword_ptr[rbp + (int)Variable.Scratch + (i * sizeof(uint))], registers[i]);
        _code.mov(__byte_ptr[rbp + (int)Variable.Scratch + (registers.Length * sizeof(uint))], 0);
        _code.lea(rsi, At(__, Variable.Scratch));
        _code.call(_print);
    }

    private void EmitReadTimeStamp(AssemblerRegister64 into)
    {
        _code.rdtsc();
        _code.shl(rdx, 32);
        _code.or(rax, rdx);
        if (into != rax) _code.mov(into, rax);
    }

    private void EmitMemory()
    {
        Say("  640 KiB at 0\n  ");
        _code.call(_findMemory);
        _code.dec(rax);
        _code.call(_printDecimal);
        Say(" MiB at 1 MiB\n");
    }

    // to RAX: the first mebibyte that is no memory, by writing to each
    private void EmitFindMemory()
    {
        var found = _code.CreateLabel();
        _code.Label(ref _findMemory);
        _code.mov(eax, 1);
        _code.mov(rcx, ProbePattern);
        var next = Here();
        _code.mov(rdi, rax);
        _code.shl(rdi, MebibyteShift);
        _code.mov(rsi, rcx);
        _code.xchg(__qword_ptr[rdi], rsi);
        _code.mov(rdx, __qword_ptr[rdi]);
        _code.cmp(rdx, rcx);
        _code.jne(found);
        _code.mov(__qword_ptr[rdi], rsi);
        _code.inc(eax);
        _code.cmp(eax, HighestProbe);
        _code.jb(next);
        _code.Label(ref found);
        _code.ret();
    }

    private void EmitTime()
    {
        Say("  ");
        _code.mov(rax, At(__qword_ptr, Variable.Ticks));
        _code.mov(ecx, TicksPerSecond);
        _code.xor(edx, edx);
        _code.div(rcx);
        _code.push(rdx);
        _code.call(_printDecimal);
        Say(".");
        _code.pop(rax);
        _code.mov(cl, 10);
        _code.div(cl); // hundredths: tens to AL, ones to AH
        _code.add(ax, ('0' << 8) | '0');
        _code.call(_putCharacter);
        _code.mov(al, ah);
        _code.call(_putCharacter);
        Say(" s\n");
    }

    private void EmitSpeed()
    {
        _code.call(_waitTick);
        _code.mov(rbx, At(__qword_ptr, Variable.Ticks));
        _code.add(rbx, MeasuredTicks);
        _code.xor(edi, edi);
        _code.mov(eax, 1);
        var round = Here();
        _code.mov(ecx, LoopCount);
        var loop = Here();
        _code.imul(rax, rax, 0x1003f);
        _code.add(rax, rcx);
        _code.rol(rax, 7);
        _code.dec(ecx);
        _code.jnz(loop);
        _code.inc(edi);
        _code.cmp(At(__qword_ptr, Variable.Ticks), rbx);
        _code.jb(round);
        Say("  ");
        _code.imul(eax, edi, LoopCount * LoopInstructions / 1000 * (TicksPerSecond / MeasuredTicks));
        _code.xor(edx, edx);
        _code.mov(ecx, 1000);
        _code.div(rcx);
        _code.call(_printDecimal);
        Say(" million instructions a second\n");
    }

    private void EmitCrash()
    {
        _code.mov(rax, 0x1234_5678_9000ul);
        _code.mov(__byte_ptr[rax], 1);
    }

    private void EmitDivide()
    {
        _code.xor(ecx, ecx);
        _code.div(ecx);
    }

    private void EmitTripleFault()
    {
        LoadInterruptTable(0);
        _code.ud2();
    }

    private void EmitReboot()
    {
        DemoRom.Write(_code, [new(ResetControl, 0x02), new(ResetControl, 0x06)]);
        EmitStop();
    }

    // The power control of a machine whose firmware did not set it up does nothing; then the debug exit may be there.
    private void EmitPowerOff()
    {
        Say("bye\n");
        _code.mov(edx, (int)PowerControl);
        _code.mov(eax, 0x2000);
        _code.@out(dx, ax);
        DemoRom.Write(_code, [new(DebugExit, 0)]);
        EmitStop();
    }

    private void EmitStop()
    {
        _code.cli();
        var stop = Here();
        _code.hlt();
        _code.jmp(stop);
    }
}
