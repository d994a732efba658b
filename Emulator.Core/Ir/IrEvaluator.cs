using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Emulator.Core.Ir;

/// <summary>The definition of every pure integer operation, used for constant folding and by the reference interpreter.</summary>
public static class IrEvaluator
{
    /// <summary>True when <see cref="Evaluate"/> knows the operation.</summary>
    public static bool CanEvaluate(Opcode opcode) => opcode is Opcode.Copy or (>= Opcode.Add and <= Opcode.ByteSwap);

    /// <summary>Computes a pure operation.</summary>
    /// <param name="opcode">One that <see cref="CanEvaluate"/> admits.</param>
    /// <param name="a">First operand.</param>
    /// <param name="b">Second operand, or the immediate in its place.</param>
    /// <param name="c">Third operand (Select), or the shift amount of ShlAdd.</param>
    public static ulong Evaluate(Opcode opcode, ulong a, ulong b, ulong c)
    {
        unchecked
        {
            return opcode switch
            {
                Opcode.Copy => a,
                Opcode.Add => a + b,
                Opcode.Sub => a - b,
                Opcode.And => a & b,
                Opcode.Or => a | b,
                Opcode.Xor => a ^ b,
                Opcode.AndNot => a & ~b,
                Opcode.OrNot => a | ~b,
                Opcode.XorNot => a ^ ~b,
                Opcode.Shl => a << (int)b,
                Opcode.ShrU => a >> (int)b,
                Opcode.ShrS => (ulong)((long)a >> (int)b),
                Opcode.RotL => BitOperations.RotateLeft(a, (int)b),
                Opcode.RotR => BitOperations.RotateRight(a, (int)b),
                Opcode.Mul => a * b,
                Opcode.MulHighS => MulHighS(a, b),
                Opcode.MulHighU => MulHighU(a, b),
                Opcode.MulHighSU => MulHighSU(a, b),
                Opcode.DivS => DivS(a, b),
                Opcode.DivU => DivU(a, b),
                Opcode.RemS => RemS(a, b),
                Opcode.RemU => RemU(a, b),
                Opcode.MinS => (long)a < (long)b ? a : b,
                Opcode.MinU => a < b ? a : b,
                Opcode.MaxS => (long)a > (long)b ? a : b,
                Opcode.MaxU => a > b ? a : b,
                Opcode.SetEq => a == b ? 1u : 0,
                Opcode.SetNe => a != b ? 1u : 0,
                Opcode.SetLtS => (long)a < (long)b ? 1u : 0,
                Opcode.SetLtU => a < b ? 1u : 0,
                Opcode.ShlAdd => (a << (int)c) + b,
                Opcode.Select => a != 0 ? b : c,
                _ => Evaluate32(opcode, a, b),
            };
        }
    }

    private static ulong Evaluate32(Opcode opcode, ulong a, ulong b)
    {
        unchecked
        {
            return opcode switch
            {
                Opcode.Add32 => (ulong)(int)(a + b),
                Opcode.Sub32 => (ulong)(int)(a - b),
                Opcode.Shl32 => (ulong)((int)a << (int)b),
                Opcode.ShrU32 => (ulong)(int)((uint)a >> (int)b),
                Opcode.ShrS32 => (ulong)((int)a >> (int)b),
                Opcode.RotL32 => (ulong)(int)BitOperations.RotateLeft((uint)a, (int)b),
                Opcode.RotR32 => (ulong)(int)BitOperations.RotateRight((uint)a, (int)b),
                Opcode.Mul32 => (ulong)(int)(a * b),
                Opcode.DivS32 => DivS32(a, b),
                Opcode.DivU32 => DivU32(a, b),
                Opcode.RemS32 => RemS32(a, b),
                Opcode.RemU32 => RemU32(a, b),
                Opcode.SignExtend8 => (ulong)(sbyte)a,
                Opcode.SignExtend16 => (ulong)(short)a,
                Opcode.SignExtend32 => (ulong)(int)a,
                Opcode.ZeroExtend8 => (byte)a,
                Opcode.ZeroExtend16 => (ushort)a,
                Opcode.ZeroExtend32 => (uint)a,
                Opcode.LeadingZeros => (ulong)BitOperations.LeadingZeroCount(a),
                Opcode.TrailingZeros => (ulong)BitOperations.TrailingZeroCount(a),
                Opcode.PopCount => (ulong)BitOperations.PopCount(a),
                Opcode.LeadingZeros32 => (ulong)BitOperations.LeadingZeroCount((uint)a),
                Opcode.TrailingZeros32 => (ulong)BitOperations.TrailingZeroCount((uint)a),
                Opcode.PopCount32 => (ulong)BitOperations.PopCount((uint)a),
                Opcode.ByteSwap => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(a),
                _ => throw new UnreachableException($"{opcode} is not a pure integer operation"),
            };
        }
    }

    // Out of line: a method that multiplies so is not compiled ahead of time.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong MulHighS(ulong a, ulong b) => unchecked((ulong)Math.BigMul((long)a, (long)b, out _));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong MulHighU(ulong a, ulong b) => Math.BigMul(a, b, out _);

    /// <summary>High half of a signed by unsigned product.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong MulHighSU(ulong a, ulong b) => unchecked(Math.BigMul(a, b, out _) - ((long)a < 0 ? b : 0));

    /// <summary>Signed division that never faults.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong DivS(ulong a, ulong b) => unchecked(b == 0 ? ulong.MaxValue : (long)b == -1 ? 0 - a : (ulong)((long)a / (long)b));

    /// <summary>Unsigned division that never faults.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong DivU(ulong a, ulong b) => b == 0 ? ulong.MaxValue : a / b;

    /// <summary>Signed remainder that never faults.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong RemS(ulong a, ulong b) => unchecked(b == 0 ? a : (long)b == -1 ? 0 : (ulong)((long)a % (long)b));

    /// <summary>Unsigned remainder that never faults.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong RemU(ulong a, ulong b) => b == 0 ? a : a % b;

    /// <summary>Signed 32-bit division that never faults.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong DivS32(ulong a, ulong b) =>
        unchecked((int)b == 0 ? ulong.MaxValue : (int)b == -1 ? (ulong)(0 - (int)a) : (ulong)((int)a / (int)b));

    /// <summary>Unsigned 32-bit division that never faults.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong DivU32(ulong a, ulong b) => unchecked((uint)b == 0 ? ulong.MaxValue : (ulong)(int)((uint)a / (uint)b));

    /// <summary>Signed 32-bit remainder that never faults.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong RemS32(ulong a, ulong b) =>
        unchecked((int)b == 0 ? (ulong)(int)a : (int)b == -1 ? 0 : (ulong)((int)a % (int)b));

    /// <summary>Unsigned 32-bit remainder that never faults.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong RemU32(ulong a, ulong b) => unchecked((ulong)(int)((uint)b == 0 ? (uint)a : (uint)a % (uint)b));
}
