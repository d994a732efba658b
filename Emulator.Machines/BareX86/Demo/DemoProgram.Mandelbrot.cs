using System.Text;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Machines.BareX86.Demo;

/// <content>The Mandelbrot set in fixed-point numbers.</content>
internal sealed partial class DemoProgram
{
    private const int FractionBits = 24;
    private const int Columns = 72;
    private const int Rows = 24;
    private const int MostIterations = 200;
    private const string Shades = " .,-~:;=+*!#%$&@";

    private static int Fixed(double value) => (int)(value * (1 << FractionBits));

    // R8, R9: the point; R10, R11: its orbit; RBX: columns to do; R12: rows to do
    private void EmitMandelbrot()
    {
        var shades = _code.CreateLabel();
        var isOut = _code.CreateLabel();
        var over = _code.CreateLabel();
        _code.mov(r9, Fixed(-1.2));
        _code.mov(r12d, Rows);
        var row = Here();
        _code.mov(r8, Fixed(-2.2));
        _code.mov(ebx, Columns);
        var column = Here();
        _code.xor(r10d, r10d);
        _code.xor(r11d, r11d);
        _code.xor(ecx, ecx);
        var iterate = Here();
        _code.mov(rax, r10);
        _code.imul(rax, rax);
        _code.sar(rax, FractionBits); // x squared
        _code.mov(rdx, r11);
        _code.imul(rdx, rdx);
        _code.sar(rdx, FractionBits); // y squared
        _code.lea(rsi, __[rax + rdx]);
        _code.cmp(rsi, Fixed(4));
        _code.jg(isOut);
        _code.imul(r11, r10);
        _code.sar(r11, FractionBits - 1);
        _code.add(r11, r9);
        _code.sub(rax, rdx);
        _code.lea(r10, __[rax + r8]);
        _code.inc(ecx);
        _code.cmp(ecx, MostIterations);
        _code.jb(iterate);
        _code.Label(ref isOut);
        _code.mov(eax, Shades.Length - 1);
        _code.cmp(ecx, eax);
        _code.cmova(ecx, eax);
        _code.lea(rax, __[shades]);
        _code.mov(al, __byte_ptr[rax + rcx]);
        _code.call(_putCharacter);
        _code.add(r8, Fixed(3.0 / Columns));
        _code.dec(ebx);
        _code.jnz(column);
        Say("\n");
        _code.add(r9, Fixed(2.4 / Rows));
        _code.dec(r12d);
        _code.jnz(row);
        _code.jmp(over);
        _code.Label(ref shades);
        _code.db(Encoding.ASCII.GetBytes(Shades));
        _code.Label(ref over);
    }
}
