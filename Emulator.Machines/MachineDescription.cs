using System.Collections.Immutable;
using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Devices.Storage;
using Microsoft.Extensions.Logging;

namespace Emulator.Machines;

/// <summary>
/// A machine as a value: what it consists of and what it starts. Nothing is opened or allocated before it is built; a description that
/// cannot be built is refused then, with a <see cref="MachineConfigurationException"/> that says why.
/// </summary>
public abstract record MachineDescription
{
    /// <summary>Name of the board, as <c>emu run --machine</c> takes it.</summary>
    public abstract string Name { get; }

    /// <summary>RAM in bytes; a positive multiple of 4096.</summary>
    public ulong Memory { get; init; } = 128.MiB();

    /// <summary>Processors, from 1.</summary>
    public int Harts { get; init; } = 1;

    /// <summary>The kernel or program to start, or null.</summary>
    public GuestImage? Kernel { get; init; }

    /// <summary>Initial RAM disk for a Linux kernel, or null.</summary>
    public ReadOnlyMemory<byte>? Initrd { get; init; }

    /// <summary>Kernel command line.</summary>
    public string Append { get; init; } = "";

    /// <summary>Disks, the first in the first slot.</summary>
    public ImmutableArray<DiskOptions> Disks { get; init; } = [];

    /// <summary>The execution engine.</summary>
    public EngineOptions Engine { get; init; } = new();

    /// <summary>Time of day at power-on; null: the host's, or in deterministic mode the start of 2020.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>When the guest asks to be started again, the machine ends instead, as at an orderly power-off.</summary>
    public bool EndsOnReset { get; init; }

    /// <summary>Where the machine reports what it does.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    internal abstract IMachineBoard Build(MachineContext context);
}

/// <summary>A machine cannot be built as described. The message says what, where and what was expected.</summary>
public sealed class MachineConfigurationException : Exception
{
    /// <summary>Creates the exception.</summary>
    public MachineConfigurationException()
    {
    }

    /// <summary>Creates the exception.</summary>
    public MachineConfigurationException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    public MachineConfigurationException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
