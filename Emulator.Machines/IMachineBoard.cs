using Emulator.Core.Bus;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Devices;
using Microsoft.Extensions.Logging;

namespace Emulator.Machines;

/// <summary>What a board is given when it is built.</summary>
/// <param name="Control">Where guests ask for power-off and reset.</param>
/// <param name="Console">The host's side of the first serial line.</param>
/// <param name="Logger">Reports.</param>
internal sealed record MachineContext(IMachineControl Control, ICharacterHost Console, ILogger Logger);

/// <summary>A machine's parts, wired together.</summary>
internal interface IMachineBoard : IAsyncDisposable
{
    /// <summary>The physical bus.</summary>
    MemorySystem Memory { get; }

    /// <summary>The processors.</summary>
    HartGroup Harts { get; }

    /// <summary>What the console types into.</summary>
    ICharacterDevice ConsoleDevice { get; }

    /// <summary>Returns everything to power-on and loads the images again. Called while no hart runs.</summary>
    void Reset();

    /// <summary>Holds device work back, so that memory and device state stand still.</summary>
    Task PauseDevicesAsync();

    /// <summary>Lets device work go on.</summary>
    void ResumeDevices();
}
