using System.Runtime.CompilerServices;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Flags;

/// <summary>What lifted code calls when it cannot know how the flags were made. Arguments: the slots FlagForm, FlagA, FlagB.</summary>
internal static class FlagHelpers
{
    /// <summary>All six flags, as <see cref="ArithmeticFlags"/>.</summary>
    public static readonly Helper Compute = X86Helpers.Register(ComputeOf);

    private static readonly Helper Overflow = X86Helpers.Register(OverflowOf);
    private static readonly Helper Below = X86Helpers.Register(BelowOf);
    private static readonly Helper Equal = X86Helpers.Register(EqualOf);
    private static readonly Helper BelowOrEqual = X86Helpers.Register(BelowOrEqualOf);
    private static readonly Helper Sign = X86Helpers.Register(SignOf);
    private static readonly Helper Parity = X86Helpers.Register(ParityOf);
    private static readonly Helper Less = X86Helpers.Register(LessOf);
    private static readonly Helper LessOrEqual = X86Helpers.Register(LessOrEqualOf);

    /// <summary>The helper that gives 1 when a condition holds; negated conditions have the one of their opposite.</summary>
    public static Helper ConditionHelper(ConditionCode condition) => condition switch
    {
        ConditionCode.o or ConditionCode.no => Overflow,
        ConditionCode.b or ConditionCode.ae => Below,
        ConditionCode.e or ConditionCode.ne => Equal,
        ConditionCode.be or ConditionCode.a => BelowOrEqual,
        ConditionCode.s or ConditionCode.ns => Sign,
        ConditionCode.p or ConditionCode.np => Parity,
        ConditionCode.l or ConditionCode.ge => Less,
        _ => LessOrEqual,
    };

    private static ArithmeticFlags Of(ulong form, ulong a, ulong b) => LazyFlags.Compute(FlagForm.Unpack(form), a, b);

    private static ulong Any(ArithmeticFlags flags, ArithmeticFlags wanted) => (flags & wanted) != 0 ? 1u : 0;

    private static bool IsLess(ArithmeticFlags flags) =>
        ((flags & ArithmeticFlags.Sign) != 0) != ((flags & ArithmeticFlags.Overflow) != 0);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ComputeOf(ulong form, ulong a, ulong b) => (ulong)Of(form, a, b);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong OverflowOf(ulong form, ulong a, ulong b) => Any(Of(form, a, b), ArithmeticFlags.Overflow);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong BelowOf(ulong form, ulong a, ulong b) => Any(Of(form, a, b), ArithmeticFlags.Carry);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong EqualOf(ulong form, ulong a, ulong b) => Any(Of(form, a, b), ArithmeticFlags.Zero);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong BelowOrEqualOf(ulong form, ulong a, ulong b) => Any(Of(form, a, b), ArithmeticFlags.Carry | ArithmeticFlags.Zero);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SignOf(ulong form, ulong a, ulong b) => Any(Of(form, a, b), ArithmeticFlags.Sign);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ParityOf(ulong form, ulong a, ulong b) => Any(Of(form, a, b), ArithmeticFlags.Parity);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong LessOf(ulong form, ulong a, ulong b) => IsLess(Of(form, a, b)) ? 1u : 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong LessOrEqualOf(ulong form, ulong a, ulong b)
    {
        var flags = Of(form, a, b);
        return IsLess(flags) || (flags & ArithmeticFlags.Zero) != 0 ? 1u : 0;
    }
}
