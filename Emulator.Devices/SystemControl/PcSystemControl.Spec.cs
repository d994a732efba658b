namespace Emulator.Devices;

/// <summary>
/// Registers of Intel's ICH9 data sheet (316972): PORT92 (13.7.3), RST_CNT (13.7.5) and PM1_CNT (13.8.3.3), whose sleep type for S5
/// is the 0 of QEMU's PCs.
/// </summary>
public sealed partial class PcSystemControl
{
    /// <summary>Bytes of registers.</summary>
    public const uint WindowSize = 4;

    /// <summary>System control port A.</summary>
    public const uint PortAOffset = 0;

    /// <summary>Reset control.</summary>
    public const uint ResetControlOffset = 1;

    /// <summary>Power management control, two bytes.</summary>
    public const uint PowerControlOffset = 2;

    /// <summary>PORT92.</summary>
    [Flags]
    internal enum PortA : byte
    {
        FastReset = 0x01,
        A20 = 0x02,
    }

    /// <summary>RST_CNT: bit 2 going from 0 to 1 resets, all of the machine or the processor alone; there is no difference here.</summary>
    [Flags]
    internal enum ResetControl : byte
    {
        None = 0,
        IsHard = 0x02,
        Reset = 0x04,
    }

    /// <summary>PM1_CNT.</summary>
    [Flags]
    internal enum PowerControl : ushort
    {
        SoftOff = 0,
        SleepType = 0x1c00,
        SleepEnable = 0x2000,
    }
}

/// <summary>What a snapshot carries of a <see cref="PcSystemControl"/>.</summary>
public record struct PcSystemControlState
{
    internal PcSystemControl.PortA PortA;
    internal PcSystemControl.ResetControl ResetControl;
    internal PcSystemControl.PowerControl PowerControl;
}
