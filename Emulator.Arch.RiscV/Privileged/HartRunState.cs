namespace Emulator.Arch.RiscV.Privileged;

/// <summary>Whether a hart executes at all, as the SBI's hart state management sees it (SBI 2.0 chapter 9).</summary>
internal enum HartRunState
{
    /// <summary>Executes, or waits for an interrupt.</summary>
    Started,

    /// <summary>Executes nothing until another hart starts it.</summary>
    Stopped,

    /// <summary>Another hart has asked for it to start.</summary>
    StartPending,
}

/// <summary>What a halted hart waits for.</summary>
internal enum SleepReason
{
    /// <summary>Nothing: it goes on.</summary>
    None,

    /// <summary>An interrupt, after WFI.</summary>
    WaitForInterrupt,

    /// <summary>An interrupt, after a call to suspend.</summary>
    Suspended,

    /// <summary>Other harts, which execute fences for it.</summary>
    RemoteFence,

    /// <summary>A call to start.</summary>
    Stopped,

    /// <summary>The end of the machine, which it asked for.</summary>
    MachineStop,
}
