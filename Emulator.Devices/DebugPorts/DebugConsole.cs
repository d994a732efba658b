using Emulator.Core.Bus;

namespace Emulator.Devices;

/// <summary>
/// A port whose bytes go to the host (<c>debugcon</c>). Reading it gives 0xe9, by which guests find out that it is there. Answers
/// 1-byte accesses.
/// </summary>
/// <param name="sink">Takes the bytes.</param>
public sealed class DebugConsole(ICharacterSink sink) : IMmioDevice, IResettable, IStateful<DebugConsoleState>
{
    /// <summary>Bytes of registers.</summary>
    public const uint WindowSize = 1;

    /// <summary>What a read gives.</summary>
    internal const byte Presence = 0xe9;

    private readonly ICharacterSink _sink = sink;

    /// <inheritdoc/>
    public BusStatus Read(MmioAccess access, out ulong value)
    {
        value = access.Size == sizeof(byte) ? Presence : 0u;
        return access.Size == sizeof(byte) ? BusStatus.Ok : BusStatus.AccessFault;
    }

    /// <inheritdoc/>
    public BusStatus Write(MmioAccess access, ulong value)
    {
        if (access.Size != sizeof(byte))
        {
            return BusStatus.AccessFault;
        }

        byte character = (byte)value;
        _sink.Write(new ReadOnlySpan<byte>(in character));
        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public void Reset()
    {
    }

    /// <inheritdoc/>
    public DebugConsoleState Save() => default;

    /// <inheritdoc/>
    public void Restore(DebugConsoleState state)
    {
    }
}

/// <summary>What a snapshot carries of a <see cref="DebugConsole"/>: nothing, it keeps no byte.</summary>
public readonly record struct DebugConsoleState;
