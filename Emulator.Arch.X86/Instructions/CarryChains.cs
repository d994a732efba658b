using System.Numerics;
using System.Runtime.CompilerServices;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>ADCX, ADOX, CRC32.</summary>
internal static class CarryChains
{
    private const int OverflowBit = 11;

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Adcx, static l => AddWithFlag(l, 0)),
        new(Mnemonic.Adox, static l => AddWithFlag(l, OverflowBit)),
        new(Mnemonic.Crc32, static l => l.Write(0, l.Ir.Call(CrcHelpers.Crc32, l.Ir.ZeroExtend32(l.Read(0)), l.Read(1), l.SizeOf(1)))),
    ];

    // One flag is the carry, in and out; all others stay.
    private static void AddWithFlag(X86Lifter l, int flagBit)
    {
        var ir = l.Ir;
        int bytes = l.SizeOf(0);
        var flags = l.ReadFlags();
        var carry = ir.And(ir.ShrU(flags, flagBit), 1);
        var a = l.ReadZero(0);
        var partial = ir.Add(a, l.ReadZero(1));
        var result = ir.Hold(ir.Add(partial, carry));
        var carryOut = bytes == 8 ? ir.Or(ir.SetLtU(partial, a), ir.SetLtU(result, partial)) : ir.ShrU(result, 32);
        l.SetFlags(ir.Or(ir.And(flags, ~(1L << flagBit)), ir.Shl(carryOut, flagBit)));
        l.Write(0, result);
    }
}

/// <summary>CRC32.</summary>
internal static class CrcHelpers
{
    /// <summary>(CRC, data, bytes of data): the CRC with the data in it (polynomial 11EDC6F41H, reflected).</summary>
    public static readonly Helper Crc32 = X86Helpers.Register(Crc32Of);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Crc32Of(ulong crc, ulong data, ulong bytes) => bytes switch
    {
        1 => BitOperations.Crc32C((uint)crc, (byte)data),
        2 => BitOperations.Crc32C((uint)crc, (ushort)data),
        4 => BitOperations.Crc32C((uint)crc, (uint)data),
        _ => BitOperations.Crc32C((uint)crc, data),
    };
}
