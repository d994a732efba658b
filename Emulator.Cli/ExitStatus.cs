namespace Emulator.Cli;

/// <summary>What the process ends with when it is not the guest that says.</summary>
internal static class ExitStatus
{
    /// <summary>Done, or a plain power-off.</summary>
    public const int Success = 0;

    /// <summary>The command line is wrong.</summary>
    public const int BadCommandLine = 2;

    /// <summary>An image, disk or option cannot be used.</summary>
    public const int UnusableInput = 3;

    /// <summary>A fault of ours (EX_SOFTWARE of sysexits.h).</summary>
    public const int InternalFault = 70;

    /// <summary>The time was up, as timeout(1) says it.</summary>
    public const int Timeout = 124;

    private const int SignalBase = 128;
    private const int Highest = 255;

    /// <summary>Ended by a signal, as shells say it.</summary>
    /// <param name="number">The signal's number.</param>
    public static int OfSignal(int number) => SignalBase + number;

    /// <summary>The guest's own code. Systems keep eight bits of it: a greater one must not become a success.</summary>
    public static int OfGuest(int code) => code is >= 0 and <= Highest ? code : Highest;
}
