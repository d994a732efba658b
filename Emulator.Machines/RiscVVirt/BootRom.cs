using System.Buffers.Binary;

namespace Emulator.Machines.RiscVVirt;

/// <summary>
/// The program all harts start with at 0x1000: a0 = mhartid, a1 = device tree, a2 = fw_dynamic_info of OpenSBI, then on to the firmware.
/// </summary>
internal static class BootRom
{
    private const int StartOffset = 0x18;
    private const int TreeOffset = 0x20;
    private const int InfoOffset = 0x28;
    private const ulong InfoMagic = 0x4942534f; // "OSBI"
    private const ulong InfoVersion = 2;
    private const ulong NextModeSupervisor = 1;

    /// <summary>The ROM's content.</summary>
    /// <param name="is64">RV64; else the loads and the information structure are of 32 bits.</param>
    /// <param name="start">Where to go.</param>
    /// <param name="deviceTree">Address of the device tree.</param>
    /// <param name="next">Where fw_dynamic goes on, or 0.</param>
    public static byte[] Build(bool is64, ulong start, ulong deviceTree, ulong next)
    {
        byte[] rom = new byte[0x60];
        uint load = is64 ? 0x3003u : 0x2003u; // ld or lw
        uint[] code =
        [
            0x00000297,                                 // auipc t0, 0
            0x00028613 | ((uint)InfoOffset << 20),      // addi a2, t0, info
            0xf1402573,                                 // csrr a0, mhartid
            load | (5 << 15) | (11 << 7) | ((uint)TreeOffset << 20),  // l a1, tree(t0)
            load | (5 << 15) | (5 << 7) | ((uint)StartOffset << 20),  // l t0, start(t0)
            0x00028067,                                 // jr t0
        ];
        for (int i = 0; i < code.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(rom.AsSpan(i * 4), code[i]);
        BinaryPrimitives.WriteUInt64LittleEndian(rom.AsSpan(StartOffset), start);
        BinaryPrimitives.WriteUInt64LittleEndian(rom.AsSpan(TreeOffset), deviceTree);
        ulong[] info = [InfoMagic, InfoVersion, next, NextModeSupervisor, 0, 0];
        for (int i = 0; i < info.Length; i++)
        {
            if (is64) BinaryPrimitives.WriteUInt64LittleEndian(rom.AsSpan(InfoOffset + (i * 8)), info[i]);
            else BinaryPrimitives.WriteUInt32LittleEndian(rom.AsSpan(InfoOffset + (i * 4)), (uint)info[i]);
        }

        return rom;
    }
}
