using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Emulator.Arch.RiscV.Instructions.Bits;

/// <summary>Products of polynomials over GF(2) (Zbc, Zbkc), by the host's instruction where it has one.</summary>
internal static class CarrylessMultiply
{
    private const int Bits = 64;

    /// <summary>CLMUL on RV64: the low half.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Clmul(ulong a, ulong b, ulong unused) => Product(a, b).Low;

    /// <summary>CLMULH on RV64: the high half.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Clmulh(ulong a, ulong b, ulong unused) => Product(a, b).High;

    /// <summary>CLMULR on RV64: bits 126 to 63, the reverse of the reversed operands' product.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Clmulr(ulong a, ulong b, ulong unused)
    {
        var (low, high) = Product(a, b);
        return (high << 1) | (low >> (Bits - 1));
    }

    /// <summary>CLMUL on RV32.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Clmul32(ulong a, ulong b, ulong unused) => (ulong)(int)Product((uint)a, (uint)b).Low;

    /// <summary>CLMULH on RV32.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Clmulh32(ulong a, ulong b, ulong unused) => (ulong)((long)Product((uint)a, (uint)b).Low >> 32);

    /// <summary>CLMULR on RV32: bits 62 to 31.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Clmulr32(ulong a, ulong b, ulong unused) => (ulong)(int)(Product((uint)a, (uint)b).Low >> 31);

    private static (ulong Low, ulong High) Product(ulong a, ulong b)
    {
        if (!Pclmulqdq.IsSupported) return PortableProduct(a, b);
        var product = Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(a), Vector128.CreateScalar(b), 0);
        return (product[0], product[1]);
    }

    internal static (ulong Low, ulong High) PortableProduct(ulong a, ulong b)
    {
        var product = UInt128.Zero;
        for (int i = 0; i < Bits; i++)
        {
            if (((b >> i) & 1) != 0) product ^= (UInt128)a << i;
        }

        return ((ulong)product, (ulong)(product >> Bits));
    }
}
