using System.Buffers.Binary;

namespace Emulator.Machines.BareX86;

/// <summary>Page tables of four levels that map memory one to one, in pages of 2 MiB (Intel SDM volume 3, 4.5).</summary>
internal static class IdentityPageTables
{
    /// <summary>The first table, for CR3.</summary>
    public const uint Address = 0x2_0000;

    private const int TableBytes = 4096;
    private const int Entries = 512;
    private const ulong PresentWritable = 3;
    private const ulong LargePage = 0x80;
    private const int LargePageShift = 21;
    private const int DirectoryShift = 30;
    private const ulong LeastMapped = 1ul << 32;
    private const ulong MostMapped = 64ul << 30; // what the tables have room for below 640 KiB

    /// <summary>Tables for all memory, and for 4 GiB at least; RAM beyond 60 GiB is left to the program.</summary>
    public static LoadPart Create(ulong memory)
    {
        ulong end = Math.Min(MostMapped, Math.Max(LeastMapped, BareX86Map.HighRamStart + memory));
        int directories = (int)((end + (1ul << DirectoryShift) - 1) >> DirectoryShift);
        byte[] tables = new byte[(2 + directories) * TableBytes];
        Put(tables, 0, 0, (Address + TableBytes) | PresentWritable);
        for (int directory = 0; directory < directories; directory++)
        {
            Put(tables, 1, directory, Address + (ulong)((2 + directory) * TableBytes) | PresentWritable);
            for (int entry = 0; entry < Entries; entry++)
            {
                ulong page = (ulong)((directory * Entries) + entry) << LargePageShift;
                Put(tables, 2 + directory, entry, page | LargePage | PresentWritable);
            }
        }

        return new LoadPart(Address, tables, "page tables");
    }

    private static void Put(byte[] tables, int table, int entry, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(tables.AsSpan((table * TableBytes) + (entry * sizeof(ulong))), value);
}
