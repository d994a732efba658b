using Emulator.Arch.X86.Flags;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Lifting;

/// <summary>A relation that holds exactly when a condition does.</summary>
internal readonly record struct Relation(Opcode Branch, Value A, Value B);

/// <content>Arithmetic flags: instructions leave their operands, readers compute what they need.</content>
internal sealed partial class X86Lifter
{
    private const int OverflowBit = 11;

    private static Value FlagA => IrBuilder.Read(X86Slots.FlagA);

    private static Value FlagB => IrBuilder.Read(X86Slots.FlagB);

    /// <summary>Flags of a logical operation.</summary>
    public void SetLogicFlags(Value result, int bytes)
    {
        Ir.Write(X86Slots.FlagA, Own(SignExtend(result, bytes), result));
        SetForm(FlagKind.Logic, bytes);
    }

    /// <summary>Flags of a sum of two operands.</summary>
    public void SetAddFlags(Value result, Value b, int bytes)
    {
        Ir.Write(X86Slots.FlagB, Own(SignExtend(b, bytes), b));
        Ir.Write(X86Slots.FlagA, Own(SignExtend(result, bytes), result));
        SetForm(FlagKind.Add, bytes);
    }

    /// <summary>Flags of a - b.</summary>
    public void SetSubFlags(Value a, Value b, int bytes)
    {
        Ir.Write(X86Slots.FlagA, Own(SignExtend(a, bytes), a));
        Ir.Write(X86Slots.FlagB, Own(SignExtend(b, bytes), b));
        SetForm(FlagKind.Sub, bytes);
    }

    /// <summary>Flags that depend on a carry: AddCarry (operands result and b), SubBorrow (a and b), Increment and Decrement (the result).</summary>
    public void SetCarryFlags(FlagKind kind, Value a, Value b, Value carry, int bytes)
    {
        Ir.Write(X86Slots.FlagA, Own(SignExtend(a, bytes), a));
        Ir.Write(X86Slots.FlagB, Own(SignExtend(b, bytes), b));
        Ir.Write(X86Slots.FlagForm, Ir.Or(carry, new FlagForm(kind, bytes).Pack()));
    }

    /// <summary>Zero, sign and parity of a result; carry, overflow and auxiliary carry as given, in their places in EFLAGS.</summary>
    public void SetResultFlags(Value result, Value others, int bytes)
    {
        Ir.Write(X86Slots.FlagA, Own(SignExtend(result, bytes), result));
        Ir.Write(X86Slots.FlagB, Own(others, others));
        SetForm(FlagKind.Result, bytes);
    }

    /// <summary>As <see cref="SetResultFlags"/> where <paramref name="condition"/> is not 0, else the flags stay.</summary>
    public void SetResultFlagsIf(Value condition, Value result, Value others, int bytes)
    {
        if (condition.IsConstant)
        {
            if (condition.Constant != 0) SetResultFlags(result, others, bytes);
            return;
        }

        Ir.Write(X86Slots.FlagA, Ir.Select(condition, SignExtend(result, bytes), FlagA));
        Ir.Write(X86Slots.FlagB, Ir.Select(condition, others, FlagB));
        Ir.Write(X86Slots.FlagForm, Ir.Select(condition, new FlagForm(FlagKind.Result, bytes).Pack(), IrBuilder.Read(X86Slots.FlagForm)));
    }

    /// <summary>Carry and overflow, each 0 or 1, in their places in EFLAGS.</summary>
    public Value CarryAndOverflow(Value carry, Value overflow) => Ir.Or(carry, Ir.Shl(overflow, OverflowBit));

    /// <summary>The six flags as given, in their places in EFLAGS.</summary>
    public void SetFlags(Value flags)
    {
        Ir.Write(X86Slots.FlagA, Own(flags, flags));
        SetForm(FlagKind.Raw, 1);
    }

    /// <summary>The six flags, in their places in EFLAGS.</summary>
    public Value ReadFlags() => KnownForm() is { Kind: FlagKind.Raw }
        ? Ir.And(FlagA, (long)ArithmeticFlags.All)
        : Ir.Call(FlagHelpers.Compute, IrBuilder.Read(X86Slots.FlagForm), FlagA, FlagB);

    /// <summary>The carry flag, 0 or 1.</summary>
    public Value ReadCarry() => Condition(ConditionCode.b);

    /// <summary>1 when a condition holds, else 0.</summary>
    public Value Condition(ConditionCode condition) => Holds(RelationOf(condition));

    /// <summary>1 when a relation holds, else 0.</summary>
    public Value Holds(Relation relation) => relation.Branch switch
    {
        Opcode.BranchEq => Ir.SetEq(relation.A, relation.B),
        Opcode.BranchNe => Ir.SetNe(relation.A, relation.B),
        Opcode.BranchLtS => Ir.SetLtS(relation.A, relation.B),
        Opcode.BranchLtU => Ir.SetLtU(relation.A, relation.B),
        Opcode.BranchGeS => Ir.Xor(Ir.SetLtS(relation.A, relation.B), 1),
        _ => Ir.Xor(Ir.SetLtU(relation.A, relation.B), 1),
    };

