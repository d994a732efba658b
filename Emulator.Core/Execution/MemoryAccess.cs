using System.Runtime.CompilerServices;
using Emulator.Core.Memory;

namespace Emulator.Core.Execution;

/// <summary>
/// The slow path of guest loads and stores: TLB misses, devices, misaligned accesses, pages with code. Called from generated code; a
/// fault is left in the hart and the result is 0.
/// </summary>
// SAFETY: host pointers come from TLB entries, which only ever point into RAM, and from checked regions.
internal static unsafe class MemoryAccess
{
    /// <summary>Loads 1, 2, 4 or 8 bytes, zero-extended.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Load(VirtualCpu cpu, ulong address, int size, int mmuIndex)
    {
        ulong inPage = address & ~GuestPage.Mask;
        if (inPage + (ulong)size > GuestPage.Size) return LoadAcross(cpu, address, size, mmuIndex);
        var entry = Find(cpu, address, mmuIndex, isWrite: false);
        if (entry != null) return MemorySystem.ReadHost((byte*)(address + (ulong)entry->Addend), size);
        if (!TryTranslate(cpu, address, AccessKind.Read, size, mmuIndex, out var physical) || MustStepDevice(cpu, physical)) return 0;
        if (cpu.MemorySystem.TryRead(physical, size, out ulong value)) return value;
        if (cpu.HasOpenBus) return ulong.MaxValue >> (64 - (8 * size));
        cpu.RaiseFault(cpu.AccessFault(new GuestVirtualAddress(address), AccessKind.Read));
        return 0;
    }

    /// <summary>Stores the low 1, 2, 4 or 8 bytes of a value.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Store(VirtualCpu cpu, ulong address, int size, int mmuIndex, ulong value)
    {
        ulong inPage = address & ~GuestPage.Mask;
        if (inPage + (ulong)size > GuestPage.Size)
        {
            StoreAcross(cpu, address, size, mmuIndex, value);
            return;
        }

        var entry = Find(cpu, address, mmuIndex, isWrite: true);
        if (entry != null)
        {
            MemorySystem.WriteHost((byte*)(address + (ulong)entry->Addend), size, value);
            return;
        }

        if (cpu.State->FindSecond(address, mmuIndex, isWrite: true) is var page && page != null)
        {
            StoreObserved(cpu, page + inPage, size, value);
            return;
        }

        if (!TryTranslate(cpu, address, AccessKind.Write, size, mmuIndex, out var physical) || MustStepAlone(cpu, physical, size)) return;
        var map = cpu.MemorySystem.Map;
        bool isTaken = cpu.MemorySystem.TryWrite(physical, size, value) || cpu.HasOpenBus;
        if (!isTaken) cpu.RaiseFault(cpu.AccessFault(new GuestVirtualAddress(address), AccessKind.Write));
        else if (cpu.MemorySystem.Map != map && cpu.IsSingleStepping) cpu.DropDataTranslations();
    }

    /// <summary>
    /// Host address of an aligned atomic access, or null with the fault left in the hart; with <paramref name="orDevice"/> null
    /// without a fault where there is no RAM. Those who hear of writes are told here, so that code is dropped before it changes; the caller
    /// tells them through <paramref name="written"/> again, in case another hart translated what was there meanwhile.
    /// </summary>
    public static byte* AtomicAddress(VirtualCpu cpu, ulong address, int size, int mmuIndex, AccessKind kind, out HostBlock written, bool orDevice = false)
    {
        written = default;
        if ((address & (ulong)(size - 1)) != 0)
        {
            cpu.RaiseFault(cpu.MisalignedFault(new GuestVirtualAddress(address), kind, size));
            return null;
        }

        var entry = Find(cpu, address, mmuIndex, kind == AccessKind.Write);
        if (entry != null) return (byte*)(address + (ulong)entry->Addend);
        if (!TryTranslate(cpu, address, kind, size, mmuIndex, out var physical)) return null;
        if (kind == AccessKind.Write && MustStepAlone(cpu, physical, size)) return null;
        byte* host = cpu.MemorySystem.HostAddress(physical, size, kind == AccessKind.Write, out var ram, out ulong offset);
        if (host != null && kind == AccessKind.Write)
        {
            cpu.MemorySystem.NotifyWrite(ram!, offset, size);
            written = new HostBlock(host, ram, offset, size);
        }
        else if (host == null && !orDevice) cpu.RaiseFault(cpu.AccessFault(new GuestVirtualAddress(address), kind));
        return host;
    }

