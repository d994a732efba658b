using System.Reflection;
using System.Reflection.Emit;

namespace Emulator.Core.Backends.Cil;

/// <summary>The locals that inline floating point of one format works in, and the CIL that differs between the formats.</summary>
internal sealed class FloatLocals
{
    private const int SingleExponentShift = 24; // after the sign is shifted out
    private const int DoubleExponentShift = 21; // in the upper half
    private const int DoubleMantissaBits = 52;
    private const long SingleMaxExponent = 0xff;
    private const long DoubleMaxExponent = 0x7ff;

    /// <summary>Steps of the exponent at which no intermediate of <see cref="FloatingPoint.HostGate.SumError"/> overflows.</summary>
    public const int FarFromOverflow = 4;

    public FloatLocals(ILGenerator il, bool isDouble)
    {
        IsDouble = isDouble;
        var type = isDouble ? typeof(double) : typeof(float);
        X = il.DeclareLocal(type);
        Y = il.DeclareLocal(type);
        Z = il.DeclareLocal(type);
        R = il.DeclareLocal(type);
        T = il.DeclareLocal(type);
        Bits = il.DeclareLocal(isDouble ? typeof(long) : typeof(int));
    }

    public static MethodInfo DoubleBits { get; } = Method(typeof(BitConverter), nameof(BitConverter.DoubleToInt64Bits), typeof(double));

    private static MethodInfo DoubleFromBits { get; } = Method(typeof(BitConverter), nameof(BitConverter.Int64BitsToDouble), typeof(long));

    public static MethodInfo AbsDouble { get; } = Method(typeof(Math), nameof(Math.Abs), typeof(double));

    public static MethodInfo RoundDouble { get; } = Method(typeof(Math), nameof(Math.Round), typeof(double));

    public bool IsDouble { get; }

    /// <summary>Operands.</summary>
    public LocalBuilder X { get; }

    public LocalBuilder Y { get; }

    public LocalBuilder Z { get; }

    /// <summary>The result.</summary>
    public LocalBuilder R { get; }

    /// <summary>Scratch.</summary>
    public LocalBuilder T { get; }

    /// <summary>The bits of the result, or an integer of 64 bits in the double's.</summary>
    public LocalBuilder Bits { get; }

    /// <summary>Pops 64 bits, pushes the double.</summary>
    public static void EmitDoubleFromBits(ILGenerator il) => il.Emit(OpCodes.Call, DoubleFromBits);

    /// <summary>Pops 64 bits, pushes the number.</summary>
    public void EmitFromBits(ILGenerator il)
    {
        if (IsDouble)
        {
            EmitDoubleFromBits(il);
            return;
        }

        il.Emit(OpCodes.Conv_I4);
        il.Emit(OpCodes.Call, Method(typeof(BitConverter), nameof(BitConverter.Int32BitsToSingle), typeof(int)));
    }

    /// <summary>Sets <see cref="Bits"/> from a number.</summary>
    public void EmitBits(ILGenerator il, LocalBuilder number)
    {
        il.Emit(OpCodes.Ldloc, number);
        il.Emit(OpCodes.Call, IsDouble ? DoubleBits : Method(typeof(BitConverter), nameof(BitConverter.SingleToInt32Bits), typeof(float)));
        il.Emit(OpCodes.Stloc, Bits);
    }

    /// <summary>Pushes <see cref="Bits"/> as a slot holds them.</summary>
    public void EmitPushResult(ILGenerator il, bool isBoxed)
    {
        il.Emit(OpCodes.Ldloc, Bits);
        if (IsDouble) return;
        il.Emit(OpCodes.Conv_U4);
        il.Emit(OpCodes.Conv_U8);
        if (!isBoxed) return;
        il.Emit(OpCodes.Ldc_I8, unchecked((long)0xffff_ffff_0000_0000));
        il.Emit(OpCodes.Or);
    }

    /// <summary>
    /// Branches unless the biased exponent of <see cref="Bits"/> is at least a minimum, and finite, or that much below the infinite one; also
    /// if <paramref name="never"/> holds ones, not zeros.
    /// </summary>
    public void EmitBranchUnlessPlain(ILGenerator il, int minimum, Label target, int margin = 0, LocalBuilder? never = null)
    {
        int shift = IsDouble ? DoubleExponentShift : SingleExponentShift;
        long range = (IsDouble ? DoubleMaxExponent : SingleMaxExponent) - minimum - margin;
        il.Emit(OpCodes.Ldloc, Bits);
        if (IsDouble)
        {
            il.Emit(OpCodes.Ldc_I4, 32); // the upper half has the exponent: constants of 64 bits would take registers
            il.Emit(OpCodes.Shr_Un);
            il.Emit(OpCodes.Conv_I4);
        }

        il.Emit(OpCodes.Ldc_I4_1);
        il.Emit(OpCodes.Shl);
        if (minimum != 0)
        {
            il.Emit(OpCodes.Ldc_I4, minimum << shift);
            il.Emit(OpCodes.Sub);
        }

        if (never is not null)
        {
            il.Emit(OpCodes.Ldloc, never);
            il.Emit(OpCodes.Or);
        }

        il.Emit(OpCodes.Ldc_I4, unchecked((int)(range << shift)));
        il.Emit(OpCodes.Bge_Un, target);
    }

    /// <summary>
    /// Of doubles: branches unless the result's biased exponent is at least a minimum and its magnitude at most that of a limit, which no NaN's is.
    /// Compared as numbers, as their bits would first have to go to an integer register.
    /// </summary>
    public void EmitBranchUnlessWithin(ILGenerator il, int minimum, LocalBuilder limit, Label target)
    {
        il.Emit(OpCodes.Ldloc, R);
        il.Emit(OpCodes.Call, AbsDouble);
        il.Emit(OpCodes.Stloc, T);
        if (minimum != 0)
        {
            il.Emit(OpCodes.Ldloc, T);
            il.Emit(OpCodes.Ldc_R8, BitConverter.Int64BitsToDouble((long)minimum << DoubleMantissaBits));
            il.Emit(OpCodes.Blt_Un, target);
        }

        il.Emit(OpCodes.Ldloc, limit);
        il.Emit(OpCodes.Ldloc, T);
        il.Emit(OpCodes.Blt_Un, target);
    }

    /// <summary>Pushes zero of the format, or of doubles.</summary>
    public void EmitZero(ILGenerator il, bool isWide = false)
    {
        if (IsDouble || isWide) il.Emit(OpCodes.Ldc_R8, 0.0);
        else il.Emit(OpCodes.Ldc_R4, 0.0f);
    }

    /// <summary>Replaces the number on the stack by its root.</summary>
    public void EmitSqrt(ILGenerator il) => il.Emit(OpCodes.Call, IsDouble
        ? Method(typeof(Math), nameof(Math.Sqrt), typeof(double))
        : Method(typeof(MathF), nameof(MathF.Sqrt), typeof(float)));

    /// <summary>Replaces three numbers on the stack by the product of the first two plus the third.</summary>
    public void EmitFusedMultiplyAdd(ILGenerator il) => il.Emit(OpCodes.Call, IsDouble
        ? Method(typeof(Math), nameof(Math.FusedMultiplyAdd), typeof(double), typeof(double), typeof(double))
        : Method(typeof(MathF), nameof(MathF.FusedMultiplyAdd), typeof(float), typeof(float), typeof(float)));

    private static MethodInfo Method(Type type, string name, params Type[] parameters) =>
        type.GetMethod(name, parameters) ?? throw new MissingMethodException(type.Name, name);
}
