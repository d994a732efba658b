namespace Emulator.Tests.X86.Host;

/// <summary>
/// Where things are, in the host's program and in the emulated machine alike; between them nothing is mapped, but for the host's program
/// itself. The places are none that operands are likely to point to by themselves. The last page of the data cannot be written.
/// </summary>
internal static class HostLayout
{
    public const int PageSize = 4096;

    /// <summary>Where the host's program is.</summary>
    public const ulong HostProgram = 0x6b5a_0000;

    /// <summary>More than it has.</summary>
    public const ulong HostProgramBytes = 0x200_0000;

    public const ulong Code = 0x1234_0000;
    public const int CodePages = 16;

    /// <summary>Jumps to these places end a case; which of them is part of the result.</summary>
    public const ulong Exit64 = 0x1abc_0000;

    /// <inheritdoc cref="Exit64"/>
    public const ulong Exit32 = 0x1abc_1000;

    public const int Exits = 16;
    public const int ExitBytes = 16;

    public const ulong Data = 0x2468_0000;
    public const int DataPages = 4;
    public const ulong ReadOnlyData = Data + ((DataPages - 1) * PageSize);

    public const ulong Stack = 0x3579_0000;
    public const int StackPages = 1;

    /// <summary>FS and GS are flat segments from here on. 16-bit addresses reach the data through FS.</summary>
    public const ulong FsBase = 0x2468_0800;

    /// <inheritdoc cref="FsBase"/>
    public const ulong GsBase = 0x2467_f000;

    /// <summary>Selectors that Linux gives to user programs; FS and GS have those of its thread-local storage.</summary>
    public const ushort Code32Selector = 0x23;

    /// <inheritdoc cref="Code32Selector"/>
    public const ushort DataSelector = 0x2b;

    /// <inheritdoc cref="Code32Selector"/>
    public const ushort Code64Selector = 0x33;

    /// <inheritdoc cref="Code32Selector"/>
    public const ushort FsSelector = 0x63;

    /// <inheritdoc cref="Code32Selector"/>
    public const ushort GsSelector = 0x6b;

    /// <summary>A segment whose limit is the number of the processor, 0 here.</summary>
    public const ushort ProcessorSelector = 0x7b;

    /// <summary>
    /// Selectors for instructions that take one: the user's, with other privilege levels too, null ones, the kernel's, ones that name nothing.
    /// </summary>
    public static ushort[] SomeSelectors { get; } =
    [
        DataSelector, DataSelector, DataSelector, DataSelector & ~3, DataSelector & ~2, Code32Selector, Code64Selector, Code64Selector & ~3, FsSelector, FsSelector, GsSelector,
        0, 3, 0x10, 0x18, 0x1b, 0x40, 0x50, 0x73, 0x80, 0xfff8, DataSelector | 4,
    ];

    /// <summary>An exit that code of a segment can be at.</summary>
    public static ulong ExitOf(ushort selector, int number) => Exit((selector & ~3) == (Code32Selector & ~3) ? 32 : 64, number);

    /// <summary>The memory that instructions may write: start and length.</summary>
    public static (ulong Start, int Length)[] Writable { get; } = [(Data, (DataPages - 1) * PageSize), (Stack, StackPages * PageSize)];

    public static ulong Exit(int bits, int number) => (bits == 64 ? Exit64 : Exit32) + (ulong)(number * ExitBytes);

    /// <summary>What memory holds before a case's patches, eight bytes at a time.</summary>
    public static ulong Content(ulong address)
    {
        ulong z = (address >> 3) * 0x9e37_79b9_7f4a_7c15;
        z = (z ^ (z >> 30)) * 0xbf58_476d_1ce4_e5b9;
        return z ^ (z >> 27);
    }
}
