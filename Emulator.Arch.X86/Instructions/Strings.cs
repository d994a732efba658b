using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>
/// MOVS, STOS, LODS, SCAS, CMPS. A repeated one executes one element, or of MOVS and STOS a run of them, and goes back to itself, so
/// that faults and interrupts in the middle leave the registers exact.
/// </summary>
internal static class Strings
{
    private const int Rax = 0;
    private const int Rcx = 1;
    private const int Rsi = 6;
    private const int Rdi = 7;
    private const int DirectionBit = 10;

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Movsb, Move),
        new(Mnemonic.Movsw, Move),
        new(Code.Movsd_m32_m32, Move),
        new(Mnemonic.Movsq, Move),
        new(Mnemonic.Stosb, Store),
        new(Mnemonic.Stosw, Store),
        new(Mnemonic.Stosd, Store),
        new(Mnemonic.Stosq, Store),
        new(Mnemonic.Lodsb, Load),
        new(Mnemonic.Lodsw, Load),
        new(Mnemonic.Lodsd, Load),
        new(Mnemonic.Lodsq, Load),
        new(Mnemonic.Scasb, Scan),
        new(Mnemonic.Scasw, Scan),
        new(Mnemonic.Scasd, Scan),
        new(Mnemonic.Scasq, Scan),
        new(Mnemonic.Cmpsb, Compare),
        new(Mnemonic.Cmpsw, Compare),
        new(Code.Cmpsd_m32_m32, Compare),
        new(Mnemonic.Cmpsq, Compare),
    ];

    /// <summary>Size of the index registers and the counter of a string instruction, in bytes.</summary>
    public static int AddressSize(Instruction instruction)
    {
        for (int i = 0; i < instruction.OpCount; i++)
        {
            switch (instruction.GetOpKind(i))
            {
                case OpKind.MemorySegSI or OpKind.MemoryESDI: return 2;
                case OpKind.MemorySegESI or OpKind.MemoryESEDI: return 4;
                case OpKind.MemorySegRSI or OpKind.MemoryESRDI: return 8;
            }
        }

        return 8;
    }

    /// <summary>
    /// Lifts a string instruction that may be repeated: <paramref name="element"/> does one element without touching the counter and
    /// gives a condition besides the counter under which it goes on, or null.
    /// </summary>
    public static void Repeat(X86Lifter l, Func<Value?> element)
    {
        if (!IsRepeated(l))
        {
            element();
            return;
        }

        var ir = l.Ir;
        int size = AddressSize(l.Instruction);
        var counter = X86Lifter.GeneralRegister(Rcx, size);
        var before = ir.Hold(l.ZeroExtend(l.ReadRegister(counter), size));
        ir.SkipIfEqual(before, 0);
        var goesOn = element();
        var left = ir.Hold(ir.Sub(before, 1));
        l.WriteRegister(counter, ir.Hold(left));
        ir.Branch(Opcode.BranchNe, goesOn is { } condition ? ir.And(ir.SetNe(left, 0), condition) : left, 0, 0);
    }

    /// <summary>Moves an index register by one element, in the direction of DF.</summary>
    public static void Advance(X86Lifter l, int register, int bytes)
    {
        var ir = l.Ir;
        var isDown = ir.And(IrBuilder.Read(X86Slots.ControlFlags), (long)Eflags.Df);
        var step = ir.Sub(bytes, ir.ShrU(isDown, DirectionBit - System.Numerics.BitOperations.Log2((uint)(2 * bytes))));
        var index = X86Lifter.GeneralRegister(register, AddressSize(l.Instruction));
        l.WriteRegister(index, ir.Add(l.ReadRegister(index), step));
    }

    /// <summary>The address of a string operand: of the source, in the segment that a prefix chooses, or of the destination, in ES.</summary>
    public static LinearAddress Element(X86Lifter l, bool isDestination, bool writes)
    {
        int segment = isDestination ? X86Cpu.Es : l.Instruction.MemorySegment - Register.ES;
        int size = AddressSize(l.Instruction);
        var offset = l.ZeroExtend(IrBuilder.Read(X86Slots.General64(isDestination ? Rdi : Rsi)), size);
        return l.Linear(segment, offset, l.Instruction.MemorySize.GetSize(), writes);
    }

    private static bool IsRepeated(X86Lifter l) => l.Instruction.HasRepPrefix || l.Instruction.HasRepnePrefix;

    private static void Move(X86Lifter l)
    {
        int bytes = l.Instruction.MemorySize.GetSize();
        if (TryRepeatInRuns(l, StringHelpers.MoveRun, bytes)) return;
        Repeat(l, () =>
        {
            var value = l.Load(Element(l, isDestination: false, writes: false), bytes);
            l.Store(Element(l, isDestination: true, writes: true), bytes, value);
            Advance(l, Rsi, bytes);
            Advance(l, Rdi, bytes);
            return null;
        });
    }

    private static void Store(X86Lifter l)
    {
        int bytes = l.Instruction.MemorySize.GetSize();
        if (TryRepeatInRuns(l, StringHelpers.StoreRun, bytes)) return;
        Repeat(l, () =>
        {
            l.Store(Element(l, isDestination: true, writes: true), bytes, l.ReadRegister(X86Lifter.GeneralRegister(Rax, bytes)));
            Advance(l, Rdi, bytes);
            return null;
        });
    }

    // A helper does as many elements as lie on their pages; which ones depends on nothing but registers.
    private static bool TryRepeatInRuns(X86Lifter l, Helper helper, int bytes)
    {
        if (!IsRepeated(l) || l.Mode.Has(X86Mode.AlignmentCheck)) return false;
        int size = AddressSize(l.Instruction);
        var counter = IrBuilder.Read(X86Slots.Rcx);
        l.Ir.SkipIfEqual(l.ZeroExtend(counter, size), 0);
        l.Ir.Call(helper, new StringRun(bytes, size, l.Instruction.MemorySegment - Register.ES).Pack());
        l.Ir.Branch(Opcode.BranchNe, l.ZeroExtend(counter, size), 0, 0);
        return true;
    }

    private static void Load(X86Lifter l) => Repeat(l, () =>
    {
        int bytes = l.Instruction.MemorySize.GetSize();
        var value = l.Load(Element(l, isDestination: false, writes: false), bytes);
        Advance(l, Rsi, bytes);
        l.WriteRegister(X86Lifter.GeneralRegister(Rax, bytes), value);
        return null;
    });

    private static void Scan(X86Lifter l) => Repeat(l, () =>
    {
        int bytes = l.Instruction.MemorySize.GetSize();
        var value = l.Load(Element(l, isDestination: true, writes: false), bytes);
        l.SetSubFlags(l.ReadRegister(X86Lifter.GeneralRegister(Rax, bytes)), value, bytes);
        Advance(l, Rdi, bytes);
        return GoesOn(l);
    });

    private static void Compare(X86Lifter l) => Repeat(l, () =>
    {
        int bytes = l.Instruction.MemorySize.GetSize();

        // The order shows when both fault; processors that compare runs of bytes begin with the source.
        bool isSourceFirst = bytes == 1 && l.Instruction.HasRepPrefix;
        var one = l.Load(Element(l, !isSourceFirst, writes: false), bytes);
        var other = l.Load(Element(l, isSourceFirst, writes: false), bytes);
        var (first, second) = isSourceFirst ? (one, other) : (other, one);
        l.SetSubFlags(first, second, bytes);
        Advance(l, Rsi, bytes);
        Advance(l, Rdi, bytes);
        return GoesOn(l);
    });

    private static Value? GoesOn(X86Lifter l) => l.Instruction.HasRepnePrefix
        ? l.Condition(ConditionCode.ne)
        : l.Instruction.HasRepPrefix ? l.Condition(ConditionCode.e) : null;
}
