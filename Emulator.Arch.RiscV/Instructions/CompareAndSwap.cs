using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;
using static Emulator.Arch.RiscV.Decoding.Formats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Compare and swap, Zacas. Pairs of registers are even-numbered; the pair of x0 is zero and is not written.</summary>
internal static class CompareAndSwap
{
    private const int RegisterShift = 7;
    private const int Source2Shift = 20;
    private const int Source1Shift = 15;
    private const int RegisterMask = 31;
    private const int WordBits = 32;
    private const int DoubleBits = 64;

    private static readonly Helper Swap128 = RiscVHelpers.Register(
        Swap128Of, HelperEffects.ReadsSlots | HelperEffects.WritesSlots | HelperEffects.MayFault | HelperEffects.Memory);

    private static readonly OperandFormat Pair = new(
        "rd, rs2, (rs1)", Rd with { IsEven = true }, Rs1, Rs2 with { IsEven = true }, Aq, Rl);

    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(Requirement.AllOf(RiscVExtension.Zacas, RiscVExtension.Zabha),
            Atomic("amocas.b", "00101 . . ..... ..... 000 ..... 0101111", static (l, i) => Swap(l, i, 1)),
            Atomic("amocas.h", "00101 . . ..... ..... 001 ..... 0101111", static (l, i) => Swap(l, i, 2))),

        .. InstructionSet.Of(RiscVExtension.Zacas,
            Atomic("amocas.w", "00101 . . ..... ..... 010 ..... 0101111", static (l, i) => Swap(l, i, 4))),

        .. InstructionSet.Of(RiscVExtension.Zacas, BaseWidth.Rv64,
            Atomic("amocas.d", "00101 . . ..... ..... 011 ..... 0101111", static (l, i) => Swap(l, i, 8)),
            new InstructionDefinition("amocas.q", "00101 . . ....0 ..... 100 ....0 0101111", Pair, SwapQuad)),

        .. InstructionSet.Of(RiscVExtension.Zacas, BaseWidth.Rv32,
            new InstructionDefinition("amocas.d", "00101 . . ....0 ..... 011 ....0 0101111", Pair, SwapPair)),
    ];

    private static void Swap(RiscVLifter l, Operands i, int bytes)
    {
        var old = l.X(i.Rd);
        var expected = bytes switch
        {
            1 => l.Ir.SignExtend8(old),
            2 => l.Ir.SignExtend16(old),
            4 => l.Ir.SignExtend32(old),
            _ => old,
        };
        l.SetX(i.Rd, l.Ir.AtomicCompareExchange(bytes, l.X(i.Rs1), expected, l.X(i.Rs2), l.Is32));
    }

    private static void SwapPair(RiscVLifter l, Operands i)
    {
        var old = l.Ir.AtomicCompareExchange(8, l.X(i.Rs1), Join(i.Rd), Join(i.Rs2), true);
        if (i.Rd == 0) return;
        l.SetX(i.Rd, l.Ir.SignExtend32(old));
        l.SetX(i.Rd + 1, l.Ir.ShrS(old, WordBits));

        Value Join(int register) =>
            register == 0 ? 0 : l.Ir.Or(l.Ir.ZeroExtend32(l.X(register)), l.Ir.Shl(l.X(register + 1), WordBits));
    }

    private static void SwapQuad(RiscVLifter l, Operands i) => l.Ir.Call(Swap128, l.Bits);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Swap128Of(VirtualCpu cpu, ulong bits, ulong b, ulong c)
    {
        int rd = Register(RegisterShift);
        var address = new GuestVirtualAddress(cpu[RiscVSlots.X(Register(Source1Shift))]);
        int mmuIndex = cpu.Architecture.MmuIndexOf(cpu.Mode);
        if (!cpu.TryCompareExchange(address, mmuIndex, Join(rd), Join(Register(Source2Shift)), out var old) || rd == 0) return 0;
        cpu[RiscVSlots.X(rd)] = (ulong)old;
        cpu[RiscVSlots.X(rd + 1)] = (ulong)(old >> DoubleBits);
        return 0;

        int Register(int shift) => (int)(bits >> shift) & RegisterMask;

        UInt128 Join(int register) =>
            register == 0 ? UInt128.Zero : new UInt128(cpu[RiscVSlots.X(register + 1)], cpu[RiscVSlots.X(register)]);
    }
}
