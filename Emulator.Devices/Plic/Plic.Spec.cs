namespace Emulator.Devices;

/// <summary>Memory map of the RISC-V Platform-Level Interrupt Controller specification 1.0.0, chapter 3.</summary>
public sealed partial class Plic
{
    /// <summary>The most interrupt sources the memory map has room for; source 0 does not exist.</summary>
    public const int MaximumSources = 1023;

    /// <summary>The most contexts one chip serves here; the memory map has room for 15872.</summary>
    public const int MaximumContexts = PlicContexts<byte>.Length;

    /// <summary>The highest priority of a source and of a threshold, as on the virt machine; 0 means never.</summary>
    public const int HighestPriority = 7;

    private const uint WordSize = sizeof(uint);
    private const uint EnableStride = 0x80;
    private const uint ContextStride = 0x1000;
    private const uint ThresholdOffset = 0;
    private const uint ClaimOffset = 4;

    /// <summary>The banks of the memory map, in order.</summary>
    internal enum Bank : uint
    {
        /// <summary>Priority of source n at 4n (chapter 4).</summary>
        Priority = 0x00_0000,

        /// <summary>Pending bit of source n in word n / 32 (chapter 5).</summary>
        Pending = 0x00_1000,

        /// <summary>Enable bits of context c, 0x80 bytes each (chapter 6).</summary>
        Enable = 0x00_2000,

        /// <summary>Threshold and claim/complete of context c, 0x1000 bytes each (chapters 7 to 9).</summary>
        Context = 0x20_0000,
    }
}
