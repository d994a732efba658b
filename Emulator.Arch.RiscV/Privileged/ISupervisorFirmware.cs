namespace Emulator.Arch.RiscV;

/// <summary>The supervisor binary interface of a machine without firmware inside the guest. Called on the hart's own thread.</summary>
public interface ISupervisorFirmware
{
    /// <summary>The hart was reset: the firmware decides where it starts, and whether. Called while the hart does not run.</summary>
    void Reset(RiscVHart hart);

    /// <summary>Serves an ECALL of S: arguments and results are in the a registers, the program counter is after the call.</summary>
    void Call(RiscVHart hart);
}
