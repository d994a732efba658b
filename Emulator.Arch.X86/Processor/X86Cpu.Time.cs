namespace Emulator.Arch.X86.Processor;

/// <content>The time-stamp counter (Intel SDM volume 3, 18.17) and IA32_APIC_BASE.</content>
public sealed partial class X86Cpu
{
    /// <summary>Ticks since reset, or since it was set.</summary>
    internal ulong TimeStamp => Ticks + Registers.Msrs.TscOffset;

    private ulong Ticks => _environment.Clock?.Nanoseconds ?? InstructionCount;

    internal bool SetTimeStamp(ulong value)
    {
        Registers.Msrs.TscOffset = value - Ticks;
        return true;
    }

    internal bool SetApicBase(ulong value)
    {
        const ulong reserved = 0x6ff;
        if ((value & reserved) != 0 || value >> Features.PhysicalAddressBits != 0) return false;
        Registers.Msrs.ApicBase = value;
        return true;
    }
}
