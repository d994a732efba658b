using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>IN, OUT, INS, OUTS. Each stands alone in its block: a device may look at the time.</summary>
internal static class PortInstructions
{
    private const int Rdx = 2;
    private const int Rsi = 6;
    private const int Rdi = 7;

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.In, In),
        new(Mnemonic.Out, Out),
        new(Mnemonic.Insb, InString),
        new(Mnemonic.Insw, InString),
        new(Mnemonic.Insd, InString),
        new(Mnemonic.Outsb, OutString),
        new(Mnemonic.Outsw, OutString),
        new(Mnemonic.Outsd, OutString),
    ];

    private static void In(X86Lifter l)
    {
        if (!l.StandAlone()) return;
        int bytes = l.SizeOf(0);
        var port = Port(l, 1, bytes);
        l.Write(0, l.Ir.Call(PortHelpers.Read, port, bytes));
        l.Ir.Leave();
    }

    private static void Out(X86Lifter l)
    {
        if (!l.StandAlone()) return;
        int bytes = l.SizeOf(1);
        l.Ir.Call(PortHelpers.Write, Port(l, 0, bytes), bytes, l.ReadZero(1));
        l.Ir.Leave();
    }

    private static void InString(X86Lifter l)
    {
        if (!l.StandAlone()) return;
        int bytes = l.Instruction.MemorySize.GetSize();
        Strings.Repeat(l, () =>
        {
            var port = PortInDx(l, bytes);
            var address = l.AsValue(Strings.Element(l, isDestination: true, writes: true));
            l.Ir.Call(PortHelpers.ReadToMemory, port, bytes, address);
            Strings.Advance(l, Rdi, bytes);
            return null;
        });
        if (!l.Ir.IsEnded) l.Ir.Leave(); // what was read may be code
    }

    private static void OutString(X86Lifter l)
    {
        if (!l.StandAlone()) return;
        int bytes = l.Instruction.MemorySize.GetSize();
        Strings.Repeat(l, () =>
        {
            var port = PortInDx(l, bytes);
            var value = l.Load(Strings.Element(l, isDestination: false, writes: false), bytes);
            l.Ir.Call(PortHelpers.Write, port, bytes, value);
            Strings.Advance(l, Rsi, bytes);
            return null;
        });
        if (!l.Ir.IsEnded) l.Ir.Leave();
    }

    private static Value Port(X86Lifter l, int operand, int bytes)
    {
        if (l.Instruction.GetOpKind(operand) == OpKind.Register) return PortInDx(l, bytes);
        Value port = l.Instruction.Immediate8;
        Check(l, port, bytes);
        return port;
    }

    private static Value PortInDx(X86Lifter l, int bytes)
    {
        var port = l.Ir.ZeroExtend16(IrBuilder.Read(X86Slots.General64(Rdx)));
        Check(l, port, bytes);
        return port;
    }

    // Level 0 may use all ports.
    private static void Check(X86Lifter l, Value port, int bytes)
    {
        if (l.Mode.Privilege != 0) l.Ir.Call(PortHelpers.Check, port, bytes);
    }
}
