using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>
/// MOV of control and debug registers, LMSW, SMSW, CLTS, the descriptor table registers, LDTR, TR, INVLPG, INVPCID, INVD, WBINVD.
/// </summary>
internal static class ControlMoves
{
    private const int LimitBytes = 2;

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Code.Mov_r32_cr, ReadControl),
        new(Code.Mov_r64_cr, ReadControl),
        new(Code.Mov_cr_r32, WriteControl),
        new(Code.Mov_cr_r64, WriteControl),
        new(Code.Mov_r32_dr, ReadDebug),
        new(Code.Mov_r64_dr, ReadDebug),
        new(Code.Mov_dr_r32, WriteDebug),
        new(Code.Mov_dr_r64, WriteDebug),
        new(Mnemonic.Lmsw, WriteStatusWord),
        new(Mnemonic.Smsw, ReadStatusWord),
        new(Mnemonic.Clts, static l => Privileged(l, static l => l.Ir.Call(ControlHelpers.ClearTaskSwitched))),
        new(Mnemonic.Sgdt, static l => StoreTable(l, SystemTable.Global)),
        new(Mnemonic.Sidt, static l => StoreTable(l, SystemTable.Interrupt)),
        new(Mnemonic.Lgdt, static l => LoadTable(l, SystemTable.Global)),
        new(Mnemonic.Lidt, static l => LoadTable(l, SystemTable.Interrupt)),
        new(Mnemonic.Sldt, static l => StoreSelector(l, isTask: false)),
        new(Mnemonic.Str, static l => StoreSelector(l, isTask: true)),
        new(Mnemonic.Lldt, static l => LoadSelector(l, ControlHelpers.LoadLocalTable)),
        new(Mnemonic.Ltr, static l => LoadSelector(l, ControlHelpers.LoadTaskRegister)),
        new(Mnemonic.Invlpg, InvalidatePage),
        new(Mnemonic.Invpcid, InvalidateContext),
        new(Mnemonic.Invd, static l => Privileged(l, null)),
        new(Mnemonic.Wbinvd, static l => Privileged(l, null)),
    ];

    private static void Privileged(X86Lifter l, Action<X86Lifter>? body)
    {
        if (!l.RequireLevel0()) return;
        body?.Invoke(l);
        l.Ir.Leave();
    }

    private static int NumberOf(Register register) => register >= Register.DR0 ? register - Register.DR0 : register - Register.CR0;

    // CR0, CR2, CR3, CR4, and in 64-bit mode CR8
    private static bool Exists(X86Lifter l, int number) => number is 0 or 2 or 3 or 4 || (number == 8 && l.Is64);

    private static void ReadControl(X86Lifter l)
    {
        int number = NumberOf(l.Instruction.Op1Register);
        if (!Exists(l, number)) l.Fault(X86Exception.InvalidOpcode);
        else if (l.RequireLevel0()) l.Write(0, l.Ir.Call(ControlHelpers.ReadControl, number));
    }

    private static void WriteControl(X86Lifter l)
    {
        int number = NumberOf(l.Instruction.Op0Register);
        if (!Exists(l, number)) l.Fault(X86Exception.InvalidOpcode);
        else Privileged(l, l => l.Ir.Call(ControlHelpers.WriteControl, number, l.ReadZero(1)));
    }

    private static void ReadDebug(X86Lifter l)
    {
        int number = NumberOf(l.Instruction.Op1Register);
        if (number >= 8) l.Fault(X86Exception.InvalidOpcode);
        else l.Write(0, l.Ir.Call(ControlHelpers.ReadDebug, number));
    }

    private static void WriteDebug(X86Lifter l)
    {
        int number = NumberOf(l.Instruction.Op0Register);
        if (number >= 8)
        {
            l.Fault(X86Exception.InvalidOpcode);
            return;
        }

        l.Ir.Call(ControlHelpers.WriteDebug, number, l.ReadZero(1));
        l.Ir.Leave();
    }

    private static void WriteStatusWord(X86Lifter l) =>
        Privileged(l, static l => l.Ir.Call(ControlHelpers.WriteStatusWord, ReadSelector(l)));

    private static void ReadStatusWord(X86Lifter l)
    {
        l.CheckUserVisible();
        StoreWord(l, l.Ir.Call(ControlHelpers.ReadControl, 0));
    }

    private static void StoreSelector(X86Lifter l, bool isTask)
    {
        if (!l.RequireProtected()) return;
        l.CheckUserVisible();
        StoreWord(l, l.Ir.Call(ControlHelpers.SystemSelector, isTask ? 1 : 0));
    }

    private static void LoadSelector(X86Lifter l, Helper helper)
    {
        if (l.RequireProtected()) Privileged(l, l => l.Ir.Call(helper, ReadSelector(l)));
    }

    private static Value ReadSelector(X86Lifter l) => l.Instruction.Op0Kind == OpKind.Register
        ? l.ReadRegister(l.Instruction.Op0Register)
        : l.Load(l.MemoryOperand(2, writes: false), 2);

    // All of a register, but two bytes of memory.
    private static void StoreWord(X86Lifter l, Value value)
    {
        if (l.Instruction.Op0Kind == OpKind.Register) l.Write(0, value);
        else l.Store(l.MemoryOperand(2, writes: true), 2, value);
    }

    private static void StoreTable(X86Lifter l, SystemTable table)
    {
        l.CheckUserVisible();
        int bytes = l.Is64 ? 8 : 4;
        var address = l.MemoryOperand(LimitBytes + bytes, writes: true);
        l.Store(address, LimitBytes, l.Ir.Call(ControlHelpers.TableLimit, (long)table));
        l.Store(address with { Displacement = address.Displacement + LimitBytes }, bytes, l.Ir.Call(ControlHelpers.TableBase, (long)table));
    }

    // With an operand size of 16 bits a base has 24.
    private static void LoadTable(X86Lifter l, SystemTable table) => Privileged(l, l =>
    {
        const long base24 = 0xff_ffff;
        int bytes = l.Is64 ? 8 : 4;
        var address = l.MemoryOperand(LimitBytes + bytes, writes: false);
        var limit = l.Load(address, LimitBytes);
        var tableBase = l.Load(address with { Displacement = address.Displacement + LimitBytes }, bytes);
        if (l.Instruction.Code is Code.Lgdt_m1632_16 or Code.Lidt_m1632_16) tableBase = l.Ir.And(tableBase, base24);
        l.Ir.Call(ControlHelpers.LoadTable, (long)table, tableBase, limit);
    });

    // The page need not be mapped, and no limit is checked.
    private static void InvalidatePage(X86Lifter l) => Privileged(l, static l =>
    {
        var address = l.EffectiveAddress();
        int segment = l.Instruction.MemorySegment - Register.ES;
        if (!l.Is64 || segment >= X86Cpu.Fs) address = l.Ir.Add(address, IrBuilder.Read(X86Slots.SegmentBase(segment)));
        l.Ir.Call(ControlHelpers.InvalidatePage, l.Is64 ? address : l.Ir.ZeroExtend32(address));
    });

    private static void InvalidateContext(X86Lifter l) => Privileged(l, static l =>
    {
        const int half = 8;
        var address = l.MemoryOperand(2 * half, writes: false);
        var context = l.Load(address, half);
        var linear = l.Load(address with { Displacement = address.Displacement + half }, half);
        l.Ir.Call(ControlHelpers.InvalidateContext, l.ReadZero(0), context, linear);
    });
}
