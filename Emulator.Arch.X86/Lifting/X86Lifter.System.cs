using Emulator.Arch.X86.Processor;

namespace Emulator.Arch.X86.Lifting;

/// <content>Conditions of system instructions that the mode decides.</content>
internal sealed partial class X86Lifter
{
    /// <summary>True in protected mode proper: neither real nor virtual-8086 mode.</summary>
    public bool IsProtected => Mode.Has(X86Mode.Protected) && !Mode.Has(X86Mode.Virtual8086);

    /// <summary>At another privilege level than 0 the instruction raises #GP(0), and nothing more is to be built.</summary>
    public bool RequireLevel0()
    {
        if (Mode.Privilege == 0) return true;
        Fault(X86Exception.GeneralProtection);
        return false;
    }

    /// <summary>In real and virtual-8086 mode the instruction raises #UD, and nothing more is to be built.</summary>
    public bool RequireProtected()
    {
        if (IsProtected) return true;
        Fault(X86Exception.InvalidOpcode);
        return false;
    }

    /// <summary>Where CR4.UMIP forbids user code to see it, #GP(0).</summary>
    public void CheckUserVisible()
    {
        if (Mode.Privilege != 0) Ir.Call(ControlHelpers.CheckUserVisible);
    }

    /// <summary>
    /// Has the instruction stand alone in its block: it depends on the time, or devices see the time with it. Gives false when it has
    /// to wait for a block of its own; then nothing more is to be built.
    /// </summary>
    public bool StandAlone()
    {
        if (Ir.InstructionCount == 0) return true;
        Ir.SplitBefore();
        return false;
    }
}
