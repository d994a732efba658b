using System.Text;
using Iced.Intel;
using static Emulator.Machines.BareX86.Demo.DemoLayout;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Machines.BareX86.Demo;

/// <content>Interrupt table, controllers, timer, and what happens at exceptions.</content>
internal sealed partial class DemoProgram
{
    private const int TicksPerSecond = 100;
    private const int TimerReload = 11932; // 1193182 Hz / 100
    private const byte RateGenerator = 0x34;
    private const byte EndOfInterrupt = 0x20;
    private const int FirstInterrupt = 0x20;
    private const int TimerInterrupt = FirstInterrupt;
    private const int SerialInterrupt = FirstInterrupt + 4;
    private const int SpuriousInterrupt = FirstInterrupt + 7;
    private const int GateBytes = 16;
    private const byte InterruptGate = 0x8e;
    private const int PageFault = 14;
    private const int NameBytes = 8;
    private const int ErrorCodes = (1 << 8) | (1 << 10) | (1 << 11) | (1 << 12) | (1 << 13) | (1 << 14) | (1 << 17) | (1 << 21);

    private static readonly string[] ExceptionNames =
    [
        "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "?", "#TS", "#NP", "#SS", "#GP", "#PF", "?", "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
    ];

    // ICW1 to ICW4 of both chips, then the masks: timer, cascade and serial line are let through.
    private static readonly PortWrite[] InterruptControllerSetup =
    [
        new(MasterPic, 0x11), new(MasterPic + 1, FirstInterrupt), new(MasterPic + 1, 0x04), new(MasterPic + 1, 0x01), new(MasterPic + 1, 0xea),
        new(SlavePic, 0x11), new(SlavePic + 1, FirstInterrupt + 8), new(SlavePic + 1, 0x02), new(SlavePic + 1, 0x01), new(SlavePic + 1, 0xff),
    ];

    private readonly Dictionary<int, Label> _handlers = [];
    private Label _setGate;
    private Label _exception;
    private Label _waitTick;

    private void EmitInterruptSetup()
    {
        _code.mov(edi, InterruptTable);
        _code.mov(ecx, 256 * GateBytes / sizeof(ulong));
        _code.xor(eax, eax);
        _code.rep.stosq();
        _code.mov(At(__qword_ptr, Variable.Ticks), 0);
        foreach (int vector in Enumerable.Range(0, ExceptionNames.Length).Concat([TimerInterrupt, SerialInterrupt, SpuriousInterrupt]))
        {
            var handler = _code.CreateLabel();
            _handlers.Add(vector, handler);
            _code.lea(rax, __[handler]);
            _code.mov(edi, (int)InterruptTable + (vector * GateBytes));
            _code.call(_setGate);
        }

        LoadInterruptTable((256 * GateBytes) - 1);
        DemoRom.Write(_code, InterruptControllerSetup);
        DemoRom.Write(_code, [new(PitControl, RateGenerator), new(PitChannel0, unchecked((byte)TimerReload)), new(PitChannel0, TimerReload >> 8)]);
        _code.sti();
    }

    private void LoadInterruptTable(int limit)
    {
        _code.mov(At(__word_ptr, Variable.Scratch), limit);
        _code.mov(__qword_ptr[rbp + (int)Variable.Scratch + sizeof(ushort)], (int)InterruptTable);
        _code.lidt(At(__, Variable.Scratch));
    }

    private void EmitInterruptHandlers()
    {
        EmitSetGate();
        for (int vector = 0; vector < ExceptionNames.Length; vector++)
        {
            Begin(vector);
            if ((ErrorCodes >> vector & 1) == 0) _code.push(0);
            _code.push(vector);
            _code.jmp(_exception);
        }

        EmitException();
        Begin(TimerInterrupt);
        _code.inc(At(__qword_ptr, Variable.Ticks));
        EndInterrupt();
        Begin(SerialInterrupt); // whoever waits for input is awake now, and will take it
        EndInterrupt();
        Begin(SpuriousInterrupt);
        _code.iretq();

        _code.Label(ref _waitTick);
        _code.mov(rax, At(__qword_ptr, Variable.Ticks));
        var wait = Here();
        _code.hlt();
        _code.cmp(rax, At(__qword_ptr, Variable.Ticks));
        _code.je(wait);
        _code.ret();
    }

    private void Begin(int vector)
    {
        var handler = _handlers[vector];
        _code.Label(ref handler);
    }

    private void EndInterrupt()
    {
        _code.push(rax);
        _code.mov(al, EndOfInterrupt);
        _code.@out(MasterPic, al);
        _code.pop(rax);
        _code.iretq();
    }

    // RAX: handler, EDI: gate
    private void EmitSetGate()
    {
        _code.Label(ref _setGate);
        _code.mov(__word_ptr[rdi], ax);
        _code.mov(__word_ptr[rdi + 2], Code64);
        _code.mov(__word_ptr[rdi + 4], InterruptGate << 8);
        _code.shr(rax, 16);
        _code.mov(__word_ptr[rdi + 6], ax);
        _code.shr(rax, 16);
        _code.mov(__qword_ptr[rdi + 8], rax);
        _code.ret();
    }

    // On the stack: vector, error code, RIP, CS, RFLAGS, RSP, SS. Whatever was being done is given up.
    private void EmitException()
    {
        const int error = 8;
        const int pointer = 16;
        var names = _code.CreateLabel();
        var isOther = _code.CreateLabel();
        _code.Label(ref _exception);
        Say("\n*** exception ");
        _code.mov(rax, __qword_ptr[rsp]);
        _code.call(_printDecimal);
        Say(" ");
        _code.mov(rax, __qword_ptr[rsp]);
        _code.lea(rsi, __[names]);
        _code.lea(rsi, __[rsi + (rax * NameBytes)]);
        _code.call(_print);
        Say(" at ");
        _code.mov(rax, __qword_ptr[rsp + pointer]);
        _code.call(_printHex);
        Say(", error code ");
        _code.mov(rax, __qword_ptr[rsp + error]);
        _code.call(_printHex);
        _code.cmp(__qword_ptr[rsp], PageFault);
        _code.jne(isOther);
        Say(", address ");
        _code.mov(rax, cr2);
        _code.call(_printHex);
        _code.Label(ref isOther);
        Say("\n");
        _code.mov(esp, StackTop);
        _code.sti();
        _code.jmp(_prompt);
        _code.Label(ref names);
        foreach (string name in ExceptionNames) _code.db(Encoding.ASCII.GetBytes(name.PadRight(NameBytes, '\0')));
    }
}
