using Emulator.Arch.X86.Flags;
using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>MOV and POP of segment registers, LDS to LGS, LAR, LSL, VERR, VERW, ARPL, SWAPGS, RDFSBASE to WRGSBASE.</summary>
internal static class SegmentMoves
{
    private const int SelectorBytes = 2;

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        .. Of(Load, Code.Mov_Sreg_rm16, Code.Mov_Sreg_r32m16, Code.Mov_Sreg_r64m16),
        .. Of(Store, Code.Mov_rm16_Sreg, Code.Mov_r32m16_Sreg, Code.Mov_r64m16_Sreg),
        .. Of(
            Pop, Code.Popw_ES, Code.Popd_ES, Code.Popw_SS, Code.Popd_SS, Code.Popw_DS, Code.Popd_DS,
            Code.Popw_FS, Code.Popd_FS, Code.Popq_FS, Code.Popw_GS, Code.Popd_GS, Code.Popq_GS),
        new(Mnemonic.Les, static l => LoadFarPointer(l, X86Cpu.Es)),
        new(Mnemonic.Lss, static l => LoadFarPointer(l, X86Cpu.Ss)),
        new(Mnemonic.Lds, static l => LoadFarPointer(l, X86Cpu.Ds)),
        new(Mnemonic.Lfs, static l => LoadFarPointer(l, X86Cpu.Fs)),
        new(Mnemonic.Lgs, static l => LoadFarPointer(l, X86Cpu.Gs)),
        new(Mnemonic.Lar, static l => Query(l, SegmentLoadHelpers.AccessRights)),
        new(Mnemonic.Lsl, static l => Query(l, SegmentLoadHelpers.Limit)),
        new(Mnemonic.Verr, static l => Verify(l, isWrite: false)),
        new(Mnemonic.Verw, static l => Verify(l, isWrite: true)),
        new(Mnemonic.Arpl, AdjustRpl),
        new(Mnemonic.Swapgs, SwapGs),
        new(Mnemonic.Rdfsbase, static l => ReadBase(l, X86Cpu.Fs)),
        new(Mnemonic.Rdgsbase, static l => ReadBase(l, X86Cpu.Gs)),
        new(Mnemonic.Wrfsbase, static l => WriteBase(l, X86Cpu.Fs)),
        new(Mnemonic.Wrgsbase, static l => WriteBase(l, X86Cpu.Gs)),
    ];

    /// <summary>Reads a far pointer in memory: offset, then selector; both zero-extended.</summary>
    public static (Value Offset, Value Selector) LoadPointer(X86Lifter l, int bytes)
    {
        var address = l.MemoryOperand(bytes + SelectorBytes, writes: false);
        var offset = l.Load(address, bytes);
        var selector = l.Load(address with { Displacement = address.Displacement + bytes }, SelectorBytes);
        return (offset, selector);
    }

    private static IEnumerable<InstructionRow> Of(Lift lift, params Code[] codes) => codes.Select(code => new InstructionRow(code, lift));

    private static void Load(X86Lifter l)
    {
        int segment = l.Instruction.Op0Register - Register.ES;
        if (segment == X86Cpu.Cs)
        {
            l.Fault(X86Exception.InvalidOpcode);
            return;
        }

        var selector = l.Instruction.Op1Kind == OpKind.Register
            ? l.ReadRegister(l.Instruction.Op1Register)
            : l.Load(l.MemoryOperand(SelectorBytes, writes: false), SelectorBytes);
        l.Ir.Call(SegmentLoadHelpers.Load, selector, segment, l.Ir.CodeAddress(l.Length));
        l.Ir.Leave();
    }

    // To a register with its operand size, to memory always two bytes.
    private static void Store(X86Lifter l)
    {
        var selector = l.Ir.Call(StackHelpers.Selector, l.Instruction.Op1Register - Register.ES);
        if (l.Instruction.Op0Kind == OpKind.Register) l.Write(0, selector);
        else l.Store(l.MemoryOperand(SelectorBytes, writes: true), SelectorBytes, selector);
    }

    private static void Pop(X86Lifter l)
    {
        int bytes = l.Instruction.StackPointerIncrement;
        var selector = l.Peek(bytes);
        l.Ir.Call(SegmentLoadHelpers.Load, selector, l.Instruction.Op0Register - Register.ES, l.Ir.CodeAddress(l.Length));
        l.Drop(bytes);
        l.Ir.Leave();
    }

    private static void LoadFarPointer(X86Lifter l, int segment)
    {
        int bytes = l.SizeOf(0);
        var (offset, selector) = LoadPointer(l, bytes);
        l.Ir.Call(SegmentLoadHelpers.Load, selector, segment, l.Ir.CodeAddress(l.Length));
        l.Write(0, offset);
        l.Ir.Leave();
    }

    private static Value ReadSelector(X86Lifter l, int operand) => l.Instruction.GetOpKind(operand) == OpKind.Register
        ? l.ReadRegister(l.Instruction.GetOpRegister(operand))
        : l.Load(l.MemoryOperand(SelectorBytes, writes: false), SelectorBytes);

    // The destination is written only when the selector may be looked at, which ZF says.
    private static void Query(X86Lifter l, Helper helper)
    {
        if (!l.RequireProtected()) return;
        var result = l.Ir.Call(helper, ReadSelector(l, 1));
        var isValid = l.Ir.Hold(l.Ir.ShrU(result, SegmentLoadHelpers.ValidBit));
        var value = l.Ir.Hold(l.Ir.Select(isValid, l.ZeroExtend(result, Math.Min(l.SizeOf(0), sizeof(uint))), l.ReadZero(0)));
        SetZero(l, isValid);
        bool writesUpperHalf = l.SizeOf(0) == 4 && l.Is64;
        if (writesUpperHalf) value = l.Ir.Select(isValid, value, IrBuilder.Read(X86Slots.Of(l.Instruction.Op0Register)));
        if (writesUpperHalf) l.Ir.Write(X86Slots.Of(l.Instruction.Op0Register), value);
        else l.Write(0, value);
    }

    private static void Verify(X86Lifter l, bool isWrite)
    {
        if (!l.RequireProtected()) return;
        SetZero(l, l.Ir.Call(SegmentLoadHelpers.Verify, ReadSelector(l, 0), isWrite ? 1 : 0));
    }

    // Memory is written only when the RPL changes: until then a segment that can only be read will do.
    private static void AdjustRpl(X86Lifter l)
    {
        const long rpl = 3;
        if (!l.RequireProtected()) return;
        bool isMemory = l.Instruction.Op0Kind != OpKind.Register;
        var destination = l.Ir.Hold(l.Ir.ZeroExtend16(ReadSelector(l, 0)));
        var source = l.Ir.Hold(l.Ir.And(l.ReadRegister(l.Instruction.Op1Register), rpl));
        var isBelow = l.Ir.Hold(l.Ir.SetLtU(l.Ir.And(destination, rpl), source));
        var adjusted = l.Ir.Hold(l.Ir.Or(l.Ir.And(destination, ~rpl), source));
        if (isMemory)
        {
            var access = l.Ir.Or(new SegmentAccess(l.Instruction.MemorySegment - Register.ES, SelectorBytes, true).Pack(), l.Ir.Shl(isBelow, SegmentLoadHelpers.ConditionBit));
            l.Ir.Call(SegmentLoadHelpers.StoreIf, access, l.EffectiveAddress(), adjusted);
            SetZero(l, isBelow);
            l.Ir.Leave();
            return;
        }

        var result = l.Ir.Hold(l.Ir.Select(isBelow, adjusted, destination));
        SetZero(l, isBelow);
        l.WriteRegister(X86Lifter.GeneralRegister(l.Instruction.Op0Register.GetFullRegister() - Register.RAX, SelectorBytes), result);
    }

    private static void SetZero(X86Lifter l, Value isSet)
    {
        const int zeroBit = 6;
        l.SetFlags(l.Ir.Or(l.Ir.And(l.ReadFlags(), ~(long)ArithmeticFlags.Zero), l.Ir.Shl(isSet, zeroBit)));
    }

    private static void SwapGs(X86Lifter l)
    {
        if (l.RequireLevel0()) l.Ir.Call(ControlHelpers.SwapGs);
    }

    private static void ReadBase(X86Lifter l, int segment)
    {
        l.Ir.Call(ControlHelpers.CheckBaseInstructions);
        l.Write(0, l.Ir.Hold(IrBuilder.Read(X86Slots.SegmentBase(segment))));
    }

    private static void WriteBase(X86Lifter l, int segment)
    {
        l.Ir.Call(ControlHelpers.CheckBaseInstructions);
        var value = l.ReadZero(0);
        if (l.SizeOf(0) == 8) l.Ir.Call(ControlHelpers.CheckBase, value);
        l.Ir.Write(X86Slots.SegmentBase(segment), l.Ir.Hold(value));
    }
}