    /// <summary>
    /// Finds the RAM of some bytes on one page. False where they are not all RAM; true without an address when the access faulted or
    /// has to be done alone, which is left in the hart. Who writes them has to call <see cref="HostBlock.Written"/> afterwards.
    /// </summary>
    public static bool TryFindBlock(VirtualCpu cpu, ulong address, int bytes, int mmuIndex, AccessKind kind, out HostBlock block)
    {
        block = default;
        var entry = Find(cpu, address, mmuIndex, kind == AccessKind.Write);
        if (entry != null)
        {
            block = new HostBlock((byte*)(address + (ulong)entry->Addend), null, 0, bytes);
            return true;
        }

        if (!TryTranslate(cpu, address, kind, bytes, mmuIndex, out var physical)) return true;
        byte* host = cpu.MemorySystem.HostAddress(physical, bytes, kind == AccessKind.Write, out var ram, out ulong offset);
        if (host == null) return false;
        if (kind == AccessKind.Write && MustStepAlone(cpu, physical, bytes)) return true;
        block = new HostBlock(host, ram, offset, bytes);
        return true;
    }

    /// <summary>Raises the fault that a store of some bytes would, which may lie on two pages; stores nothing.</summary>
    public static bool ProbeWrite(VirtualCpu cpu, ulong address, int size, int mmuIndex)
    {
        ulong second = cpu.AddressOf(address, size - 1) & GuestPage.Mask;
        int inFirst = Math.Min(size, (int)(GuestPage.Size - (address & ~GuestPage.Mask)));
        return TryTranslate(cpu, address, AccessKind.Write, inFirst, mmuIndex, out _)
            && (inFirst == size || TryTranslate(cpu, second, AccessKind.Write, size - inFirst, mmuIndex, out _));
    }

    // To a page that the second level knows, but whose writes somebody has to hear of.
    private static void StoreObserved(VirtualCpu cpu, byte* host, int size, ulong value)
    {
        var ram = cpu.MemorySystem.BlockAt(host, out ulong offset);
        if (!cpu.IsSingleStepping && cpu.MemorySystem.HoldsCode(ram, offset, size))
        {
            cpu.State->ExitReason = ExitReason.SingleStep;
            return;
        }

        MemorySystem.WriteHost(host, size, value);
        cpu.MemorySystem.NotifyWrite(ram, offset, size);
    }

    private static ulong LoadAcross(VirtualCpu cpu, ulong address, int size, int mmuIndex)
    {
        ulong value = 0;
        for (int i = 0; i < size; i++)
        {
            value |= Load(cpu, cpu.AddressOf(address, i), 1, mmuIndex) << (8 * i);
            if (cpu.State->ExitReason != ExitReason.None) return 0;
        }

        return value;
    }

    // Both pages are translated before the first byte is written, so that a fault leaves memory as it was.
    private static void StoreAcross(VirtualCpu cpu, ulong address, int size, int mmuIndex, ulong value)
    {
        if (!ProbeWrite(cpu, address, size, mmuIndex)) return;
        for (int i = 0; i < size && cpu.State->ExitReason == ExitReason.None; i++)
        {
            Store(cpu, cpu.AddressOf(address, i), 1, mmuIndex, value >> (8 * i));
        }
    }

    // A store into translated code ends the block it is in, so that the next instruction is fetched after the store: the
    // instruction is done again alone. So is one that may change the map, since it may have to stop the world.
    private static bool MustStepAlone(VirtualCpu cpu, GuestPhysicalAddress physical, int size)
    {
        if (cpu.IsSingleStepping) return false;
        bool mayChangeMap = cpu.MemorySystem.Map.Find(physical) is { IsDeviceMemory: true };
        if (!mayChangeMap && !cpu.MemorySystem.HoldsCode(physical, size) && !MustStepDevice(cpu, physical)) return false;
        cpu.State->ExitReason = ExitReason.SingleStep;
        return true;
    }

