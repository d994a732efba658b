using Emulator.Core.Memory;

namespace Emulator.Core.Execution;

/// <summary>Runs of loads and stores within a page.</summary>
// SAFETY: host pointers come from MemoryAccess.TryFindBlock, which checked that all bytes are RAM.
internal static unsafe class BlockAccess
{
    public static int Copy(VirtualCpu cpu, ulong destination, ulong source, int size, int count, int mmuIndex)
    {
        int bytes = size * count;
        if (count > 1 && MemoryAccess.TryFindBlock(cpu, source, bytes, mmuIndex, AccessKind.Read, out var from))
        {
            if (from.Pointer == null) return 0;
            if (MemoryAccess.TryFindBlock(cpu, destination, bytes, mmuIndex, AccessKind.Write, out var to))
            {
                if (to.Pointer == null) return 0;
                Copy(to.Pointer, from.Pointer, size, bytes);
                to.Written(cpu.MemorySystem);
                return count;
            }
        }

        ulong value = MemoryAccess.Load(cpu, source, size, mmuIndex);
        if (cpu.State->ExitReason != ExitReason.None) return 0;
        MemoryAccess.Store(cpu, destination, size, mmuIndex, value);
        return cpu.State->ExitReason == ExitReason.None ? 1 : 0;
    }

    public static int Fill(VirtualCpu cpu, ulong destination, ulong value, int size, int count, int mmuIndex)
    {
        int bytes = size * count;
        if (count > 1 && MemoryAccess.TryFindBlock(cpu, destination, bytes, mmuIndex, AccessKind.Write, out var to))
        {
            if (to.Pointer == null) return 0;
            if (size == 1) new Span<byte>(to.Pointer, bytes).Fill((byte)value);
            else for (int i = 0; i < bytes; i += size) MemorySystem.WriteHost(to.Pointer + i, size, value);
            to.Written(cpu.MemorySystem);
            return count;
        }

        MemoryAccess.Store(cpu, destination, size, mmuIndex, value);
        return cpu.State->ExitReason == ExitReason.None ? 1 : 0;
    }

    // Ascending over an overlap repeats what was stored: then it goes element by element.
    private static void Copy(byte* to, byte* from, int size, int bytes)
    {
        bool repeats = to > from && to < from + bytes;
        if (!repeats) Buffer.MemoryCopy(from, to, bytes, bytes);
        else for (int i = 0; i < bytes; i += size) MemorySystem.WriteHost(to + i, size, MemorySystem.ReadHost(from + i, size));
    }
}
