using System.Text;
using Emulator.Devices;

namespace Emulator.Tests.Fakes;

/// <summary>A host that keeps what a device sends and counts the calls for more input.</summary>
internal sealed class FakeCharacterHost : ICharacterHost
{
    private readonly Lock _lock = new();
    private readonly List<byte> _written = [];
    private int _readyCalls;

    public bool CanWrite { get; set; } = true;

    public int ReadyCalls => Volatile.Read(ref _readyCalls);

    public byte[] Written
    {
        get
        {
            lock (_lock)
            {
                return [.. _written];
            }
        }
    }

    public string Text => Encoding.Latin1.GetString(Written);

    public void Write(ReadOnlySpan<byte> characters)
    {
        lock (_lock)
        {
            _written.AddRange(characters);
        }
    }

    public void ReadyToReceive() => Interlocked.Increment(ref _readyCalls);
}
