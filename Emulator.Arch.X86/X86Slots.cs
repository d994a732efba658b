using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86;

/// <summary>Where the guest-visible registers are in the state block.</summary>
public static class X86Slots
{
    private const int General = StateSlots.FirstGuest;
    private const int SegmentBases = General + 16;
    private const int Flags = SegmentBases + 6;

    /// <summary>A general register by its number in encodings: 0 is RAX, 4 RSP. In 32-bit modes the upper half is zero.</summary>
    public static Slot General64(int number) => new((ushort)(General + number));

    /// <summary>RSP.</summary>
    public static Slot Rsp => General64(4);

    /// <summary>RCX.</summary>
    public static Slot Rcx => General64(1);

    /// <summary>Base of a segment, in the order of encodings: ES, CS, SS, DS, FS, GS. Zero for ES to DS in 64-bit code.</summary>
    public static Slot SegmentBase(int segment) => new((ushort)(SegmentBases + segment));

    /// <summary>How the arithmetic flags follow from <see cref="FlagA"/> and <see cref="FlagB"/>: a <see cref="Flags.FlagForm"/>.</summary>
    public static Slot FlagForm => new(Flags);

    /// <summary>First operand of the arithmetic flags.</summary>
    public static Slot FlagA => new(Flags + 1);

    /// <summary>Second operand of the arithmetic flags.</summary>
    public static Slot FlagB => new(Flags + 2);

    /// <summary>EFLAGS but for the six arithmetic flags; the reserved bit 1 is set.</summary>
    public static Slot ControlFlags => new(Flags + 3);

    /// <summary>MXCSR but for its six exception flags, which are in <see cref="StateSlots.FloatFlags"/>.</summary>
    public static Slot Mxcsr => new(Flags + 4);

    /// <summary>Linear address of an instruction before which no interrupt is taken: the one after STI or a load of SS.</summary>
    public static Slot InterruptShadow => new(Flags + 5);

    /// <summary>An XMM register, as a vector.</summary>
    public static Slot Xmm(int number) => new((ushort)(StateSlots.FirstVector + (2 * number)));

    /// <summary>A half of an XMM register, to be looked at while no code runs: 0 the low 64 bits, 1 the high ones.</summary>
    public static Slot Xmm(int number, int half) => new((ushort)(StateSlots.FirstVector + (2 * number) + half));

    /// <summary>The general register that a name is part of.</summary>
    internal static Slot Of(Register register) => General64(register.GetFullRegister() - Register.RAX);
}
