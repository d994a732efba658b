using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;

namespace Emulator.Tests.RiscV.Privileged;

/// <summary>PMP against the description of Priv. spec 3.7, word for word on ranges of big integers.</summary>
[TestFixture]
public sealed class ProtectionTests
{
    private const ulong Page = 0x8000_3000;

    [Test]
    public void Random_entries_protect_as_specified([Values("rv64max", "rv32max")] string isa)
    {
        int seed = TestContext.CurrentContext.Random.Next();
        var random = new Random(seed);
        using var machine = new HartFixture(isa);
        var hart = machine.Hart;
        for (int round = 0; round < 200; round++)
        {
            var entries = Enumerable.Range(0, 4).Select(_ => RandomEntry(random)).ToArray();
            hart.Reset();
            for (int i = 0; i < entries.Length; i++) hart.WritePmpAddress(i, entries[i].Address);
            ulong configs = 0;
            for (int i = 0; i < entries.Length; i++) configs |= (ulong)entries[i].Config << (8 * i);
            hart.WritePmpConfigs(0, configs);
            byte[][] permissions = [.. ((bool[])[false, true]).Select(mode =>
                Enumerable.Range(0, 1024).Select(i => Oracle(entries, Page + ((ulong)i * 4), mode)).ToArray())];
            foreach (var index in Enum.GetValues<RiscVMmuIndex>())
            foreach (var kind in (AccessKind[])[AccessKind.Read, AccessKind.Write])
            {
                bool machineMode = index == RiscVMmuIndex.Machine;
                byte[] words = permissions[machineMode ? 1 : 0];
                byte needed = kind == AccessKind.Read ? PmpConfig.R : PmpConfig.W;
                int size = 1 << random.Next(4);
                ulong address = Page + (ulong)random.Next(4096 - size + 1);
                var (translation, fault) = hart.Translate(address, kind, index, size);
                string What() => $"seed {seed} round {round} {isa} {string.Join(' ', entries.Select(e => $"{e.Address:x}/{e.Config:x}"))} {address:x}+{size} {index} {kind}";
                Check.Same(translation is not null, (Oracle(entries, address, machineMode, size) & needed) != 0, What);
                if (translation is not { } t)
                {
                    var cause = kind == AccessKind.Read ? ExceptionCause.LoadAccessFault : ExceptionCause.StoreAccessFault;
                    Check.Same(fault, new GuestFault((uint)cause, address), What);
                    continue;
                }

                if (t.CanRead) Check.Same(words.All(w => (w & PmpConfig.R) != 0), true, What);
                if (t.CanWrite) Check.Same(words.All(w => (w & PmpConfig.W) != 0), true, What);
                bool cutsPage = entries.Any((_, i) => CutsPage(entries, i));
                if (!cutsPage) Check.Same((t.CanRead, t.CanWrite), ((words[0] & PmpConfig.R) != 0, (words[0] & PmpConfig.W) != 0), What);
            }
        }
    }

    [Test]
    public void Locked_entries_stay_as_they_are()
    {
        using var machine = new HartFixture();
        var hart = machine.Hart;
        hart.SetCsr(0x3b1, 0x1111);
        hart.SetCsr(0x3b2, 0x2222);
        const ulong LockedTor = PmpConfig.L | PmpConfig.Tor | PmpConfig.R;
        hart.SetCsr(0x3a0, LockedTor << 16);
        hart.SetCsr(0x3b2, 0x3333);
        hart.SetCsr(0x3b1, 0x3333);
        hart.SetCsr(0x3b0, 0x3333);
        hart.SetCsr(0x3a0, 0x0f0f_0f0f);
        Assert.That(hart.Csr(0x3b2), Is.EqualTo(0x2222ul), "the entry's own address");
        Assert.That(hart.Csr(0x3b1), Is.EqualTo(0x1111ul), "the bottom of its range");
        Assert.That(hart.Csr(0x3b0), Is.EqualTo(0x3333ul), "another");
        Assert.That(hart.Csr(0x3a0), Is.EqualTo(0x0f0f_0f0f & ~0xff0000ul | (LockedTor << 16)));
        hart.Reset();
        Assert.That(hart.Csr(0x3a0), Is.Zero);
    }

