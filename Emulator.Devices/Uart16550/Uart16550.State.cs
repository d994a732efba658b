using System.Runtime.CompilerServices;

namespace Emulator.Devices;

/// <summary>What a snapshot carries of a <see cref="Uart16550"/>.</summary>
public record struct Uart16550State
{
    /// <summary>Received and not yet read.</summary>
    internal UartFifo Receiver;

    /// <summary>DLL and DLM.</summary>
    internal ushort Divisor;

    internal Uart16550.InterruptEnable InterruptEnable;

    /// <summary>The bits of FCR that stay: enable, DMA mode and trigger.</summary>
    internal Uart16550.FifoControl FifoControl;

    internal Uart16550.LineControl LineControl;

    internal Uart16550.ModemControl ModemControl;

    /// <summary>The bits of MSR that a read clears; the others follow from MCR.</summary>
    internal Uart16550.ModemStatus ModemDeltas;

    internal byte Scratch;

    /// <summary>OE: a looped-back character found no room.</summary>
    internal bool Overrun;

    /// <summary>The last character sent still waits for the host to keep up: THRE is clear.</summary>
    internal bool Transmitting;

    /// <summary>The transmitter interrupt waits to be identified: set when THR runs empty, cleared by reading IIR or writing THR.</summary>
    internal bool TransmitterInterrupt;
}

/// <summary>The receiver FIFO. Safe with any bits in it.</summary>
internal record struct UartFifo
{
    /// <summary>Entries.</summary>
    public const int Depth = 16;

    private Entries _entries;
    private byte _head;
    private byte _count;

    /// <summary>Characters held.</summary>
    public readonly int Count => Math.Min((int)_count, Depth);

    /// <summary>Adds a character; the caller has seen that there is room.</summary>
    public void Push(byte character)
    {
        _entries[(_head + Count) % Depth] = character;
        _count = (byte)(Count + 1);
    }

    /// <summary>Takes the oldest character, or 0 when there is none.</summary>
    public byte Pop()
    {
        if (Count == 0)
        {
            return 0;
        }

        byte character = _entries[_head % Depth];
        _head = (byte)((_head + 1) % Depth);
        _count = (byte)(Count - 1);
        return character;
    }

    [InlineArray(Depth)]
    private struct Entries : IEquatable<Entries>
    {
        private byte _element0;

        public readonly bool Equals(Entries other) => ((ReadOnlySpan<byte>)this).SequenceEqual(other);

        public override readonly bool Equals(object? obj) => obj is Entries other && Equals(other);

        public override readonly int GetHashCode()
        {
            var hash = new HashCode();
            hash.AddBytes((ReadOnlySpan<byte>)this);
            return hash.ToHashCode();
        }
    }
}
