namespace Emulator.Devices;

/// <summary>
/// Where a chip or a firmware call sends characters. Called by hart threads, several at a time; never throws and does not wait for
/// a slow reader longer than a few milliseconds.
/// </summary>
public interface ICharacterSink
{
    /// <summary>
    /// Whether the sink keeps up. When it does not, a chip shows its transmitter as busy until
    /// <see cref="ICharacterDevice.SinkReady"/>; what a guest sends all the same is still taken.
    /// </summary>
    bool CanWrite { get; }

    /// <summary>Takes all of the characters.</summary>
    void Write(ReadOnlySpan<byte> characters);
}

/// <summary>The host's side of a character device: takes its output and feeds its input.</summary>
public interface ICharacterHost : ICharacterSink
{
    /// <summary>
    /// The device has room again after it took less than it was offered. May come without need; must return at once, and leave the
    /// offering to another thread.
    /// </summary>
    void ReadyToReceive();
}

/// <summary>A device with a character stream, as its host side sees it. Members may be called from any thread.</summary>
public interface ICharacterDevice
{
    /// <summary>Offers input.</summary>
    /// <returns>
    /// How many characters were taken, from the first on. If fewer than offered, <see cref="ICharacterHost.ReadyToReceive"/> follows
    /// when it is worth offering the rest.
    /// </returns>
    int Receive(ReadOnlySpan<byte> characters);

    /// <summary><see cref="ICharacterSink.CanWrite"/> became true again.</summary>
    void SinkReady();
}
