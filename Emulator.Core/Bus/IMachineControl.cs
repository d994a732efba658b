namespace Emulator.Core.Bus;

/// <summary>
/// What a guest may ask of the whole machine, seen from the chip or firmware call through which it asks. A request is noted and
/// returns at once; the harts stop at their next safepoint, so a few more instructions may run.
/// May be called from any thread, also several times: the first request counts.
/// </summary>
public interface IMachineControl
{
    /// <summary>The guest switched the machine off.</summary>
    /// <param name="exitCode">0 for an orderly end, otherwise the guest's own code for what failed, 1 to 65535.</param>
    void PowerOff(int exitCode);

    /// <summary>The guest asks to be started again from power-on.</summary>
    void RequestReset();
}
