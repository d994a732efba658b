using System.Text;
using Iced.Intel;
using static Emulator.Machines.BareX86.Demo.DemoLayout;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Machines.BareX86.Demo;

/// <summary>
/// The demo's 64-bit part. RBP always points at its variables. Routines may change RAX, RCX, RDX, RSI and RDI and keep the others.
/// </summary>
internal sealed partial class DemoProgram
{
    private readonly Assembler _code;
    private readonly Dictionary<string, Label> _texts = [];
    private readonly Label _prompt;

    private DemoProgram(Assembler code)
    {
        _code = code;
        _prompt = code.CreateLabel();
        _putCharacter = code.CreateLabel();
        _print = code.CreateLabel();
        _printDecimal = code.CreateLabel();
        _printHex = code.CreateLabel();
        _getCharacter = code.CreateLabel();
        _readLine = code.CreateLabel();
        _setGate = code.CreateLabel();
        _exception = code.CreateLabel();
        _waitTick = code.CreateLabel();
        _findMemory = code.CreateLabel();
    }

    /// <summary>Variables, from RBP on.</summary>
    private enum Variable
    {
        Ticks = 0,
        Scratch = 0x10,
        Line = 0x100,
    }

    /// <summary>Emits it; the first instruction is its entry.</summary>
    public static void Emit(Assembler code) => new DemoProgram(code).Emit();

    private static AssemblerMemoryOperand At(AssemblerMemoryOperandFactory size, Variable variable) => size[rbp + (int)variable];

    private void Emit()
    {
        _code.mov(eax, (int)Data);
        foreach (var segment in new[] { ds, es, ss, fs, gs }) _code.mov(segment, ax);
        _code.mov(rsp, (ulong)StackTop);
        _code.mov(ebp, Variables);
        Say("bare-x86: in long mode\n");
        EmitInterruptSetup();
        Say("\n  emulated PC without firmware; type help\n\n");
        EmitShell();
        EmitConsole();
        EmitInterruptHandlers();
        EmitCommands();
        EmitTexts();
    }

    private Label Here()
    {
        var label = _code.CreateLabel();
        _code.Label(ref label);
        return label;
    }

    /// <summary>Prints a text.</summary>
    private void Say(string text)
    {
        LoadText(text);
        _code.call(_print);
    }

    private void LoadText(string text)
    {
        if (!_texts.TryGetValue(text, out var label)) _texts.Add(text, label = _code.CreateLabel());
        _code.lea(rsi, __[label]);
    }

    private void EmitTexts()
    {
        foreach (var (text, label) in _texts)
        {
            var at = label;
            _code.Label(ref at);
            _code.db(Encoding.ASCII.GetBytes(text.Replace("\n", "\r\n", StringComparison.Ordinal) + '\0'));
        }
    }
}
