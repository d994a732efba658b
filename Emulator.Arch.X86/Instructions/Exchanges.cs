using System.Runtime.CompilerServices;
using Emulator.Arch.X86.Flags;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>XADD, CMPXCHG, CMPXCHG8B, CMPXCHG16B.</summary>
internal static class Exchanges
{
    private const int Rax = 0;
    private const int Rdx = 2;

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Xadd, ExchangeAndAdd),
        new(Mnemonic.Cmpxchg, CompareAndExchange),
        new(Mnemonic.Cmpxchg8b, CompareAndExchange8),
        new(Mnemonic.Cmpxchg16b, static l => SetZero(l, l.Ir.Call(ExchangeHelpers.CompareExchange16, l.AsValue(l.MemoryOperand(16, true))))),
    ];

    private static void ExchangeAndAdd(X86Lifter l)
    {
        var place = l.PlaceOf(0, writes: true);
        var source = l.PlaceOf(1);
        var b = l.Ir.Hold(l.Read(source));
        var a = l.IsLocked(place) ? l.Atomic(Opcode.AtomicAdd, place, b) : l.Ir.Hold(l.Read(place));
        var sum = l.Ir.Hold(l.Ir.Add(a, b));
        if (place.IsMemory && !l.IsLocked(place)) l.Write(place, sum);
        l.SetAddFlags(sum, b, place.Bytes);
        l.Write(source, l.Ir.Hold(a));
        if (!place.IsMemory) l.Write(place, sum);
    }

    // Memory is written in any case; of registers only the one that gets a new value, so that the other keeps its upper half.
    private static void CompareAndExchange(X86Lifter l)
    {
        var ir = l.Ir;
        var place = l.PlaceOf(0, writes: true);
        int bytes = place.Bytes;
        var source = ir.Hold(l.Read(1));
        var accumulator = ir.Hold(l.SignExtend(l.ReadRegister(X86Lifter.GeneralRegister(Rax, bytes)), bytes));
        var old = ir.Hold(l.IsLocked(place) ? CompareExchange(l, place, accumulator, source) : l.SignExtend(l.Read(place), bytes));
        var isEqual = ir.SetEq(accumulator, old);
        if (place.IsMemory && !l.IsLocked(place)) l.Write(place, ir.Select(isEqual, source, old));
        l.SetSubFlags(accumulator, old, bytes);
        WriteIf(l, ir.Xor(isEqual, 1), X86Lifter.GeneralRegister(Rax, bytes), old);
        if (!place.IsMemory) WriteIf(l, isEqual, place.Register, source);
    }

    private static Value CompareExchange(X86Lifter l, Place place, Value expected, Value desired)
    {
        l.CheckAlignment(place.Address, place.Bytes);
        return l.Ir.AtomicCompareExchange(place.Bytes, l.AsValue(place.Address), expected, desired);
    }

    private static void WriteIf(X86Lifter l, Value condition, Register register, Value value)
    {
        var slot = X86Slots.Of(register);
        var before = l.Ir.Hold(IrBuilder.Read(slot));
        l.WriteRegister(register, l.Ir.Hold(value));
        l.Ir.Write(slot, l.Ir.Select(condition, IrBuilder.Read(slot), before));
    }

    // Atomic also without LOCK, which nobody can tell.
    private static void CompareAndExchange8(X86Lifter l)
    {
        var ir = l.Ir;
        var place = l.PlaceOf(0, writes: true);
        var expected = ir.Hold(Pair(l, Register.EDX, Register.EAX));
        var old = ir.Hold(CompareExchange(l, place, expected, Pair(l, Register.ECX, Register.EBX)));
        var isEqual = ir.SetEq(old, expected);
        var isDifferent = ir.Xor(isEqual, 1);
        SetZero(l, isEqual);
        WriteIf(l, isDifferent, Register.EAX, old);
        WriteIf(l, isDifferent, Register.EDX, ir.ShrU(old, 32));
    }

    private static Value Pair(X86Lifter l, Register high, Register low) =>
        l.Ir.Or(l.Ir.Shl(l.ReadRegister(high), 32), l.Ir.ZeroExtend32(l.ReadRegister(low)));

    private static void SetZero(X86Lifter l, Value isEqual) => l.SetFlags(
        l.Ir.Or(l.Ir.And(l.ReadFlags(), ~(long)ArithmeticFlags.Zero), l.Ir.Select(isEqual, (long)ArithmeticFlags.Zero, 0)));
}

/// <summary>CMPXCHG16B.</summary>
internal static class ExchangeHelpers
{
    /// <summary>(linear address): 1 when memory was equal to RDX:RAX, else 0. #GP unless it is a multiple of 16.</summary>
    public static readonly Helper CompareExchange16 = X86Helpers.Register(
        CompareExchange16Of, HelperEffects.ReadsSlots | HelperEffects.WritesSlots | HelperEffects.MayFault | HelperEffects.Memory);

    private const ulong Alignment = 15;
    private const int Rax = 0;
    private const int Rcx = 1;
    private const int Rdx = 2;
    private const int Rbx = 3;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CompareExchange16Of(VirtualCpu cpu, ulong address, ulong b, ulong c)
    {
        if ((address & Alignment) != 0)
        {
            cpu.RaiseFault(X86Fault.GeneralProtection());
            return 0;
        }

        var expected = new UInt128(cpu[X86Slots.General64(Rdx)], cpu[X86Slots.General64(Rax)]);
        var desired = new UInt128(cpu[X86Slots.General64(Rcx)], cpu[X86Slots.General64(Rbx)]);
        int mmuIndex = ((X86Mode)cpu.Mode).MmuIndexNumber;
        if (!cpu.TryCompareExchange(new GuestVirtualAddress(address), mmuIndex, expected, desired, out var old)) return 0;
        if (old == expected) return 1;
        cpu[X86Slots.General64(Rax)] = (ulong)old;
        cpu[X86Slots.General64(Rdx)] = (ulong)(old >> 64);
        return 0;
    }
}
