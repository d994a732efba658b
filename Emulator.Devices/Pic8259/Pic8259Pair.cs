using Emulator.Core.Bus;

namespace Emulator.Devices;

/// <summary>
/// The two 8259A interrupt controllers of a PC, the second on input 2 of the first. Registers in order: the first chip's two ports,
/// the second's two, and the two edge/level control registers. Answers 1-byte accesses.
/// </summary>
public sealed partial class Pic8259Pair : IMmioDevice, IResettable, IStateful<Pic8259PairState>
{
    /// <summary>Bytes of registers.</summary>
    public const uint WindowSize = 6;

    private readonly Lock _lock = new();
    private readonly IInterruptLine _output;
    private readonly SourceLine[] _sources;
    private readonly OutputSequencer _outputs;
    private Pic8259PairState _state;

    /// <summary>Creates the chips as at power-on: not yet initialised.</summary>
    /// <param name="output">INT of the first chip, the processor's INTR.</param>
    public Pic8259Pair(IInterruptLine output)
    {
        ArgumentNullException.ThrowIfNull(output);
        _output = output;
        _sources = new SourceLine[2 * InputsPerChip];
        for (int input = 0; input < _sources.Length; input++) _sources[input] = new SourceLine(this, input);
        _outputs = new OutputSequencer(DriveOutputs);
    }

    /// <summary>An interrupt input.</summary>
    /// <param name="number">0 to 15, but not 2, where the second chip is.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such input.</exception>
    public IInterruptLine Input(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, _sources.Length);
        ArgumentOutOfRangeException.ThrowIfEqual(number, CascadeInput);
        return _sources[number];
    }

    /// <summary>Whether INT is high at this moment.</summary>
    public bool IsRequesting
    {
        get
        {
            lock (_lock)
            {
                return _state.Master.IsRequesting;
            }
        }
    }

    /// <summary>
    /// The processor's interrupt acknowledge: takes the most urgent request into service. Without one, which happens when a line falls
    /// again too early, the answer is the spurious interrupt of input 7.
    /// </summary>
    /// <returns>The vector.</returns>
    public byte Acknowledge()
    {
        byte vector;
        lock (_lock)
        {
            int input = _state.Master.Acknowledge(out bool isSpurious);
            vector = _state.Master.VectorOf(input);
            if (!isSpurious && input == CascadeInput && _state.Master.HasSlaveOn(input))
            {
                vector = _state.Slave.VectorOf(_state.Slave.Acknowledge(out _));
                _state.Master.SetLine(CascadeInput, false); // a further request of the slave is an edge of its own
            }

            Cascade();
        }

        _outputs.Update();
        return vector;
    }

    /// <inheritdoc/>
    public BusStatus Read(MmioAccess access, out ulong value)
    {
        value = 0;
        if (access.Size != sizeof(byte))
        {
            return BusStatus.AccessFault;
        }

        lock (_lock)
        {
            value = access.Offset switch
            {
                EdgeLevelOffset => _state.Master.LevelTriggered,
                EdgeLevelOffset + 1 => _state.Slave.LevelTriggered,
                >= SlaveOffset => _state.Slave.Read(IsData(access)),
                _ => _state.Master.Read(IsData(access)),
            };
            Cascade(); // a poll acknowledges
        }

        _outputs.Update();
        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public BusStatus Write(MmioAccess access, ulong value)
    {
        if (access.Size != sizeof(byte))
        {
            return BusStatus.AccessFault;
        }

        lock (_lock)
        {
            switch (access.Offset)
            {
                case EdgeLevelOffset:
                    _state.Master.LevelTriggered = (byte)(value & MasterLevelInputs);
                    break;
                case EdgeLevelOffset + 1:
                    _state.Slave.LevelTriggered = (byte)(value & SlaveLevelInputs);
                    break;
                case >= SlaveOffset:
                    _state.Slave.Write(IsData(access), (byte)value);
                    break;
                default:
                    _state.Master.Write(IsData(access), (byte)value);
                    break;
            }

            Cascade();
        }

        _outputs.Update();
        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public void Reset() => Restore(default);

    /// <inheritdoc/>
    public Pic8259PairState Save()
    {
        lock (_lock)
        {
            return _state;
        }
    }

    /// <inheritdoc/>
    public void Restore(Pic8259PairState state)
    {
        lock (_lock)
        {
            _state = state;
            Cascade();
        }

        _outputs.Update();
    }

    private static bool IsData(MmioAccess access) => (access.Offset & 1) != 0;

    private void Cascade() => _state.Master.SetLine(CascadeInput, _state.Slave.IsRequesting);

    private void SetSource(int number, bool asserted)
    {
        lock (_lock)
        {
            if (number < InputsPerChip)
            {
                _state.Master.SetLine(number, asserted);
            }
            else
            {
                _state.Slave.SetLine(number - InputsPerChip, asserted);
            }

            Cascade();
        }

        _outputs.Update();
    }

    private void DriveOutputs() => _output.Set(IsRequesting);

    private sealed class SourceLine(Pic8259Pair pair, int number) : IInterruptLine
    {
        public void Set(bool asserted) => pair.SetSource(number, asserted);
    }
}
