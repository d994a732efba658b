using System.Runtime.CompilerServices;
using Emulator.Core.FloatingPoint;
using Emulator.Core.Ir;

namespace Emulator.Core.Execution;

/// <content>
/// Arithmetic. The "Nearest" methods answer from the host when nothing but Inexact could be signalled and Inexact is already set, which
/// is where running programs spend their time; everything else goes to the methods that know every case.
/// </content>
internal static partial class FloatOperations
{
    private interface IBinaryOperation
    {
        /// <summary>A finite result is never tiny and inexact at once, so that subnormal ones need no second look.</summary>
        static abstract bool NeverUnderflows { get; }

        static abstract double OnHost(double x, double y);

        static abstract float OnHost(float x, float y);

        static abstract ulong Compute<T>(ulong a, ulong b, ref FloatContext context)
            where T : struct, IFloatFormat;
    }

    private readonly struct Addition : IBinaryOperation
    {
        public static bool NeverUnderflows => true;

        public static double OnHost(double x, double y) => x + y;

        public static float OnHost(float x, float y) => x + y;

        public static ulong Compute<T>(ulong a, ulong b, ref FloatContext context)
            where T : struct, IFloatFormat =>
            typeof(T) == typeof(Binary64) ? HostFloat64.Add(a, b, ref context)
            : typeof(T) == typeof(Binary32) ? HostFloat32.Add(a, b, ref context)
            : FloatArithmetic.Add<T>(a, b, ref context);
    }

    private readonly struct Subtraction : IBinaryOperation
    {
        public static bool NeverUnderflows => true;

        public static double OnHost(double x, double y) => x - y;

        public static float OnHost(float x, float y) => x - y;

        public static ulong Compute<T>(ulong a, ulong b, ref FloatContext context)
            where T : struct, IFloatFormat =>
            typeof(T) == typeof(Binary64) ? HostFloat64.Subtract(a, b, ref context)
            : typeof(T) == typeof(Binary32) ? HostFloat32.Subtract(a, b, ref context)
            : FloatArithmetic.Subtract<T>(a, b, ref context);
    }

    private readonly struct Multiplication : IBinaryOperation
    {
        public static bool NeverUnderflows => false;

        public static double OnHost(double x, double y) => x * y;

        public static float OnHost(float x, float y) => x * y;

        public static ulong Compute<T>(ulong a, ulong b, ref FloatContext context)
            where T : struct, IFloatFormat =>
            typeof(T) == typeof(Binary64) ? HostFloat64.Multiply(a, b, ref context)
            : typeof(T) == typeof(Binary32) ? HostFloat32.Multiply(a, b, ref context)
            : FloatArithmetic.Multiply<T>(a, b, ref context);
    }

    private readonly struct Division : IBinaryOperation
    {
        public static bool NeverUnderflows => false;

        public static double OnHost(double x, double y) => x / y;

        public static float OnHost(float x, float y) => x / y;

        public static ulong Compute<T>(ulong a, ulong b, ref FloatContext context)
            where T : struct, IFloatFormat =>
            typeof(T) == typeof(Binary64) ? HostFloat64.Divide(a, b, ref context)
            : typeof(T) == typeof(Binary32) ? HostFloat32.Divide(a, b, ref context)
            : FloatArithmetic.Divide<T>(a, b, ref context);
    }

    private static FloatOperation ChooseBinary<TOperation, T, TForm>(FloatSpec spec)
        where TOperation : struct, IBinaryOperation
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm =>
        !IsHostMethod<T>(spec) ? Binary<TOperation, T, TForm>
        : typeof(T) == typeof(Binary64) ? Nearest64<TOperation>
        : Nearest32<TOperation, TForm>;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Nearest64<TOperation>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where TOperation : struct, IBinaryOperation
    {
        ulong result = Bits(TOperation.OnHost(Value64(a), Value64(b)));
        return IsSettled<TOperation, Binary64>(result, flags) ? result : Binary<TOperation, Binary64, Raw>(a, b, c, spec, ref flags);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Nearest32<TOperation, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where TOperation : struct, IBinaryOperation
        where TForm : struct, IRegisterForm
    {
        ulong result = Bits(TOperation.OnHost(Value32(TForm.Read<Binary32>(a)), Value32(TForm.Read<Binary32>(b))));
        return IsSettled<TOperation, Binary32>(result, flags)
            ? TForm.Write<Binary32>(result)
            : Binary<TOperation, Binary32, TForm>(a, b, c, spec, ref flags);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Binary<TOperation, T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where TOperation : struct, IBinaryOperation
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        var context = Begin(spec, flags);
        ulong result = TOperation.Compute<T>(TForm.Read<T>(a), TForm.Read<T>(b), ref context);
        flags = (ulong)context.Flags;
        return TForm.Write<T>(result);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SquareRootNearest<T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        ulong operand = TForm.Read<T>(a);
        ulong result = typeof(T) == typeof(Binary64) ? Bits(Math.Sqrt(Value64(operand))) : Bits(MathF.Sqrt(Value32(operand)));
        return IsSettled<Division, T>(result, flags) ? TForm.Write<T>(result) : SquareRoot<T, TForm>(a, b, c, spec, ref flags);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SquareRoot<T, TForm>(ulong a, ulong b, ulong c, long spec, ref ulong flags)
        where T : struct, IFloatFormat
        where TForm : struct, IRegisterForm
    {
        var context = Begin(spec, flags);
        ulong operand = TForm.Read<T>(a);
        ulong result = typeof(T) == typeof(Binary64) ? HostFloat64.SquareRoot(operand, ref context)
            : typeof(T) == typeof(Binary32) ? HostFloat32.SquareRoot(operand, ref context)
            : FloatArithmetic.SquareRoot<T>(operand, ref context);
        flags = (ulong)context.Flags;
        return TForm.Write<T>(result);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsSettled<TOperation, T>(ulong result, ulong flags)
        where TOperation : struct, IBinaryOperation
        where T : struct, IFloatFormat =>
        (flags & (ulong)FloatFlags.Inexact) != 0
        && (TOperation.NeverUnderflows ? HostGate.IsFinite<T>(result) : HostGate.IsPlain<T>(result));

    private static double Value64(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    private static float Value32(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static ulong Bits(double value) => BitConverter.DoubleToUInt64Bits(value);

    private static ulong Bits(float value) => BitConverter.SingleToUInt32Bits(value);
}
