using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Machines.BareX86.Demo;

/// <content>The prompt.</content>
internal sealed partial class DemoProgram
{
    private const int NameColumn = 11;

    private Command[] Commands =>
    [
        new("help", "what can be typed", EmitHelp),
        new("info", "the processor and its control registers", EmitInfo),
        new("memory", "the memory that there is", EmitMemory),
        new("time", "seconds since the start, by timer interrupts", EmitTime),
        new("speed", "how many instructions there are in a second", EmitSpeed),
        new("mandel", "a picture", EmitMandelbrot),
        new("crash", "writes where no memory is mapped", EmitCrash),
        new("divide", "divides by zero", EmitDivide),
        new("triple", "faults without a handler, which resets the machine", EmitTripleFault),
        new("reboot", "resets the machine in an orderly way", EmitReboot),
        new("poweroff", "switches it off", EmitPowerOff),
    ];

    private void EmitShell()
    {
        var prompt = _prompt;
        _code.Label(ref prompt);
        Say("x86> ");
        _code.call(_readLine);
        _code.cmp(At(__byte_ptr, Variable.Line), 0);
        _code.je(_prompt);
        foreach (var command in Commands)
        {
            var isOther = _code.CreateLabel();
            LoadText(command.Name);
            _code.lea(rdi, At(__, Variable.Line));
            _code.mov(ecx, command.Name.Length + 1);
            _code.repe.cmpsb();
            _code.jne(isOther);
            _code.call(LabelOf(command));
            _code.jmp(_prompt);
            _code.Label(ref isOther);
        }

        Say("no such command: ");
        _code.lea(rsi, At(__, Variable.Line));
        _code.call(_print);
        Say("\n");
        _code.jmp(_prompt);
    }

    private readonly Dictionary<string, Label> _commandLabels = [];

    private Label LabelOf(Command command)
    {
        if (!_commandLabels.TryGetValue(command.Name, out var label)) _commandLabels.Add(command.Name, label = _code.CreateLabel());
        return label;
    }

    private void EmitCommands()
    {
        foreach (var command in Commands)
        {
            var label = LabelOf(command);
            _code.Label(ref label);
            command.Emit();
            _code.ret();
        }

        EmitFindMemory();
    }

    private void EmitHelp()
    {
        foreach (var command in Commands) Say($"  {command.Name.PadRight(NameColumn)}{command.Summary}\n");
    }

    /// <summary>Something to type.</summary>
    /// <param name="Name">What.</param>
    /// <param name="Summary">What it does.</param>
    /// <param name="Emit">Emits a routine without its end.</param>
    private sealed record Command(string Name, string Summary, Action Emit);
}
