namespace Emulator.Tests.FloatingPoint;

/// <summary>A format for test data, written down independently of the library's own.</summary>
internal sealed record FloatLayout(int Width, int FractionBits)
{
    public static FloatLayout Binary16 { get; } = new(16, 10);

    public static FloatLayout Binary32 { get; } = new(32, 23);

    public static FloatLayout Binary64 { get; } = new(64, 52);

    public int ExponentBits => Width - 1 - FractionBits;

    public int MaxExponent => (1 << ExponentBits) - 1;

    public int Bias => MaxExponent / 2;

    public ulong Mask => ulong.MaxValue >> 64 - Width;

    public ulong FractionMask => (1UL << FractionBits) - 1;

    public ulong SignMask => 1UL << Width - 1;

    public ulong Compose(bool negative, int biasedExponent, ulong fraction)
        => (negative ? SignMask : 0) | (ulong)Math.Clamp(biasedExponent, 0, MaxExponent) << FractionBits | (fraction & FractionMask);

    public int BiasedExponent(ulong bits) => (int)(bits >> FractionBits) & MaxExponent;

    public bool IsNan(ulong bits) => (bits & Mask & ~SignMask) > Compose(false, MaxExponent, 0);

    public bool IsSubnormal(ulong bits) => BiasedExponent(bits) == 0 && (bits & FractionMask) != 0;

    /// <summary>All ones above the value, as RISC-V keeps narrow values in wide registers.</summary>
    public ulong Box(ulong bits) => bits & Mask | ~Mask;
}
