namespace Emulator.Core.Ir;

/// <content>The operations a lifter composes instructions from; each is named after its row in <see cref="OpcodeTable"/>.</content>
public sealed partial class IrBuilder
{
#pragma warning disable CS1591 // one row of OpcodeTable each, documented there
    public Value Add(Value a, Value b) => Binary(Opcode.Add, a, b);
    public Value Sub(Value a, Value b) => Binary(Opcode.Sub, a, b);
    public Value And(Value a, Value b) => Binary(Opcode.And, a, b);
    public Value Or(Value a, Value b) => Binary(Opcode.Or, a, b);
    public Value Xor(Value a, Value b) => Binary(Opcode.Xor, a, b);
    public Value AndNot(Value a, Value b) => Binary(Opcode.AndNot, a, b);
    public Value OrNot(Value a, Value b) => Binary(Opcode.OrNot, a, b);
    public Value XorNot(Value a, Value b) => Binary(Opcode.XorNot, a, b);
    public Value Shl(Value a, Value b) => Binary(Opcode.Shl, a, b);
    public Value ShrU(Value a, Value b) => Binary(Opcode.ShrU, a, b);
    public Value ShrS(Value a, Value b) => Binary(Opcode.ShrS, a, b);
    public Value RotL(Value a, Value b) => Binary(Opcode.RotL, a, b);
    public Value RotR(Value a, Value b) => Binary(Opcode.RotR, a, b);
    public Value Mul(Value a, Value b) => Binary(Opcode.Mul, a, b);
    public Value MulHighS(Value a, Value b) => Binary(Opcode.MulHighS, a, b);
    public Value MulHighU(Value a, Value b) => Binary(Opcode.MulHighU, a, b);
    public Value MulHighSU(Value a, Value b) => Binary(Opcode.MulHighSU, a, b);
    public Value DivS(Value a, Value b) => Binary(Opcode.DivS, a, b);
    public Value DivU(Value a, Value b) => Binary(Opcode.DivU, a, b);
    public Value RemS(Value a, Value b) => Binary(Opcode.RemS, a, b);
    public Value RemU(Value a, Value b) => Binary(Opcode.RemU, a, b);
    public Value MinS(Value a, Value b) => Binary(Opcode.MinS, a, b);
    public Value MinU(Value a, Value b) => Binary(Opcode.MinU, a, b);
    public Value MaxS(Value a, Value b) => Binary(Opcode.MaxS, a, b);
    public Value MaxU(Value a, Value b) => Binary(Opcode.MaxU, a, b);
    public Value SetEq(Value a, Value b) => Binary(Opcode.SetEq, a, b);
    public Value SetNe(Value a, Value b) => Binary(Opcode.SetNe, a, b);
    public Value SetLtS(Value a, Value b) => Binary(Opcode.SetLtS, a, b);
    public Value SetLtU(Value a, Value b) => Binary(Opcode.SetLtU, a, b);
    public Value Add32(Value a, Value b) => Binary(Opcode.Add32, a, b);
    public Value Sub32(Value a, Value b) => Binary(Opcode.Sub32, a, b);
    public Value Shl32(Value a, Value b) => Binary(Opcode.Shl32, a, b);
    public Value ShrU32(Value a, Value b) => Binary(Opcode.ShrU32, a, b);
    public Value ShrS32(Value a, Value b) => Binary(Opcode.ShrS32, a, b);
    public Value RotL32(Value a, Value b) => Binary(Opcode.RotL32, a, b);
    public Value RotR32(Value a, Value b) => Binary(Opcode.RotR32, a, b);
    public Value Mul32(Value a, Value b) => Binary(Opcode.Mul32, a, b);
    public Value DivS32(Value a, Value b) => Binary(Opcode.DivS32, a, b);
    public Value DivU32(Value a, Value b) => Binary(Opcode.DivU32, a, b);
    public Value RemS32(Value a, Value b) => Binary(Opcode.RemS32, a, b);
    public Value RemU32(Value a, Value b) => Binary(Opcode.RemU32, a, b);
    public Value SignExtend8(Value a) => Unary(Opcode.SignExtend8, a);
    public Value SignExtend16(Value a) => Unary(Opcode.SignExtend16, a);
    public Value SignExtend32(Value a) => Unary(Opcode.SignExtend32, a);
    public Value ZeroExtend8(Value a) => Unary(Opcode.ZeroExtend8, a);
    public Value ZeroExtend16(Value a) => Unary(Opcode.ZeroExtend16, a);
    public Value ZeroExtend32(Value a) => Unary(Opcode.ZeroExtend32, a);
    public Value LeadingZeros(Value a) => Unary(Opcode.LeadingZeros, a);
    public Value TrailingZeros(Value a) => Unary(Opcode.TrailingZeros, a);
    public Value PopCount(Value a) => Unary(Opcode.PopCount, a);
    public Value LeadingZeros32(Value a) => Unary(Opcode.LeadingZeros32, a);
    public Value TrailingZeros32(Value a) => Unary(Opcode.TrailingZeros32, a);
    public Value PopCount32(Value a) => Unary(Opcode.PopCount32, a);
    public Value ByteSwap(Value a) => Unary(Opcode.ByteSwap, a);
#pragma warning restore CS1591