    // In deterministic mode a device sees the same time whichever engine runs: the instruction count is exact only when it is alone.
    private static bool MustStepDevice(VirtualCpu cpu, GuestPhysicalAddress physical)
    {
        if (!cpu.IsDeterministic || cpu.IsSingleStepping || cpu.MemorySystem.Map.Find(physical) is not { IsMemory: false }) return false;
        cpu.State->ExitReason = ExitReason.SingleStep;
        return true;
    }

    /// <summary>Translates and, where the page is plain memory, remembers it in the TLB.</summary>
    private static bool TryTranslate(VirtualCpu cpu, ulong address, AccessKind kind, int size, int mmuIndex, out GuestPhysicalAddress physical)
    {
        bool ok = cpu.TryTranslate(new GuestVirtualAddress(address), kind, size, mmuIndex, out var translation, out var fault);
        physical = translation.Physical;
        if (!ok)
        {
            cpu.RaiseFault(fault);
            return false;
        }

        Remember(cpu, address, mmuIndex, translation);
        return true;
    }

    /// <summary>The TLB entry of a page that either level has, else null.</summary>
    private static TlbEntry* Find(VirtualCpu cpu, ulong address, int mmuIndex, bool isWrite)
    {
        var entry = cpu.State->FindFirst(address, mmuIndex, isWrite);
        if (entry != null) return entry;
        byte* host = cpu.State->FindSecond(address, mmuIndex, isWrite);
        if (host == null || (isWrite && cpu.MemorySystem.IsObserved(host))) return null;
        return cpu.State->RememberFirst(address, mmuIndex, isWrite, host);
    }

    private static void Remember(VirtualCpu cpu, ulong address, int mmuIndex, AddressTranslation translation)
    {
        var physicalPage = new GuestPhysicalAddress(translation.Physical.Value & GuestPage.Mask);
        byte* host = cpu.MemorySystem.HostAddress(physicalPage, (int)GuestPage.Size, false, out var ram, out ulong offset);
        if (host == null) return;
        if (translation.CanRead) cpu.State->Remember(address, mmuIndex, isWrite: false, host);
        if (!translation.CanWrite) return;
        bool writable = cpu.MemorySystem.HostAddress(physicalPage, (int)GuestPage.Size, true, out _, out _) != null;
        if (!writable) return;
        if (ram!.HasAny(offset))
        {
            cpu.State->RememberSecond(address, mmuIndex, isWrite: true, host);
            return;
        }

        cpu.State->Remember(address, mmuIndex, isWrite: true, host);

        // A page may have become code in between: the flag is set before other harts' entries are dropped, so look again.
        Interlocked.MemoryBarrier();
        if (ram.HasAny(offset)) cpu.State->ForgetFirst(address, mmuIndex, isWrite: true);
    }

    /// <summary>
    /// Has the TLB know the page of an address, for a region that missed it. False where it cannot: the instruction then goes the slow
    /// way, which finds the same again.
    /// </summary>
    public static bool TryFill(VirtualCpu cpu, ulong address, bool isWrite, int mmuIndex)
    {
        if (cpu.State->FindFirst(address, mmuIndex, isWrite) != null) return false; // it was not the page that the probe disliked
        if (Find(cpu, address, mmuIndex, isWrite) != null) return true;
        if (cpu.State->FindSecond(address, mmuIndex, isWrite) != null) return false; // it is observed
        var kind = isWrite ? AccessKind.Write : AccessKind.Read;
        if (!cpu.TryTranslate(new GuestVirtualAddress(address), kind, 1, mmuIndex, out var translation, out _)) return false;
        Remember(cpu, address, mmuIndex, translation);
        return Find(cpu, address, mmuIndex, isWrite) != null;
    }
}

/// <summary>Bytes of guest RAM on one page.</summary>
/// <param name="pointer">Where they are, or null.</param>
/// <param name="ram">The memory that has to hear of writes, if any.</param>
/// <param name="offset">Their offset in it.</param>
/// <param name="length">How many.</param>
// SAFETY: only MemoryAccess makes one, of RAM that it found.
internal readonly unsafe ref struct HostBlock(byte* pointer, RamBlock? ram, ulong offset, int length)
{
    public byte* Pointer { get; } = pointer;

    /// <summary>Tells whoever watches the memory that it was written.</summary>
    public void Written(MemorySystem memory)
    {
        if (ram is not null) memory.NotifyWrite(ram, offset, length);
    }
}
