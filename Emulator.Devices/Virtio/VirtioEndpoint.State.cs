using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Emulator.Devices.Virtio;

/// <summary>What a driver has told about one queue and how far both sides have come.</summary>
public record struct VirtqueueState
{
    /// <summary>Entries in use, a power of two; what the driver wrote, so possibly nonsense.</summary>
    public ushort Size { get; set; }

    /// <summary>The driver has enabled the queue.</summary>
    public bool Ready { get; set; }

    /// <summary>Guest physical address of the descriptor table.</summary>
    public ulong DescriptorArea { get; set; }

    /// <summary>Guest physical address of the available ring.</summary>
    public ulong DriverArea { get; set; }

    /// <summary>Guest physical address of the used ring.</summary>
    public ulong DeviceArea { get; set; }

    /// <summary>Index of the next available entry to take.</summary>
    public ushort NextAvailable { get; set; }

    /// <summary>Index of the next used entry to fill.</summary>
    public ushort NextUsed { get; set; }

    /// <summary>The used index when the driver was last told, or when it was last decided not to.</summary>
    public ushort SignalledUsed { get; set; }
}

/// <summary>The states of all queues of a device, as one value.</summary>
[InlineArray(Capacity)]
public struct VirtqueueStates : IEquatable<VirtqueueStates>
{
    /// <summary>The most queues a device can have.</summary>
    public const int Capacity = 16;

    private VirtqueueState _first;

    [UnscopedRef]
    private readonly ReadOnlySpan<VirtqueueState> AsSpan() => MemoryMarshal.CreateReadOnlySpan(in _first, Capacity);

    /// <inheritdoc/>
    public readonly bool Equals(VirtqueueStates other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is VirtqueueStates other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode()
    {
        var hash = new HashCode();
        foreach (VirtqueueState queue in AsSpan())
        {
            hash.Add(queue);
        }

        return hash.ToHashCode();
    }

    /// <summary>Value equality.</summary>
    public static bool operator ==(VirtqueueStates left, VirtqueueStates right) => left.Equals(right);

    /// <summary>Value inequality.</summary>
    public static bool operator !=(VirtqueueStates left, VirtqueueStates right) => !left.Equals(right);
}

/// <summary>What a virtio device carries on every bus: status, negotiated features, queues.</summary>
public record struct VirtioEndpointState
{
    private VirtqueueStates _queues;

    /// <summary>The device status field.</summary>
    public VirtioStatus Status { get; set; }

    /// <summary>Features the driver has written so far; final from FEATURES_OK on.</summary>
    public ulong DriverFeatures { get; set; }

    /// <summary>Counts changes of the configuration space.</summary>
    public uint ConfigGeneration { get; set; }

    /// <summary>One entry a queue; those beyond the device's count stay zero.</summary>
    public VirtqueueStates Queues { readonly get => _queues; set => _queues = value; }

    /// <summary>One queue, to be changed in place.</summary>
    [UnscopedRef]
    internal ref VirtqueueState Queue(int index) => ref _queues[index];
}
