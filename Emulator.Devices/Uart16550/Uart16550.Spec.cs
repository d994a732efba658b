namespace Emulator.Devices;

/// <summary>Registers of National Semiconductor's PC16550D data sheet (1995), table II.</summary>
public sealed partial class Uart16550
{
    /// <summary>Entries of each FIFO.</summary>
    internal const int FifoDepth = UartFifo.Depth;

    private const int RegisterCount = 8;

    /// <summary>Register addresses A2..A0, with the divisor latch access bit where it matters.</summary>
    internal enum Register : byte
    {
        /// <summary>Receiver buffer (read), transmitter holding (write); divisor latch low with DLAB.</summary>
        Data = 0,

        /// <summary>Interrupt enable; divisor latch high with DLAB.</summary>
        InterruptEnable = 1,

        /// <summary>Interrupt identification (read), FIFO control (write).</summary>
        InterruptIdentification = 2,

        /// <summary>Line control.</summary>
        LineControl = 3,

        /// <summary>Modem control.</summary>
        ModemControl = 4,

        /// <summary>Line status.</summary>
        LineStatus = 5,

        /// <summary>Modem status.</summary>
        ModemStatus = 6,

        /// <summary>Scratch.</summary>
        Scratch = 7,
    }

    /// <summary>IER, 8.6.</summary>
    [Flags]
    internal enum InterruptEnable : byte
    {
        None = 0,
        ReceivedData = 0x01,
        TransmitterEmpty = 0x02,
        LineStatus = 0x04,
        ModemStatus = 0x08,
        Mask = 0x0F,
    }

    /// <summary>IIR bits 3:0, 8.5 table III; highest priority first.</summary>
    internal enum InterruptId : byte
    {
        LineStatus = 0x06,
        ReceivedData = 0x04,
        CharacterTimeout = 0x0C,
        TransmitterEmpty = 0x02,
        ModemStatus = 0x00,
        None = 0x01,
        FifosEnabled = 0xC0,
    }

    /// <summary>FCR, 8.4.</summary>
    [Flags]
    internal enum FifoControl : byte
    {
        None = 0,
        Enable = 0x01,
        ResetReceiver = 0x02,
        ResetTransmitter = 0x04,
        DmaMode = 0x08,
        TriggerMask = 0xC0,
    }

    /// <summary>LCR, 8.1; the frame format means nothing here and is only kept.</summary>
    [Flags]
    internal enum LineControl : byte
    {
        None = 0,
        DivisorLatchAccess = 0x80,
    }

    /// <summary>MCR, 8.7.</summary>
    [Flags]
    internal enum ModemControl : byte
    {
        None = 0,
        DataTerminalReady = 0x01,
        RequestToSend = 0x02,
        Out1 = 0x04,
        Out2 = 0x08,
        Loop = 0x10,
        Mask = 0x1F,
    }

    /// <summary>LSR, 8.3. Parity, framing and break errors cannot happen here.</summary>
    [Flags]
    internal enum LineStatus : byte
    {
        None = 0,
        DataReady = 0x01,
        Overrun = 0x02,
        TransmitterHoldingEmpty = 0x20,
        TransmitterEmpty = 0x40,
    }

    /// <summary>MSR, 8.8.</summary>
    [Flags]
    internal enum ModemStatus : byte
    {
        None = 0,
        DeltaClearToSend = 0x01,
        DeltaDataSetReady = 0x02,
        TrailingEdgeRing = 0x04,
        DeltaCarrierDetect = 0x08,
        Deltas = 0x0F,
        ClearToSend = 0x10,
        DataSetReady = 0x20,
        Ring = 0x40,
        CarrierDetect = 0x80,
    }

    /// <summary>Received characters that raise an interrupt, by FCR bits 7:6.</summary>
    private static ReadOnlySpan<byte> TriggerLevels => [1, 4, 8, 14];
}
