using System.Buffers.Binary;
using Emulator.Core.Bus;

namespace Emulator.Devices.Virtio;

/// <summary>A console with one port (virtio 1.2, section 5.3).</summary>
public sealed class VirtioConsole : IVirtioDevice, IVirtioEventSource, ICharacterDevice, IStateful<VirtioConsoleState>
{
    /// <summary>Queue 0 carries input, queue 1 output.</summary>
    internal const int ReceiveQueue = 0;
    internal const int TransmitQueue = 1;

    private const ulong FeatureSize = 1 << 0;
    private const ulong FeatureEmergencyWrite = 1 << 2;
    private const int ConfigColumns = 0;
    private const int ConfigRows = 2;
    private const int ConfigEmergencyWrite = 8;
    private const int ConfigSize = 12;
    private const ushort QueueSize = 64;

    /// <summary>More in one buffer is cut off: nobody prints that, and the host would have to hold it.</summary>
    private const long MaxOutputPerBuffer = 1 << 20;

    private readonly Lock _lock = new();
    private readonly ICharacterHost _host;
    private readonly VirtioConsoleOptions _options;
    private VirtioConsoleState _state;

    /// <summary>Makes a console.</summary>
    /// <param name="host">Takes output, and is told when there is room for input.</param>
    /// <param name="options">Defaults when null.</param>
    public VirtioConsole(ICharacterHost host, VirtioConsoleOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        _host = host;
        _options = options ?? new VirtioConsoleOptions();
        _state = PowerOnState();
    }

    /// <inheritdoc/>
    public VirtioNotifier Notifier { get; } = new();

    /// <inheritdoc/>
    public VirtioDeviceId Id => VirtioDeviceId.Console;

    /// <inheritdoc/>
    public ulong Features => FeatureEmergencyWrite | (_options.Columns != 0 ? FeatureSize : 0);

    /// <inheritdoc/>
    public int QueueCount => 2;

    /// <inheritdoc/>
    public ushort MaxQueueSize(int index) => QueueSize;

    /// <summary>Nothing to remember.</summary>
    public void AcceptFeatures(ulong features)
    {
    }

    /// <summary>Tells the guest another size, if it was told one at the start.</summary>
    public void Resize(ushort columns, ushort rows)
    {
        lock (_lock)
        {
            (_state.Columns, _state.Rows) = (columns, rows);
        }

        Notifier.ConfigChanged();
    }

    /// <inheritdoc/>
    public int Receive(ReadOnlySpan<byte> characters)
    {
        int taken;
        lock (_lock)
        {
            taken = _state.Input.Push(characters);
        }

        Notifier.Schedule(ReceiveQueue);
        return taken;
    }

    /// <inheritdoc/>
    public void SinkReady() => Notifier.Schedule(TransmitQueue);

    /// <inheritdoc/>
    public void ReadConfig(uint offset, Span<byte> destination)
    {
        Span<byte> config = stackalloc byte[ConfigSize];
        config.Clear();
        lock (_lock)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(config[ConfigColumns..], _state.Columns);
            BinaryPrimitives.WriteUInt16LittleEndian(config[ConfigRows..], _state.Rows);
        }

        ConfigSpace.Copy(config, offset, destination);
    }

    /// <summary>Takes an emergency write: one character, at any time, without queues (section 5.3.5.1).</summary>
    public void WriteConfig(uint offset, ReadOnlySpan<byte> source)
    {
        if (offset == ConfigEmergencyWrite && source.Length > 0)
        {
            _host.Write(source[..1]);
        }
    }

    /// <inheritdoc/>
    public void ProcessQueue(int index, Virtqueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        if (index == ReceiveQueue)
        {
            FillBuffers(queue);
        }
        else
        {
            SendBuffers(queue);
        }
    }

    /// <summary>Input that no driver has taken waits for the next one.</summary>
    public void ResetByDriver()
    {
    }

    /// <inheritdoc/>
    public void Reset() => Restore(PowerOnState());

    /// <inheritdoc/>
    public VirtioConsoleState Save()
    {
        lock (_lock)
        {
            return _state;
        }
    }

    /// <inheritdoc/>
    public void Restore(VirtioConsoleState state)
    {
        lock (_lock)
        {
            _state = state;
        }

        Notifier.Schedule(ReceiveQueue);
        _host.ReadyToReceive();
    }

    private VirtioConsoleState PowerOnState() => new() { Columns = _options.Columns, Rows = _options.Rows };

    private int InputCount()
    {
        lock (_lock)
        {
            return _state.Input.Count;
        }
    }

    private void FillBuffers(Virtqueue queue)
    {
        Span<byte> characters = stackalloc byte[ConsoleInput.Capacity];
        bool madeRoom = false;
        while (InputCount() > 0 && queue.TryPop(out DescriptorChain chain))
        {
            int count;
            lock (_lock)
            {
                count = _state.Input.Pop(characters[..(int)Math.Min(chain.Writable.Length, characters.Length)]);
            }

            madeRoom |= count > 0;
            queue.Push(chain, chain.Writable.TryCopyFrom(characters[..count]) ? count : 0);
        }

        if (madeRoom)
        {
            _host.ReadyToReceive();
        }
    }

    private void SendBuffers(Virtqueue queue)
    {
        while (_host.CanWrite && queue.TryPop(out DescriptorChain chain))
        {
            DescriptorBuffer output = chain.Readable;
            output.Slice(0, Math.Min(output.Length, MaxOutputPerBuffer))
                .TryRead(_host, static (ICharacterHost host, long _, ReadOnlySpan<byte> bytes) => host.Write(bytes));
            queue.Push(chain, 0);
        }
    }
}
