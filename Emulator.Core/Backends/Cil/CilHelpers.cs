using System.Runtime.CompilerServices;

namespace Emulator.Core.Backends.Cil;

/// <summary>One-instruction operations that CIL has no opcode for; small enough to be inlined into generated code.</summary>
internal static class CilHelpers
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MulHighU(ulong a, ulong b) => Math.BigMul(a, b, out _);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MulHighS(ulong a, ulong b) => (ulong)Math.BigMul((long)a, (long)b, out _);
}
