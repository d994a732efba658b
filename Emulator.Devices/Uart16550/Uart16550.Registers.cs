namespace Emulator.Devices;

/// <summary>What each register does to the state; always under the lock.</summary>
public sealed partial class Uart16550
{
    private byte ReadRegister(Register register)
    {
        bool divisorLatch = (_state.LineControl & LineControl.DivisorLatchAccess) != 0;
        switch (register)
        {
            case Register.Data:
                return divisorLatch ? (byte)_state.Divisor : _state.Receiver.Pop();
            case Register.InterruptEnable:
                return divisorLatch ? (byte)(_state.Divisor >> 8) : (byte)_state.InterruptEnable;
            case Register.InterruptIdentification:
                InterruptId id = IdentifyInterrupt();
                if (id == InterruptId.TransmitterEmpty)
                {
                    _state.TransmitterInterrupt = false; // reading its own identification clears it (table III)
                }

                return (byte)(HasFifos ? id | InterruptId.FifosEnabled : id);
            case Register.LineControl:
                return (byte)_state.LineControl;
            case Register.ModemControl:
                return (byte)_state.ModemControl;
            case Register.LineStatus:
                LineStatus line = LineStatusNow();
                _state.Overrun = false;
                return (byte)line;
            case Register.ModemStatus:
                ModemStatus modem = ModemInputs | _state.ModemDeltas;
                _state.ModemDeltas = ModemStatus.None;
                return (byte)modem;
            default:
                return _state.Scratch;
        }
    }

    private void WriteRegister(Register register, byte value, out bool sends)
    {
        bool divisorLatch = (_state.LineControl & LineControl.DivisorLatchAccess) != 0;
        sends = false;
        switch (register)
        {
            case Register.Data when divisorLatch:
                _state.Divisor = (ushort)((_state.Divisor & 0xFF00) | value);
                break;
            case Register.Data:
                sends = Transmit(value);
                break;
            case Register.InterruptEnable when divisorLatch:
                _state.Divisor = (ushort)((_state.Divisor & 0x00FF) | (value << 8));
                break;
            case Register.InterruptEnable:
                WriteInterruptEnable((InterruptEnable)value & InterruptEnable.Mask);
                break;
            case Register.InterruptIdentification:
                WriteFifoControl((FifoControl)value);
                break;
            case Register.LineControl:
                _state.LineControl = (LineControl)value;
                break;
            case Register.ModemControl:
                WriteModemControl((ModemControl)value & ModemControl.Mask);
                break;
            case Register.Scratch:
                _state.Scratch = value;
                break;
            default:
                break; // LSR and MSR are for reading
        }
    }

    private bool Transmit(byte character)
    {
        if (!IsLooped)
        {
            _state.Transmitting = true; // DriveOutputs ends it as soon as the host keeps up
            _state.TransmitterInterrupt = false;
            return true;
        }

        if (_state.Receiver.Count < ReceiverDepth)
        {
            _state.Receiver.Push(character);
        }
        else
        {
            _state.Overrun = true;
        }

        _state.TransmitterInterrupt = true;
        return false;
    }

    // Enabling the interrupt with an empty transmitter raises it at once; drivers test for that.
    private void WriteInterruptEnable(InterruptEnable value)
    {
        if ((value & ~_state.InterruptEnable & InterruptEnable.TransmitterEmpty) != 0 && !_state.Transmitting)
        {
            _state.TransmitterInterrupt = true;
        }

        _state.InterruptEnable = value;
    }

    private void WriteFifoControl(FifoControl value)
    {
        bool toggled = ((value ^ _state.FifoControl) & FifoControl.Enable) != 0;
        bool enabled = (value & FifoControl.Enable) != 0;
        if (toggled || (enabled && (value & FifoControl.ResetReceiver) != 0))
        {
            _state.Receiver = default; // the transmitter's never holds anything the host has not got
        }

        // The other bits are only programmed while bit 0 is written as 1 (8.4).
        _state.FifoControl = enabled ? value & KeptFifoControl : FifoControl.None;
    }

    private void WriteModemControl(ModemControl value)
    {
        ModemStatus before = ModemInputs;
        _state.ModemControl = value;
        ModemStatus after = ModemInputs;
        _state.ModemDeltas |= ModemEdges(before, after);
    }

    private static ModemStatus LoopedModemLines(ModemControl control)
    {
        ModemStatus lines = ModemStatus.None;
        lines |= (control & ModemControl.RequestToSend) != 0 ? ModemStatus.ClearToSend : 0;
        lines |= (control & ModemControl.DataTerminalReady) != 0 ? ModemStatus.DataSetReady : 0;
        lines |= (control & ModemControl.Out1) != 0 ? ModemStatus.Ring : 0;
        lines |= (control & ModemControl.Out2) != 0 ? ModemStatus.CarrierDetect : 0;
        return lines;
    }

    private static ModemStatus ModemEdges(ModemStatus before, ModemStatus after)
    {
        ModemStatus changed = before ^ after;
        ModemStatus edges = ModemStatus.None;
        edges |= (changed & ModemStatus.ClearToSend) != 0 ? ModemStatus.DeltaClearToSend : 0;
        edges |= (changed & ModemStatus.DataSetReady) != 0 ? ModemStatus.DeltaDataSetReady : 0;
        edges |= (changed & before & ModemStatus.Ring) != 0 ? ModemStatus.TrailingEdgeRing : 0;
        edges |= (changed & ModemStatus.CarrierDetect) != 0 ? ModemStatus.DeltaCarrierDetect : 0;
        return edges;
    }

    private LineStatus LineStatusNow()
    {
        LineStatus status = _state.Transmitting ? LineStatus.None : LineStatus.TransmitterHoldingEmpty | LineStatus.TransmitterEmpty;
        status |= _state.Receiver.Count > 0 ? LineStatus.DataReady : LineStatus.None;
        return status | (_state.Overrun ? LineStatus.Overrun : LineStatus.None);
    }

    private InterruptId IdentifyInterrupt()
    {
        InterruptEnable enabled = _state.InterruptEnable;
        if ((enabled & InterruptEnable.LineStatus) != 0 && _state.Overrun)
        {
            return InterruptId.LineStatus;
        }

        int received = _state.Receiver.Count;
        if ((enabled & InterruptEnable.ReceivedData) != 0 && received > 0)
        {
            int trigger = HasFifos ? TriggerLevels[(int)_state.FifoControl >> TriggerShift] : 1;
            return received >= trigger ? InterruptId.ReceivedData : InterruptId.CharacterTimeout;
        }

        if ((enabled & InterruptEnable.TransmitterEmpty) != 0 && _state.TransmitterInterrupt)
        {
            return InterruptId.TransmitterEmpty;
        }

        return (enabled & InterruptEnable.ModemStatus) != 0 && _state.ModemDeltas != 0 ? InterruptId.ModemStatus : InterruptId.None;
    }
}
