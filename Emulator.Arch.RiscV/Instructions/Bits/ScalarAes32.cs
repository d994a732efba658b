using System.Numerics;
using System.Runtime.CompilerServices;

namespace Emulator.Arch.RiscV.Instructions.Bits;

/// <summary>
/// The AES instructions of RV32 (Zkne, Zknd): one byte of rs2 through the S-box, possibly column mixing, into rs1. The third
/// argument is the byte's position in bits, 0 to 24.
/// </summary>
internal static class ScalarAes32
{
    /// <summary>AES32ESI: the last round of encryption.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Aes32Esi(ulong a, ulong b, ulong shift) => Insert(a, AesBox.Forward[Select(b, shift)], shift);

    /// <summary>AES32ESMI: a middle round of encryption.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Aes32Esmi(ulong a, ulong b, ulong shift) => Insert(a, AesBox.ForwardColumn[Select(b, shift)], shift);

    /// <summary>AES32DSI: the last round of decryption.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Aes32Dsi(ulong a, ulong b, ulong shift) => Insert(a, AesBox.Inverse[Select(b, shift)], shift);

    /// <summary>AES32DSMI: a middle round of decryption.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Aes32Dsmi(ulong a, ulong b, ulong shift) => Insert(a, AesBox.InverseColumn[Select(b, shift)], shift);

    private static byte Select(ulong value, ulong shift) => (byte)(value >> (int)shift);

    private static ulong Insert(ulong accumulator, uint value, ulong shift) =>
        (ulong)(int)((uint)accumulator ^ BitOperations.RotateLeft(value, (int)shift));
}