    /// <summary>Any operation of two operands, for generators of random code.</summary>
    internal Value BinaryForTest(Opcode opcode, Value a, Value b) => Binary(opcode, a, b);

    /// <summary>Any operation of one operand, for generators of random code.</summary>
    internal Value UnaryForTest(Opcode opcode, Value a) => Unary(opcode, a);

    /// <summary>(a &lt;&lt; shift) + b.</summary>
    public Value ShlAdd(Value a, int shift, Value b) => a.IsConstant || b.IsConstant
        ? Add(Shl(a, shift), b)
        : Define(new IrInstruction { Opcode = Opcode.ShlAdd, A = a.Slot, B = b.Slot, Immediate = shift });

    /// <summary>condition != 0 ? b : c.</summary>
    public Value Select(Value condition, Value b, Value c) => condition.IsConstant
        ? (condition.Constant != 0 ? b : c)
        : Define(new IrInstruction { Opcode = Opcode.Select, A = condition.Slot, B = AsSlot(b), C = AsSlot(c) });

    /// <summary>The virtual address that lies <paramref name="displacement"/> bytes from the current guest instruction.</summary>
    public Value CodeAddress(long displacement) =>
        Define(new IrInstruction { Opcode = Opcode.CodeAddress, Immediate = PcOffset + displacement });

    /// <summary>A load; <paramref name="opcode"/> says how wide and signed.</summary>
    /// <param name="opcode">Load8U to Load64.</param>
    /// <param name="address">Base address.</param>
    /// <param name="displacement">Added to it.</param>
    /// <param name="address32">The sum is cut to 32 bits.</param>
    public Value Load(Opcode opcode, Value address, long displacement = 0, bool address32 = false) =>
        Load(opcode, address, displacement, address32 ? AccessTraits.Address32 : AccessTraits.None);

    /// <summary>A load; <paramref name="opcode"/> says how wide and signed.</summary>
    /// <param name="opcode">Load8U to Load64.</param>
    /// <param name="address">Base address.</param>
    /// <param name="displacement">Added to it.</param>
    /// <param name="traits">What else is asked for.</param>
    public Value Load(Opcode opcode, Value address, long displacement, AccessTraits traits) => Define(new IrInstruction
    {
        Opcode = opcode, A = AsSlot(address), Immediate = displacement, C = new Slot((ushort)traits),
    });

    /// <summary>A store; <paramref name="opcode"/> says how wide.</summary>
    /// <param name="opcode">Store8 to Store64.</param>
    /// <param name="address">Base address.</param>
    /// <param name="displacement">Added to it.</param>
    /// <param name="value">What to store.</param>
    /// <param name="address32">The sum is cut to 32 bits.</param>
    public void Store(Opcode opcode, Value address, long displacement, Value value, bool address32 = false) => Emit(new IrInstruction
    {
        Opcode = opcode, A = AsSlot(address), B = AsSlot(value), Immediate = displacement, C = new Slot(address32 ? (ushort)1 : (ushort)0),
    });

    /// <summary>Orders all earlier memory accesses before all later ones.</summary>
    public void Fence() => Emit(new IrInstruction { Opcode = Opcode.Fence });

    /// <summary>An atomic read-modify-write (AtomicSwap to AtomicMaxU) or StoreExclusive; the result is sign-extended.</summary>
    /// <param name="opcode">The operation.</param>
    /// <param name="bytes">1, 2, 4 or 8.</param>
    /// <param name="address">Where; faults unless aligned.</param>
    /// <param name="operand">The second operand.</param>
    /// <param name="address32">The address is cut to 32 bits.</param>
    public Value Atomic(Opcode opcode, int bytes, Value address, Value operand, bool address32 = false) => Define(new IrInstruction
    {
        Opcode = opcode, A = AsSlot(address), B = AsSlot(operand), C = AtomicWidth(bytes, address32),
    });

    /// <summary>Compare and exchange: gives the old value; stores <paramref name="desired"/> when it equals <paramref name="expected"/>.</summary>
    public Value AtomicCompareExchange(int bytes, Value address, Value expected, Value desired, bool address32 = false) => Define(new IrInstruction
    {
        Opcode = Opcode.AtomicCompareExchange, A = AsSlot(address), B = AsSlot(desired), C = AsSlot(expected),
        Immediate = AtomicWidth(bytes, address32).Index,
    });

    /// <summary>A load that reserves its address for StoreExclusive.</summary>
    public Value LoadExclusive(int bytes, Value address, bool address32 = false) => Define(new IrInstruction
    {
        Opcode = Opcode.LoadExclusive, A = AsSlot(address), C = AtomicWidth(bytes, address32),
    });

