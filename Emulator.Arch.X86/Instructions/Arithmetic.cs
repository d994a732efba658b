using Emulator.Arch.X86.Flags;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>An operation of two operands that sets all arithmetic flags.</summary>
internal interface IBinaryArithmetic
{
    /// <summary>False for CMP and TEST.</summary>
    static abstract bool WritesDestination { get; }

    /// <summary>The IR operation that does it atomically for LOCK, if there is one.</summary>
    static abstract Opcode? Atomic { get; }

    /// <summary>The result; bits above the operand size mean nothing.</summary>
    static abstract Value Result(X86Lifter lifter, Value a, Value b, Value carry);

    /// <summary>Leaves the flags.</summary>
    static abstract void SetFlags(X86Lifter lifter, Value a, Value b, Value carry, Value result, int bytes);
}

/// <summary>ADD, ADC, SUB, SBB, CMP, AND, OR, XOR, TEST, INC, DEC, NEG, NOT.</summary>
internal static class Arithmetic
{
    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Add, static l => Binary<Sum>(l)),
        new(Mnemonic.Adc, static l => Binary<SumWithCarry>(l)),
        new(Mnemonic.Sub, static l => Binary<Difference>(l)),
        new(Mnemonic.Sbb, static l => Binary<DifferenceWithBorrow>(l)),
        new(Mnemonic.Cmp, static l => Binary<Comparison>(l)),
        new(Mnemonic.And, static l => Binary<Conjunction>(l)),
        new(Mnemonic.Or, static l => Binary<Disjunction>(l)),
        new(Mnemonic.Xor, static l => Binary<ExclusiveDisjunction>(l)),
        new(Mnemonic.Test, static l => Binary<TestOfBits>(l)),
        new(Mnemonic.Inc, static l => Step(l, FlagKind.Increment, 1)),
        new(Mnemonic.Dec, static l => Step(l, FlagKind.Decrement, -1)),
        new(Mnemonic.Neg, Negate),
        new(Mnemonic.Not, Complement),
    ];

    private static void Binary<T>(X86Lifter l)
        where T : IBinaryArithmetic
    {
        // xor r, r and sub r, r are how a register is cleared
        var carry = typeof(T) == typeof(SumWithCarry) || typeof(T) == typeof(DifferenceWithBorrow) ? l.Ir.Hold(l.ReadCarry()) : 0;
        var place = l.PlaceOf(0, T.WritesDestination);
        var b = l.Read(1);
        if (l.IsLocked(place))
        {
            Locked<T>(l, place, b, carry);
            return;
        }

        var a = l.Read(place);
        var result = l.Ir.Hold(T.Result(l, a, b, carry));
        if (T.WritesDestination && place.IsMemory) l.Write(place, result);
        T.SetFlags(l, a, b, carry, result, place.Bytes);
        if (T.WritesDestination && !place.IsMemory) l.Write(place, result);
    }

    // a is what memory held; the flags follow from it as if nobody else had been there.
    private static void Locked<T>(X86Lifter l, Place place, Value b, Value carry)
        where T : IBinaryArithmetic
    {
        var operand = carry.IsConstant ? b : l.Ir.Add(b, carry);
        if (typeof(T) == typeof(Difference) || typeof(T) == typeof(DifferenceWithBorrow)) operand = l.Ir.Sub(0, operand);
        var a = l.Atomic(T.Atomic!.Value, place, operand);
        var result = l.Ir.Hold(T.Result(l, a, b, carry));
        T.SetFlags(l, a, b, carry, result, place.Bytes);
    }

    private static void Step(X86Lifter l, FlagKind kind, long step)
    {
        var carry = l.Ir.Hold(l.ReadCarry());
        var place = l.PlaceOf(0, writes: true);
        if (l.IsLocked(place))
        {
            var old = l.Atomic(Opcode.AtomicAdd, place, step);
            l.SetCarryFlags(kind, l.Ir.Add(old, step), 0, carry, place.Bytes);
            return;
        }

        var result = l.Ir.Hold(l.Ir.Add(l.Read(place), step));
        if (place.IsMemory) l.Write(place, result);
        l.SetCarryFlags(kind, result, 0, carry, place.Bytes);
        if (!place.IsMemory) l.Write(place, result);
    }

    private static void Negate(X86Lifter l)
    {
        var place = l.PlaceOf(0, writes: true);
        if (l.IsLocked(place))
        {
            l.ReplaceLocked(place, old => l.Ir.Sub(0, old), (old, _) => l.SetSubFlags(0, old, place.Bytes));
            return;
        }

        var operand = l.Ir.Hold(l.Read(place));
        var result = l.Ir.Sub(0, operand);
        if (place.IsMemory) l.Write(place, result);
        l.SetSubFlags(0, operand, place.Bytes);
        if (!place.IsMemory) l.Write(place, result);
    }

    private static void Complement(X86Lifter l)
    {
        var place = l.PlaceOf(0, writes: true);
        if (l.IsLocked(place)) l.Atomic(Opcode.AtomicXor, place, -1);
        else l.Write(place, l.Ir.Xor(l.Read(place), -1));
    }

    private readonly struct Sum : IBinaryArithmetic
    {
        public static bool WritesDestination => true;

        public static Opcode? Atomic => Opcode.AtomicAdd;

        public static Value Result(X86Lifter lifter, Value a, Value b, Value carry) => lifter.Ir.Add(a, b);

        public static void SetFlags(X86Lifter lifter, Value a, Value b, Value carry, Value result, int bytes) =>
            lifter.SetAddFlags(result, b, bytes);
    }

    private readonly struct SumWithCarry : IBinaryArithmetic
    {
        public static bool WritesDestination => true;

        public static Opcode? Atomic => Opcode.AtomicAdd;

        public static Value Result(X86Lifter lifter, Value a, Value b, Value carry) => lifter.Ir.Add(lifter.Ir.Add(a, b), carry);

        public static void SetFlags(X86Lifter lifter, Value a, Value b, Value carry, Value result, int bytes) =>
            lifter.SetCarryFlags(FlagKind.AddCarry, result, b, carry, bytes);
    }

    private readonly struct Difference : IBinaryArithmetic
    {
        public static bool WritesDestination => true;

        public static Opcode? Atomic => Opcode.AtomicAdd;

        public static Value Result(X86Lifter lifter, Value a, Value b, Value carry) => lifter.Ir.Sub(a, b);

        public static void SetFlags(X86Lifter lifter, Value a, Value b, Value carry, Value result, int bytes) =>
            lifter.SetSubFlags(a, b, bytes);
    }

    private readonly struct DifferenceWithBorrow : IBinaryArithmetic
    {
        public static bool WritesDestination => true;

        public static Opcode? Atomic => Opcode.AtomicAdd;

        public static Value Result(X86Lifter lifter, Value a, Value b, Value carry) => lifter.Ir.Sub(lifter.Ir.Sub(a, b), carry);

        public static void SetFlags(X86Lifter lifter, Value a, Value b, Value carry, Value result, int bytes) =>
            lifter.SetCarryFlags(FlagKind.SubBorrow, a, b, carry, bytes);
    }

    private readonly struct Comparison : IBinaryArithmetic
    {
        public static bool WritesDestination => false;

        public static Opcode? Atomic => null;

        public static Value Result(X86Lifter lifter, Value a, Value b, Value carry) => 0;

        public static void SetFlags(X86Lifter lifter, Value a, Value b, Value carry, Value result, int bytes) =>
            lifter.SetSubFlags(a, b, bytes);
    }

    private readonly struct Conjunction : IBinaryArithmetic
    {
        public static bool WritesDestination => true;

        public static Opcode? Atomic => Opcode.AtomicAnd;

        public static Value Result(X86Lifter lifter, Value a, Value b, Value carry) => lifter.Ir.And(a, b);

        public static void SetFlags(X86Lifter lifter, Value a, Value b, Value carry, Value result, int bytes) =>
            lifter.SetLogicFlags(result, bytes);
    }

    private readonly struct Disjunction : IBinaryArithmetic
    {
        public static bool WritesDestination => true;

        public static Opcode? Atomic => Opcode.AtomicOr;

        public static Value Result(X86Lifter lifter, Value a, Value b, Value carry) => lifter.Ir.Or(a, b);

        public static void SetFlags(X86Lifter lifter, Value a, Value b, Value carry, Value result, int bytes) =>
            lifter.SetLogicFlags(result, bytes);
    }

    private readonly struct ExclusiveDisjunction : IBinaryArithmetic
    {
        public static bool WritesDestination => true;

        public static Opcode? Atomic => Opcode.AtomicXor;

        public static Value Result(X86Lifter lifter, Value a, Value b, Value carry) => lifter.Ir.Xor(a, b);

        public static void SetFlags(X86Lifter lifter, Value a, Value b, Value carry, Value result, int bytes) =>
            lifter.SetLogicFlags(result, bytes);
    }

    private readonly struct TestOfBits : IBinaryArithmetic
    {
        public static bool WritesDestination => false;

        public static Opcode? Atomic => null;

        public static Value Result(X86Lifter lifter, Value a, Value b, Value carry) => lifter.Ir.And(a, b);

        public static void SetFlags(X86Lifter lifter, Value a, Value b, Value carry, Value result, int bytes) =>
            lifter.SetLogicFlags(result, bytes);
    }
}