    /// <summary>A condition as a relation of two values.</summary>
    public Relation RelationOf(ConditionCode condition)
    {
        var known = KnownForm() switch
        {
            { Kind: FlagKind.Sub } form => OfDifference(condition, form.Bytes),
            { Kind: FlagKind.Logic } => OfLogic(condition),
            { Kind: FlagKind.Add or FlagKind.Result or FlagKind.Increment or FlagKind.Decrement } form => OfSum(condition, form),
            { Kind: FlagKind.Raw } => OfRaw(condition),
            _ => null,
        };
        if (known is { } relation) return relation;
        var holds = Ir.Call(FlagHelpers.ConditionHelper(condition), IrBuilder.Read(X86Slots.FlagForm), FlagA, FlagB);
        return new Relation(IsNegated(condition) ? Opcode.BranchEq : Opcode.BranchNe, holds, 0);
    }

    private void SetForm(FlagKind kind, int bytes) => Ir.Write(X86Slots.FlagForm, new FlagForm(kind, bytes).Pack());

    // What an instruction of this block has left, as far as that is known.
    private FlagForm? KnownForm() => Ir.KnownConstant(X86Slots.FlagForm) is { } packed ? FlagForm.Unpack((ulong)packed) : null;

    // A write must not take a value that the caller still uses: where extending changed nothing, it gets a copy.
    private Value Own(Value extended, Value original) => extended == original ? Ir.Hold(original) : extended;

    private static bool IsNegated(ConditionCode condition) => condition is ConditionCode.no or ConditionCode.ae or ConditionCode.ne
        or ConditionCode.a or ConditionCode.ns or ConditionCode.np or ConditionCode.ge or ConditionCode.g;

    private Relation? OfDifference(ConditionCode condition, int bytes) => condition switch
    {
        ConditionCode.e => new Relation(Opcode.BranchEq, FlagA, FlagB),
        ConditionCode.ne => new Relation(Opcode.BranchNe, FlagA, FlagB),
        ConditionCode.b => new Relation(Opcode.BranchLtU, FlagA, FlagB),
        ConditionCode.ae => new Relation(Opcode.BranchGeU, FlagA, FlagB),
        ConditionCode.a => new Relation(Opcode.BranchLtU, FlagB, FlagA),
        ConditionCode.be => new Relation(Opcode.BranchGeU, FlagB, FlagA),
        ConditionCode.l => new Relation(Opcode.BranchLtS, FlagA, FlagB),
        ConditionCode.ge => new Relation(Opcode.BranchGeS, FlagA, FlagB),
        ConditionCode.g => new Relation(Opcode.BranchLtS, FlagB, FlagA),
        ConditionCode.le => new Relation(Opcode.BranchGeS, FlagB, FlagA),
        ConditionCode.s => new Relation(Opcode.BranchLtS, SignExtend(Ir.Sub(FlagA, FlagB), bytes), 0),
        ConditionCode.ns => new Relation(Opcode.BranchGeS, SignExtend(Ir.Sub(FlagA, FlagB), bytes), 0),
        _ => null,
    };

    private static Relation? OfLogic(ConditionCode condition) => condition switch
    {
        ConditionCode.b or ConditionCode.o => new Relation(Opcode.BranchNe, 0, 0),
        ConditionCode.ae or ConditionCode.no => new Relation(Opcode.BranchEq, 0, 0),
        ConditionCode.be => new Relation(Opcode.BranchEq, FlagA, 0),
        ConditionCode.a => new Relation(Opcode.BranchNe, FlagA, 0),
        ConditionCode.l => new Relation(Opcode.BranchLtS, FlagA, 0),
        ConditionCode.ge => new Relation(Opcode.BranchGeS, FlagA, 0),
        ConditionCode.g => new Relation(Opcode.BranchLtS, 0, FlagA),
        ConditionCode.le => new Relation(Opcode.BranchGeS, 0, FlagA),
        _ => OfResult(condition),
    };

    private static Relation? OfResult(ConditionCode condition) => condition switch
    {
        ConditionCode.e => new Relation(Opcode.BranchEq, FlagA, 0),
        ConditionCode.ne => new Relation(Opcode.BranchNe, FlagA, 0),
        ConditionCode.s => new Relation(Opcode.BranchLtS, FlagA, 0),
        ConditionCode.ns => new Relation(Opcode.BranchGeS, FlagA, 0),
        _ => null,
    };

    private static Relation? OfSum(ConditionCode condition, FlagForm form) => (condition, form.Kind) switch
    {
        (ConditionCode.b, FlagKind.Add) => new Relation(Opcode.BranchLtU, FlagA, FlagB),
        (ConditionCode.ae, FlagKind.Add) => new Relation(Opcode.BranchGeU, FlagA, FlagB),
        _ => OfResult(condition),
    };

    private Relation? OfRaw(ConditionCode condition)
    {
        var flag = condition switch
        {
            ConditionCode.o or ConditionCode.no => ArithmeticFlags.Overflow,
            ConditionCode.b or ConditionCode.ae => ArithmeticFlags.Carry,
            ConditionCode.e or ConditionCode.ne => ArithmeticFlags.Zero,
            ConditionCode.be or ConditionCode.a => ArithmeticFlags.Carry | ArithmeticFlags.Zero,
            ConditionCode.s or ConditionCode.ns => ArithmeticFlags.Sign,
            ConditionCode.p or ConditionCode.np => ArithmeticFlags.Parity,
            _ => ArithmeticFlags.None,
        };
        if (flag == ArithmeticFlags.None) return null;
        return new Relation(IsNegated(condition) ? Opcode.BranchEq : Opcode.BranchNe, Ir.And(FlagA, (long)flag), 0);
    }
}
