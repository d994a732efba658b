using static Emulator.Machines.BareX86.Demo.DemoLayout;
using static Iced.Intel.AssemblerRegisters;
using Label = Iced.Intel.Label;

namespace Emulator.Machines.BareX86.Demo;

/// <content>The serial line.</content>
internal sealed partial class DemoProgram
{
    private const int LongestLine = 72;
    private const byte Return = 13;
    private const byte LineFeed = 10;
    private const byte Backspace = 8;
    private const byte Delete = 127;
    private const int HexDigits = 16;

    private Label _putCharacter;
    private Label _print;
    private Label _printDecimal;
    private Label _printHex;
    private Label _getCharacter;
    private Label _readLine;

    private void EmitConsole()
    {
        EmitPutCharacter();
        EmitPrint();
        EmitPrintDecimal();
        EmitPrintHex();
        EmitGetCharacter();
        EmitReadLine();
    }

    // AL; changes nothing
    private void EmitPutCharacter()
    {
        _code.Label(ref _putCharacter);
        _code.push(rdx);
        _code.push(rax);
        _code.mov(edx, (int)LineStatus);
        var wait = Here();
        _code.@in(al, dx);
        _code.test(al, TransmitterEmpty);
        _code.jz(wait);
        _code.pop(rax);
        _code.mov(edx, (int)Com1);
        _code.@out(dx, al);
        _code.pop(rdx);
        _code.ret();
    }

    // RSI: text that ends with a zero
    private void EmitPrint()
    {
        var done = _code.CreateLabel();
        _code.Label(ref _print);
        _code.lodsb();
        _code.test(al, al);
        _code.jz(done);
        _code.call(_putCharacter);
        _code.jmp(_print);
        _code.Label(ref done);
        _code.ret();
    }

    // RAX
    private void EmitPrintDecimal()
    {
        _code.Label(ref _printDecimal);
        _code.mov(ecx, 10);
        _code.xor(edi, edi);
        var divide = Here();
        _code.xor(edx, edx);
        _code.div(rcx);
        _code.push(rdx);
        _code.inc(edi);
        _code.test(rax, rax);
        _code.jnz(divide);
        var digit = Here();
        _code.pop(rax);
        _code.add(al, (byte)'0');
        _code.call(_putCharacter);
        _code.dec(edi);
        _code.jnz(digit);
        _code.ret();
    }

    // RAX, all of its digits
    private void EmitPrintHex()
    {
        var isDecimal = _code.CreateLabel();
        _code.Label(ref _printHex);
        _code.mov(ecx, HexDigits);
        var digit = Here();
        _code.rol(rax, 4);
        _code.push(rax);
        _code.and(al, 15);
        _code.add(al, (byte)'0');
        _code.cmp(al, (byte)'9');
        _code.jbe(isDecimal);
        _code.add(al, 'a' - '9' - 1);
        _code.Label(ref isDecimal);
        _code.call(_putCharacter);
        _code.pop(rax);
        _code.dec(ecx);
        _code.jnz(digit);
        _code.ret();
    }

    // to AL; sleeps until there is one
    private void EmitGetCharacter()
    {
        var got = _code.CreateLabel();
        _code.Label(ref _getCharacter);
        _code.cli();
        _code.mov(edx, (int)LineStatus);
        _code.@in(al, dx);
        _code.test(al, DataReady);
        _code.jnz(got);
        _code.sti(); // takes effect behind HLT, so that no interrupt is slept through
        _code.hlt();
        _code.jmp(_getCharacter);
        _code.Label(ref got);
        _code.sti();
        _code.mov(edx, (int)Com1);
        _code.@in(al, dx);
        _code.ret();
    }

    // into Line, with a zero behind it
    private void EmitReadLine()
    {
        var done = _code.CreateLabel();
        var erase = _code.CreateLabel();
        _code.Label(ref _readLine);
        _code.push(rbx);
        _code.xor(ebx, ebx);
        var next = Here();
        _code.call(_getCharacter);
        _code.cmp(al, Return);
        _code.je(done);
        _code.cmp(al, LineFeed);
        _code.je(done);
        _code.cmp(al, Backspace);
        _code.je(erase);
        _code.cmp(al, Delete);
        _code.je(erase);
        _code.cmp(al, (byte)' ');
        _code.jb(next);
        _code.cmp(ebx, LongestLine);
        _code.jae(next);
        _code.mov(__byte_ptr[rbp + rbx + (int)Variable.Line], al);
        _code.inc(ebx);
        _code.call(_putCharacter);
        _code.jmp(next);

        _code.Label(ref erase);
        _code.test(ebx, ebx);
        _code.jz(next);
        _code.dec(ebx);
        Say("\b \b");
        _code.jmp(next);

        _code.Label(ref done);
        _code.mov(__byte_ptr[rbp + rbx + (int)Variable.Line], 0);
        _code.pop(rbx);
        Say("\n");
        _code.ret();
    }
}
