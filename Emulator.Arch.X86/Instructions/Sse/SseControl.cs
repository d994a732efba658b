using System.Runtime.CompilerServices;
using Emulator.Arch.X86.Processor;
using Emulator.Core.FloatingPoint;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>
/// One instruction's view of MXCSR: what its lanes do with operands and results, and what they signal (Intel SDM volume 1, 10.2.3,
/// 11.5). Each lane takes its operands through <see cref="Operand"/>, computes with the context of <see cref="Begin"/>, and gives
/// what that signalled, and a result that may be tiny, to <see cref="End"/>.
/// </summary>
internal struct SseControl
{
    /// <summary>Signalled before anything is computed; where one of these is not masked, nothing else is signalled.</summary>
    private const FloatFlags OfOperands = FloatFlags.Invalid | FloatFlags.Denormal | FloatFlags.DivideByZero;

    private const FloatBehavior Always = FloatBehavior.PropagateNan | FloatBehavior.NegativeDefaultNan | FloatBehavior.IndefiniteInteger
        | FloatBehavior.ReportSubnormalOperands;

    private readonly FloatBehavior _behavior;
    private readonly bool _denormalsAreZeros;
    private readonly bool _flushesToZero;
    private readonly bool _accumulates;
    private readonly FloatFlags _unmasked;
    private FloatFlags _flags;

    private SseControl(uint mxcsr, FloatFlags flags)
    {
        _denormalsAreZeros = (mxcsr & MxcsrBits.DenormalsAreZeros) != 0;
        _unmasked = ~MxcsrBits.ToFlags(mxcsr >> MxcsrBits.MaskShift) & (FloatFlags)MxcsrBits.Flags;
        _flushesToZero = (mxcsr & MxcsrBits.FlushToZero) != 0 && (_unmasked & FloatFlags.Underflow) == 0;
        _accumulates = !_flushesToZero && _unmasked == FloatFlags.None;
        _flags = _accumulates ? flags : FloatFlags.None;
        _behavior = Always | ((_unmasked & FloatFlags.Overflow) != 0 ? FloatBehavior.OverflowIsTrapped : 0)
            | ((_unmasked & FloatFlags.Underflow) != 0 ? FloatBehavior.UnderflowIsTrapped : 0);
        Rounding = ((mxcsr >> MxcsrBits.RoundingShift) & 3) switch
        {
            0 => RoundingMode.NearestEven,
            1 => RoundingMode.Down,
            2 => RoundingMode.Up,
            _ => RoundingMode.TowardZero,
        };
    }

    /// <summary>The direction that results are rounded in.</summary>
    public RoundingMode Rounding { get; }

    /// <summary>With the content of MXCSR.</summary>
    /// <param name="mxcsr">Without its exception flags.</param>
    /// <param name="flags">The exception flags.</param>
    public static SseControl Of(uint mxcsr, ulong flags) => new(mxcsr, (FloatFlags)flags);

    /// <summary>An operand; zero instead of a denormal number where MXCSR.DAZ says so.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ulong Operand<T>(ulong bits)
        where T : struct, IFloatFormat => _denormalsAreZeros && SseFormat<T>.IsDenormal(bits) ? bits & SseFormat<T>.Sign : bits;

    /// <summary>What a lane computes with. What was signalled before is in it where that does not matter, since then the host is asked more often.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly FloatContext Begin() => new(Rounding, _accumulates ? _flags : FloatFlags.None, _behavior);

    /// <summary>Takes what a lane has signalled, whose result cannot be tiny or is not rounded.</summary>
    public void End(in FloatContext context) => _flags |= context.Flags;

    /// <summary>Takes what a lane has signalled; returns its result, or zero instead of a tiny one where MXCSR.FTZ says so.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong End<T>(ulong result, in FloatContext context)
        where T : struct, IFloatFormat
    {
        _flags |= context.Flags;
        return _accumulates ? result : EndTiny<T>(result, context.Flags);
    }

    /// <summary>What is to be added to the flags, and whether an exception has to be raised.</summary>
    public readonly (FloatFlags Flags, bool Raises) Finish()
    {
        var flags = (_flags & _unmasked & OfOperands) != 0 ? _flags & OfOperands : _flags;
        return (flags, (flags & _unmasked) != 0);
    }

    // With underflow not masked, a tiny result signals it also when it is exact (SDM volume 1, 11.5.2.5).
    private ulong EndTiny<T>(ulong result, FloatFlags flags)
        where T : struct, IFloatFormat
    {
        bool isTiny = (flags & FloatFlags.Underflow) != 0 || SseFormat<T>.IsDenormal(result);
        if (!isTiny) return result;
        if (!_flushesToZero)
        {
            _flags |= (_unmasked & FloatFlags.Underflow) != 0 ? FloatFlags.Underflow : FloatFlags.None;
            return result;
        }

        _flags |= FloatFlags.Underflow | FloatFlags.Inexact;
        return result & SseFormat<T>.Sign;
    }
}