    /// <summary>A floating-point operation of two operands (one and three: the other overloads).</summary>
    public Value Float(Opcode opcode, FloatSpec spec, Value a, Value b) =>
        Define(new IrInstruction { Opcode = opcode, A = AsSlot(a), B = AsSlot(b), Immediate = spec.Pack() });

    /// <summary>A floating-point operation of one operand.</summary>
    public Value Float(Opcode opcode, FloatSpec spec, Value a) =>
        Define(new IrInstruction { Opcode = opcode, A = AsSlot(a), Immediate = spec.Pack() });

    /// <summary>A floating-point operation of three operands.</summary>
    public Value Float(Opcode opcode, FloatSpec spec, Value a, Value b, Value c) =>
        Define(new IrInstruction { Opcode = opcode, A = AsSlot(a), B = AsSlot(b), C = AsSlot(c), Immediate = spec.Pack() });

    /// <summary>Calls a helper and gives its result.</summary>
    public Value Call(Helper helper, Value a = default, Value b = default, Value c = default)
    {
        ArgumentNullException.ThrowIfNull(helper);
        var result = Define(new IrInstruction
        {
            Opcode = helper.Pure is null ? Opcode.CallCpu : Opcode.CallPure,
            A = Argument(a), B = Argument(b), C = Argument(c), Immediate = helper.Index,
        });
        if (helper.Effects.HasFlag(HelperEffects.WritesSlots)) _afterSlotWriter = _count;
        return result;

        // default(Value) is slot 0, which no lifter names: an argument that was left out
        Slot Argument(Value value) => value == default ? Slot.Zero : AsSlot(value);
    }

    /// <summary>Ends the block: to <paramref name="displacement"/> bytes from this instruction if the relation holds, else to the next one.</summary>
    /// <param name="opcode">BranchEq to BranchGeU.</param>
    /// <param name="a">First operand.</param>
    /// <param name="b">Second operand.</param>
    /// <param name="displacement">Target, relative to this instruction.</param>
    public void Branch(Opcode opcode, Value a, Value b, long displacement)
    {
        Emit(new IrInstruction { Opcode = opcode, A = AsSlot(a), B = AsSlot(b), Immediate = PcOffset + displacement });
        Jump(InstructionLength);
    }

    /// <summary>Ends the block: to <paramref name="displacement"/> bytes from this instruction.</summary>
    public void Jump(long displacement) => End(new IrInstruction { Opcode = Opcode.Jump, Immediate = PcOffset + displacement });

    /// <summary>Ends the block: to a computed virtual address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="displacement">Added to it.</param>
    /// <param name="clear">Bits to clear then, 0 to 15.</param>
    /// <param name="isReturn">It is how functions return: what it leads to is behind calls.</param>
    public void JumpIndirect(Value address, long displacement = 0, ushort clear = 0, bool isReturn = false) => End(new IrInstruction
    {
        Opcode = Opcode.JumpIndirect, A = AsSlot(address), Immediate = displacement, C = new Slot((ushort)(clear | (isReturn ? ReturnHint : 0))),
    });

    /// <summary>Part of the third operand of a jump to a computed address.</summary>
    internal const int ReturnHint = 16;

    /// <summary>Ends the block after this instruction; the dispatcher looks at mode, requests and interrupts before it goes on.</summary>
    public void Leave() => End(new IrInstruction { Opcode = Opcode.Leave, Immediate = PcOffset + InstructionLength });

    /// <summary>Ends the block; a helper has set the program counter.</summary>
    public void LeaveAtPc() => End(new IrInstruction { Opcode = Opcode.LeaveAtPc });

    /// <summary>
    /// Goes back to the start of this instruction, as if it had not been executed yet, unless two values are equal: for an instruction
    /// that repeats itself. It must be the last of its block, so end the block after it.
    /// </summary>
    public void RetryUnless(Value a, Value b) => Emit(new IrInstruction
    {
        Opcode = Opcode.BranchNe, A = AsSlot(a), B = AsSlot(b), Immediate = PcOffset,
    });

    /// <summary>
    /// Goes on with the next instruction already now if two values are equal: for an instruction that repeats itself. It must be
    /// the last of its block, so end the block after it.
    /// </summary>
    public void SkipIfEqual(Value a, Value b) => Emit(new IrInstruction
    {
        Opcode = Opcode.BranchEq, A = AsSlot(a), B = AsSlot(b), Immediate = PcOffset + InstructionLength,
    });

    /// <summary>
    /// Ends the block before this instruction, so that it starts a block of its own: for instructions that read the instruction
    /// count or the time. The lifter then builds nothing more.
    /// </summary>
    public void SplitBefore()
    {
        End(new IrInstruction { Opcode = Opcode.Jump, Immediate = PcOffset });
        _isRetried = true;
    }

    private Value Define(in IrInstruction instruction)
    {
        var destination = NewTemporary();
        Emit(instruction with { Destination = destination });
        return Value.Of(destination);
    }

    private static Slot AtomicWidth(int bytes, bool address32) => new((ushort)(bytes | (address32 ? 16 : 0)));
}
