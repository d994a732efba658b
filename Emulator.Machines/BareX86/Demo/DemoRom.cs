using System.Buffers.Binary;
using System.Text;
using Iced.Intel;
using static Emulator.Machines.BareX86.Demo.DemoLayout;

namespace Emulator.Machines.BareX86.Demo;

/// <summary>
/// The embedded guest of the board <c>bare-x86</c>: a ROM that goes from real mode through protected mode to long mode, shows the
/// machine and answers at a prompt on the serial line. Assembled from the sources in this folder, always to the same bytes.
/// </summary>
internal static class DemoRom
{
    // Descriptors with the accessed bit set, since nothing can be written to a ROM (Intel SDM volume 3, 3.4.5).
    private const ulong FlatCode32 = 0x00cf_9b00_0000_ffff;
    private const ulong FlatData = 0x00cf_9300_0000_ffff;
    private const ulong FlatCode64 = 0x00af_9b00_0000_ffff;

    /// <summary>The 64 KiB of the ROM.</summary>
    public static byte[] Build()
    {
        byte[] rom = new byte[RomSize];
        Place(rom, LongModeOffset, ProtectedModeOffset, 64, RomBase + LongModeOffset, DemoProgram.Emit);
        Place(rom, ProtectedModeOffset, RealModeTextOffset, 32, RomBase + ProtectedModeOffset, DemoProtectedMode.Emit);
        Place(rom, RealModeOffset, ResetVectorOffset, 16, RealModeOffset, DemoRealMode.Emit);
        Place(rom, ResetVectorOffset, RomSize, 16, ResetVectorOffset, static code => code.jmp(RomSegment, RealModeOffset));
        PlaceText(rom, RealModeTextOffset, "\r\nbare-x86: started in real mode at F000:FFF0\r\n");
        PlaceText(rom, ProtectedModeTextOffset, "bare-x86: in protected mode\r\n");
        PlaceText(rom, NoLongModeTextOffset, "bare-x86: this processor has no long mode\r\n");
        PlaceDescriptors(rom, 0, FlatCode32, FlatData, FlatCode64);
        return rom;
    }

    /// <summary>Writes constants to ports.</summary>
    public static void Write(Assembler code, IEnumerable<PortWrite> writes)
    {
        foreach (var (port, value) in writes)
        {
            code.mov(AssemblerRegisters.dx, port);
            code.mov(AssemblerRegisters.al, value);
            code.@out(AssemblerRegisters.dx, AssemblerRegisters.al);
        }
    }

    private static void PlaceText(byte[] rom, int offset, string text) => Encoding.ASCII.GetBytes(text).CopyTo(rom, offset);

    private static void PlaceDescriptors(byte[] rom, params ReadOnlySpan<ulong> descriptors)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(rom.AsSpan(DescriptorPointerOffset), (ushort)((descriptors.Length * sizeof(ulong)) - 1));
        BinaryPrimitives.WriteUInt32LittleEndian(rom.AsSpan(DescriptorPointerOffset + sizeof(ushort)), RomBase + DescriptorsOffset);
        for (int i = 0; i < descriptors.Length; i++) BinaryPrimitives.WriteUInt64LittleEndian(rom.AsSpan(DescriptorsOffset + (i * sizeof(ulong))), descriptors[i]);
    }

    private static void Place(byte[] rom, int offset, int end, int bitness, ulong address, Action<Assembler> emit)
    {
        var assembler = new Assembler(bitness);
        emit(assembler);
        var bytes = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(bytes), address);
        if (bytes.Length > end - offset) throw new InvalidOperationException($"the demo's {bitness}-bit part has {bytes.Length} bytes; expected at most {end - offset}");
        bytes.ToArray().CopyTo(rom, offset);
    }
}
