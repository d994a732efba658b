namespace Emulator.Arch.RiscV.Sbi;

/// <summary>The console behind the SBI. Called on hart threads, possibly several at a time; neither member waits.</summary>
public interface ISupervisorConsole
{
    /// <summary>Takes output.</summary>
    /// <returns>How many bytes were taken; fewer than given when there is no room at the moment.</returns>
    int Write(ReadOnlySpan<byte> bytes);

    /// <summary>Gives input that has arrived.</summary>
    /// <returns>How many bytes were put into <paramref name="buffer"/>; 0 when nothing has arrived.</returns>
    int Read(Span<byte> buffer);
}

/// <summary>How the supervisor's software is entered.</summary>
/// <param name="EntryPoint">Physical address of its first instruction.</param>
/// <param name="DeviceTree">Physical address of the device tree, which it finds in a1.</param>
/// <param name="BootHart">The hart that starts; the others wait to be started.</param>
public readonly record struct SupervisorBoot(ulong EntryPoint, ulong DeviceTree, int BootHart = 0);
