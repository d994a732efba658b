namespace Emulator.Devices;

/// <summary>
/// The test finisher of SiFive's simulation platforms (<c>sifive,test1</c>): the devicetree binding <c>sifive,test0</c> and the
/// <c>syscon-poweroff</c> and <c>syscon-reboot</c> nodes of the virt machine give its values.
/// </summary>
public sealed partial class TestFinisher
{
    /// <summary>Bytes of address space the chip takes.</summary>
    public const uint WindowSize = 0x1000;

    /// <summary>The only register; reads as 0.</summary>
    internal const uint FinisherRegister = 0;

    /// <summary>Where the exit code sits in a 32-bit write.</summary>
    internal const int CodeShift = 16;

    /// <summary>Bits 15:0 of a write.</summary>
    internal enum Command : ushort
    {
        /// <summary>Stop; bits 31:16 say what failed.</summary>
        Fail = 0x3333,

        /// <summary>Stop, all is well.</summary>
        Pass = 0x5555,

        /// <summary>Start again.</summary>
        Reset = 0x7777,
    }
}
