using System.IO.Pipelines;

namespace Emulator.Devices.Host;

/// <summary>
/// The host's end of a serial line: what the guest sends goes to <see cref="IDuplexPipe.Output"/>, what it receives comes from
/// <see cref="IDuplexPipe.Input"/>. Owned by the <see cref="SerialPort"/> it is given to; disposing it delivers what was flushed.
/// </summary>
public interface ICharacterTransport : IDuplexPipe, IAsyncDisposable;
