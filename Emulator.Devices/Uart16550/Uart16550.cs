using Emulator.Core.Bus;

namespace Emulator.Devices;

/// <summary>
/// A serial port with FIFOs (<c>ns16550a</c>). It sends as fast as the host takes characters, whatever the divisor says, and its
/// modem lines show a connected peer. A received character below the trigger level counts as timed out at once, so that no clock is
/// needed. Any access width reaches the one register at its offset.
/// </summary>
public sealed partial class Uart16550 : IMmioDevice, ICharacterDevice, IResettable, IStateful<Uart16550State>
{
    private const ModemStatus ConnectedPeer = ModemStatus.ClearToSend | ModemStatus.DataSetReady | ModemStatus.CarrierDetect;
    private const FifoControl KeptFifoControl = FifoControl.Enable | FifoControl.DmaMode | FifoControl.TriggerMask;
    private const int TriggerShift = 6;

    private readonly Lock _lock = new();
    private readonly IInterruptLine _interrupt;
    private readonly ICharacterHost _host;
    private readonly int _shift;
    private readonly OutputSequencer _outputs;
    private Uart16550State _state;

    /// <summary>Creates the chip as at power-on.</summary>
    /// <param name="interrupt">INTR; not gated by OUT2, as on boards other than PCs.</param>
    /// <param name="host">Takes output, and is told when there is room for input.</param>
    /// <param name="options">Defaults when null.</param>
    /// <exception cref="ArgumentOutOfRangeException">The register shift is not 0 to 3.</exception>
    public Uart16550(IInterruptLine interrupt, ICharacterHost host, Uart16550Options? options = null)
    {
        ArgumentNullException.ThrowIfNull(interrupt);
        ArgumentNullException.ThrowIfNull(host);
        _interrupt = interrupt;
        _host = host;
        _shift = (options ?? new Uart16550Options()).RegisterShift;
        ArgumentOutOfRangeException.ThrowIfNegative(_shift, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(_shift, 3, nameof(options));
        _outputs = new OutputSequencer(DriveOutputs);
    }

    /// <summary>Bytes of address space the registers take; accesses beyond fault.</summary>
    public uint WindowSize => (uint)RegisterCount << _shift;

    /// <inheritdoc/>
    public BusStatus Read(MmioAccess access, out ulong value)
    {
        value = 0;
        if (!TryDecode(access, out Register? register))
        {
            return BusStatus.AccessFault;
        }

        if (register is { } present)
        {
            bool wanted, wants;
            InterruptId before, after;
            lock (_lock)
            {
                (wanted, before) = (WantsInput, IdentifyInterrupt());
                value = ReadRegister(present);
                (wants, after) = (WantsInput, IdentifyInterrupt());
            }

            // seldom: drivers poll LSR. Characters that remain assert the line anew, for a controller that looks at edges.
            if (before != after || (present == Register.Data && after != InterruptId.None))
            {
                _outputs.Update();
            }

            if (!wanted && wants)
            {
                _host.ReadyToReceive();
            }
        }

        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public BusStatus Write(MmioAccess access, ulong value)
    {
        if (!TryDecode(access, out Register? register))
        {
            return BusStatus.AccessFault;
        }

        if (register is { } present)
        {
            byte data = (byte)value;
            bool wanted, wants, sends;
            lock (_lock)
            {
                wanted = WantsInput;
                WriteRegister(present, data, out sends);
                wants = WantsInput;
            }

            if (sends)
            {
                _host.Write(new ReadOnlySpan<byte>(in data));
            }

            Publish(!wanted && wants);
        }

        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public int Receive(ReadOnlySpan<byte> characters)
    {
        int taken = 0;
        lock (_lock)
        {
            // In loopback the receiver is cut off from its input pin (8.7).
            while (!IsLooped && taken < characters.Length && _state.Receiver.Count < ReceiverDepth)
            {
                _state.Receiver.Push(characters[taken++]);
            }
        }

        if (taken > 0)
        {
            _outputs.Update();
        }

        return taken;
    }

    /// <inheritdoc/>
    public void SinkReady() => _outputs.Update();

    /// <inheritdoc/>
    public void Reset() => Restore(default);

    /// <inheritdoc/>
    public Uart16550State Save()
    {
        lock (_lock)
        {
            return _state;
        }
    }

    /// <inheritdoc/>
    public void Restore(Uart16550State state)
    {
        lock (_lock)
        {
            _state = state;
        }

        Publish(mayReceive: true);
    }

    private bool IsLooped => (_state.ModemControl & ModemControl.Loop) != 0;

    private bool HasFifos => (_state.FifoControl & FifoControl.Enable) != 0;

    private int ReceiverDepth => HasFifos ? FifoDepth : 1;

    // Asking at half full rather than at every free entry spares the host thread most of its wake-ups. Whenever Receive has
    // refused, this is false, so that a change to true tells of every chance to go on.
    private bool WantsInput => !IsLooped && _state.Receiver.Count <= ReceiverDepth / 2;

    private ModemStatus ModemInputs => IsLooped ? LoopedModemLines(_state.ModemControl) : ConnectedPeer;

    private bool TryDecode(MmioAccess access, out Register? register)
    {
        uint index = access.Offset >> _shift;
        register = index << _shift == access.Offset ? (Register)index : null; // nothing lies between the registers
        return index < RegisterCount;
    }

    private void Publish(bool mayReceive)
    {
        _outputs.Update();
        if (mayReceive)
        {
            _host.ReadyToReceive();
        }
    }

    private void DriveOutputs()
    {
        bool keepsUp = _host.CanWrite;
        bool asserted;
        lock (_lock)
        {
            if (_state.Transmitting && keepsUp)
            {
                _state.Transmitting = false;
                _state.TransmitterInterrupt = true;
            }

            asserted = IdentifyInterrupt() != InterruptId.None;
        }

        _interrupt.Set(asserted);
    }
}