    [Test]
    public void Walks_are_checked_too()
    {
        using var machine = new HartFixture();
        var hart = machine.Hart;
        var table = new PageTable(machine, SvFormat.Sv39);
        ulong slot = table.SetEntry(0x5000, 0, PageTable.Entry(HartFixture.RamStart, Pte.V | Pte.R | Pte.W));
        hart.WriteSatp(table.Satp);
        hart.WriteMenvcfg(Envcfg.Adue);

        // entry 0 guards the page of the leaf's table, entry 1 opens the rest
        hart.SetCsr(0x3b0, (slot >> 2) & ~0x3fful | 0x1ff);
        hart.SetCsr(0x3b1, ulong.MaxValue);
        ulong open = (ulong)(PmpConfig.Napot | PmpConfig.R | PmpConfig.W | PmpConfig.X) << 8;
        hart.SetCsr(0x3a0, open | PmpConfig.Napot);
        Assert.That(hart.Translate(0x5000, AccessKind.Read, RiscVMmuIndex.Supervisor).Fault.Code, Is.EqualTo((uint)ExceptionCause.LoadAccessFault), "no read");
        hart.SetCsr(0x3a0, open | PmpConfig.Napot | PmpConfig.R);
        Assert.That(hart.Translate(0x5000, AccessKind.Write, RiscVMmuIndex.Supervisor).Fault.Code, Is.EqualTo((uint)ExceptionCause.StoreAccessFault), "no update");
        hart.SetCsr(0x3a0, open | PmpConfig.Napot | PmpConfig.R | PmpConfig.W);
        Assert.That(hart.Translate(0x5000, AccessKind.Write, RiscVMmuIndex.Supervisor).Translation, Is.Not.Null);
    }

    private static PmpEntry RandomEntry(Random random)
    {
        ulong word = (Page >> 2) + (ulong)random.Next(-0x200, 0x600);
        int ones = random.Next(0, 14);
        ulong address = random.Next(3) switch
        {
            0 => word,
            1 => word & ~0x3fful,
            _ => (word & ~((1ul << (ones + 1)) - 1)) | ((1ul << ones) - 1),
        };
        byte config = (byte)(random.Next(256) & PmpConfig.Writable);
        if ((config & 3) == PmpConfig.W) config |= PmpConfig.R;
        return new PmpEntry(address, config);
    }

    private static bool CutsPage(PmpEntry[] entries, int index)
    {
        var (first, end) = Range(entries, index);
        bool overlaps = first < end && first < Page + 4096 && end > Page;
        return overlaps && !(first <= Page && end >= Page + 4096);
    }

    private static byte Oracle(PmpEntry[] entries, ulong address, bool machineMode, int size = 4)
    {
        const byte All = PmpConfig.R | PmpConfig.W | PmpConfig.X;
        for (int i = 0; i < entries.Length; i++)
        {
            var (first, end) = Range(entries, i);
            var accessEnd = (UInt128)address + (uint)size;
            if (first >= end || accessEnd <= first || address >= end) continue;
            if (address < first || accessEnd > end) return 0;
            return machineMode && (entries[i].Config & PmpConfig.L) == 0 ? All : (byte)(entries[i].Config & All);
        }

        return machineMode ? All : (byte)0;
    }

    private static (UInt128 First, UInt128 End) Range(PmpEntry[] entries, int index)
    {
        var (address, config) = entries[index];
        switch (config & PmpConfig.A)
        {
            case PmpConfig.Tor:
                return (index == 0 ? 0 : (UInt128)entries[index - 1].Address * 4, (UInt128)address * 4);
            case PmpConfig.Na4:
                return ((UInt128)address * 4, ((UInt128)address * 4) + 4);
            case PmpConfig.Napot:
                int ones = 0;
                while (((address >> ones) & 1) != 0) ones++;
                var size = UInt128.One << (ones + 3);
                return ((UInt128)address * 4 / size * size, ((UInt128)address * 4 / size * size) + size);
            default:
                return (0, 0);
        }
    }

    private readonly record struct PmpEntry(ulong Address, byte Config);
}

internal static class EnumerableExtensions
{
    public static bool Any<T>(this IReadOnlyList<T> list, Func<T, int, bool> predicate) => Enumerable.Range(0, list.Count).Any(i => predicate(list[i], i));
}
