using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Tests.RiscV.Privileged;

/// <summary>The page-table walk: who may do what with which entry, by rules written down a second time.</summary>
[TestFixture]
public sealed class TranslationTests
{
    private const ulong Offset = 0x7a8;
    private static readonly RiscVMmuIndex[] Indexes = [RiscVMmuIndex.User, RiscVMmuIndex.Supervisor, RiscVMmuIndex.SupervisorUserAccess];

    private static IEnumerable<TestCaseData> Leaves =>
        from format in SvFormat.All
        from level in Enumerable.Range(0, format.Levels)
        select new TestCaseData(format.Name, level);

    [TestCaseSource(nameof(Leaves))]
    public void Every_combination_of_flags_decides_as_specified(string name, int level)
    {
        var format = SvFormat.All.Single(f => f.Name == name);
        using var machine = new HartFixture(IsaOf(format)).OpenProtection();
        var hart = machine.Hart;
        var table = new PageTable(machine, format);
        ulong leafSize = 1ul << (12 + (level * format.VpnBits));
        ulong address = AddressIn(format);
        ulong physical = 0x40_0000_0000 & ~(leafSize - 1) & (format == SvFormat.Sv32 ? 0x3_ffff_ffff : ulong.MaxValue);
        hart.WriteSatp(table.Satp);
        foreach (bool mxr in (bool[])[false, true])
        foreach (bool updates in (bool[])[false, true])
        {
            hart.WriteMstatus(mxr ? Mstatus.Mxr : 0);
            hart.WriteMenvcfg(updates ? Envcfg.Adue : 0);
            for (ulong flags = 0; flags < 256; flags++)
            {
                foreach (var index in Indexes)
                foreach (var kind in Enum.GetValues<AccessKind>())
                {
                    ulong slot = table.SetEntry(address, level, PageTable.Entry(physical, flags));
                    hart.Registers.Privilege = index == RiscVMmuIndex.User ? Privilege.User : Privilege.Supervisor;
                    var (translation, fault) = hart.Translate(address, kind, index);
                    string What() => $"{name} level {level} flags {flags:x2} {index} {kind} mxr {mxr} adue {updates}";
                    var expected = Expect(flags, index, kind, mxr, updates);
                    Check.Same(translation is not null, expected.Ok, What);
                    ulong after = machine.Read(slot, format.PteSize);
                    if (translation is { } t)
                    {
                        Check.Same(t.Physical.Value, physical | (address & (leafSize - 1)), What);
                        Check.Same((t.CanRead, t.CanWrite, t.CanExecute), expected.Cached, What);
                        ulong set = kind == AccessKind.Write ? 0xc0ul : 0x40;
                        Check.Same(after, PageTable.Entry(physical, flags | set), What);
                    }
                    else
                    {
                        // a well-formed pointer leads to where there is no memory
                        bool isPointer = level > 0 && (flags & 0xdf) == 1;
                        var cause = kind switch
                        {
                            AccessKind.Read => isPointer ? ExceptionCause.LoadAccessFault : ExceptionCause.LoadPageFault,
                            AccessKind.Write => isPointer ? ExceptionCause.StoreAccessFault : ExceptionCause.StorePageFault,
                            _ => isPointer ? ExceptionCause.InstructionAccessFault : ExceptionCause.InstructionPageFault,
                        };
                        Check.Same(fault, new GuestFault((uint)cause, address), What);
                        Check.Same(after, PageTable.Entry(physical, flags), What);
                    }
                }
            }
        }
    }

    // The rules, read from the descriptions of the bits rather than from the walk's steps.
    private static (bool Ok, (bool, bool, bool) Cached) Expect(ulong flags, RiscVMmuIndex index, AccessKind kind, bool mxr, bool updates)
    {
        bool v = (flags & 1) != 0, r = (flags & 2) != 0, w = (flags & 4) != 0, x = (flags & 8) != 0;
        bool u = (flags & 16) != 0, a = (flags & 64) != 0, d = (flags & 128) != 0;
        bool isLeaf = r || w || x;
        if (!v || !isLeaf || (w && !r)) return (false, default);
        bool isUser = index == RiscVMmuIndex.User;
        bool canData = u ? isUser || index == RiscVMmuIndex.SupervisorUserAccess : !isUser;
        bool canFetch = u == isUser;
        bool canRead = canData && (r || (mxr && x));
        bool canWrite = canData && w;
        bool canExecute = canFetch && x;
        bool ok = kind switch
        {
            AccessKind.Read => canRead,
            AccessKind.Write => canWrite,
            _ => canExecute,
        };
        bool needsUpdate = !a || (kind == AccessKind.Write && !d);
        if (!ok || (needsUpdate && !updates)) return (false, default);
        bool isDirty = d || kind == AccessKind.Write;
        return (true, kind == AccessKind.Execute ? (false, false, canExecute) : (canRead, canWrite && isDirty, false));
    }

    [Test]
    public void Pointers_are_followed_only_to_well_formed_tables([ValueSource(nameof(Formats))] string name)
    {
        var format = SvFormat.All.Single(f => f.Name == name);
        using var machine = new HartFixture(IsaOf(format)).OpenProtection();
        var hart = machine.Hart;
        var table = new PageTable(machine, format);
        ulong address = AddressIn(format);
        hart.WriteSatp(table.Satp);

        // a table outside memory: an access fault of the kind of the access
        table.SetEntry(address, 1, PageTable.Entry(0x10_0000, Pte.V));
        Assert.That(Code(hart, address, AccessKind.Read), Is.EqualTo(ExceptionCause.LoadAccessFault));
        Assert.That(Code(hart, address, AccessKind.Write), Is.EqualTo(ExceptionCause.StoreAccessFault));
        hart.Registers.Privilege = Privilege.Supervisor;
        Assert.That(Code(hart, address, AccessKind.Execute), Is.EqualTo(ExceptionCause.InstructionAccessFault));

        // reserved bits of a pointer, and a pointer at the last level
        ulong empty = HartFixture.RamStart + 0x20_0000;
        foreach (ulong flag in (ulong[])[Pte.A, Pte.D, Pte.U])
        {
            table.SetEntry(address, 1, PageTable.Entry(empty, Pte.V | flag));
            Assert.That(Code(hart, address, AccessKind.Read), Is.EqualTo(ExceptionCause.LoadPageFault), $"{flag:x}");
        }

        table.SetEntry(address, 1, PageTable.Entry(empty, Pte.V));
        table.SetEntry(address, 0, PageTable.Entry(empty, Pte.V));
        Assert.That(Code(hart, address, AccessKind.Read), Is.EqualTo(ExceptionCause.LoadPageFault));
    }

    [Test]
    public void Superpages_must_be_aligned([ValueSource(nameof(Formats))] string name)
    {
        var format = SvFormat.All.Single(f => f.Name == name);
        using var machine = new HartFixture(IsaOf(format)).OpenProtection();
        var hart = machine.Hart;
        var table = new PageTable(machine, format);
        ulong address = AddressIn(format);
        hart.WriteSatp(table.Satp);
        for (int level = 1; level < format.Levels; level++)
        {
            for (int bit = 0; bit < level * format.VpnBits; bit++)
            {
                table.SetEntry(address, level, PageTable.Entry(1ul << (12 + bit), Pte.V | Pte.R | Pte.A));
                Assert.That(Code(hart, address, AccessKind.Read), Is.EqualTo(ExceptionCause.LoadPageFault), $"level {level} bit {bit}");
            }

            table.SetEntry(address, level, 0);
        }
    }

    [TestCase("Sv39", 39)]
    [TestCase("Sv48", 48)]
    [TestCase("Sv57", 57)]
    public void Addresses_must_be_sign_extended(string name, int bits)
    {
        var format = SvFormat.All.Single(f => f.Name == name);
        using var machine = new HartFixture().OpenProtection();
        var hart = machine.Hart;
        var table = new PageTable(machine, format);
        ulong top = 1ul << (bits - 1);
        ulong physical = HartFixture.RamStart;
        foreach (ulong address in (ulong[])[top - 4096, unchecked(0 - top)])
        {
            table.SetEntry(address, 0, PageTable.Entry(physical, Pte.V | Pte.R | Pte.A));
            hart.WriteSatp(table.Satp);
            Assert.That(hart.Translate(address, AccessKind.Read, RiscVMmuIndex.Supervisor).Translation?.Physical.Value, Is.EqualTo(physical));
            for (int bit = bits; bit < 64; bit++)
            {
                ulong other = address ^ (1ul << bit);
                Assert.That(Code(hart, other, AccessKind.Read), Is.EqualTo(ExceptionCause.LoadPageFault), $"{other:x}");
            }
        }
    }

    [Test]
    public void Reserved_bits_and_memory_types_are_checked()
    {
        using var machine = new HartFixture().OpenProtection();
        var hart = machine.Hart;
        var table = new PageTable(machine, SvFormat.Sv39);
        const ulong Address = 0x1234_5000;
        hart.WriteSatp(table.Satp);
        foreach (bool typesEnabled in (bool[])[false, true])
        {
            hart.WriteMenvcfg(typesEnabled ? Envcfg.Pbmte : 0);
            for (ulong high = 0; high < 512; high++)
            {
                table.SetEntry(Address, 0, PageTable.Entry(HartFixture.RamStart, Pte.V | Pte.R | Pte.A) | (high << 54));
                bool ok = (high & 0x7f) == 0 && (typesEnabled ? (high >> 7) != 3 : (high >> 7) == 0);
                Assert.That(hart.Translate(Address, AccessKind.Read, RiscVMmuIndex.Supervisor).Translation is not null, Is.EqualTo(ok), $"{high:x} {typesEnabled}");
            }
        }
    }

    [Test]
    public void Napot_entries_map_64_KiB()
    {
        using var machine = new HartFixture().OpenProtection();
        var hart = machine.Hart;
        var table = new PageTable(machine, SvFormat.Sv48);
        const ulong Address = 0x55_1234_0000;
        const ulong Physical = HartFixture.RamStart + 0x5_0000;
        hart.WriteSatp(table.Satp);
        for (ulong low = 0; low < 16; low++)
        {
            ulong entry = PageTable.Entry(Physical + (low << 12), Pte.V | Pte.R | Pte.W | Pte.A | Pte.D) | Pte.N;
            for (ulong page = 0; page < 16; page++) table.SetEntry(Address + (page << 12), 0, entry);
            for (ulong page = 0; page < 16; page++)
            {
                ulong at = Address + (page << 12) + Offset;
                var translation = hart.Translate(at, AccessKind.Read, RiscVMmuIndex.Supervisor).Translation;
                Assert.That(translation?.Physical.Value, Is.EqualTo(low == 8 ? Physical + (at & 0xffff) : null), $"{low:x} {page}");
            }
        }

        table.SetEntry(Address, 0, 0);
        table.SetEntry(Address & ~0x1f_fffful, 1, PageTable.Entry(Physical & ~0x1f_fffful, Pte.V | Pte.R | Pte.A) | Pte.N);
        Assert.That(Code(hart, Address & ~0x1f_fffful, AccessKind.Read), Is.EqualTo(ExceptionCause.LoadPageFault), "N above the last level");
    }

    [Test]
    public void Machine_mode_and_Bare_translate_nothing([Values] RiscVMmuIndex index)
    {
        using var machine = new HartFixture().OpenProtection();
        var hart = machine.Hart;
        if (index == RiscVMmuIndex.Machine) hart.WriteSatp(new PageTable(machine, SvFormat.Sv39).Satp);
        Assert.That(hart.Translate(0xdead_beef, AccessKind.Write, index).Translation, Is.EqualTo(
            new AddressTranslation(new GuestPhysicalAddress(0xdead_beef), true, true, false, IsGlobal: index == RiscVMmuIndex.Machine)));
    }

    [Test]
    public void Fetches_go_by_the_current_privilege_and_data_by_the_index()
    {
        using var machine = new HartFixture().OpenProtection();
        var hart = machine.Hart;
        var table = new PageTable(machine, SvFormat.Sv39);
        table.SetEntry(0x5000, 0, PageTable.Entry(HartFixture.RamStart, Pte.V | Pte.R | Pte.X | Pte.A));
        hart.WriteSatp(table.Satp);
        Assert.That(hart.Translate(0x5000, AccessKind.Execute, RiscVMmuIndex.Supervisor).Translation?.Physical.Value, Is.EqualTo(0x5000ul), "M fetches untranslated");
        Assert.That(hart.Translate(0x5000, AccessKind.Read, RiscVMmuIndex.Supervisor).Translation?.Physical.Value, Is.EqualTo(HartFixture.RamStart));
        hart.Registers.Privilege = Privilege.Supervisor;
        Assert.That(hart.Translate(0x5000, AccessKind.Execute, RiscVMmuIndex.User).Translation?.Physical.Value, Is.EqualTo(HartFixture.RamStart));
    }

    [TestCase("rv64gc_svade", false, false)]
    [TestCase("rv64gc_svade_svadu", false, true)]
    [TestCase("rv64gc_svadu", true, true)]
    [TestCase("rv64gc", true, false)]
    public void Accessed_bits_are_updated_as_the_configuration_says(string isa, bool atReset, bool canChange)
    {
        using var machine = new HartFixture(isa).OpenProtection();
        var hart = machine.Hart;
        var table = new PageTable(machine, SvFormat.Sv39);
        hart.WriteSatp(table.Satp);
        Assert.That(Updates(), Is.EqualTo(atReset));
        hart.WriteMenvcfg(atReset ? 0 : Envcfg.Adue);
        Assert.That(Updates(), Is.EqualTo(canChange ? !atReset : atReset));

        bool Updates()
        {
            table.SetEntry(0x5000, 0, PageTable.Entry(HartFixture.RamStart, Pte.V | Pte.R));
            return hart.Translate(0x5000, AccessKind.Read, RiscVMmuIndex.Supervisor).Translation is not null;
        }
    }

    private static ExceptionCause? Code(RiscVHart hart, ulong address, AccessKind kind)
    {
        var (translation, fault) = hart.Translate(address, kind, RiscVMmuIndex.Supervisor);
        return translation is null ? (ExceptionCause)fault.Code : null;
    }

    private static IEnumerable<string> Formats => SvFormat.All.Select(format => format.Name);

    private static string IsaOf(SvFormat format) => format == SvFormat.Sv32 ? "rv32max" : "rv64max";

    private static ulong AddressIn(SvFormat format) => (format == SvFormat.Sv32 ? 0xc123_4000ul : 0x1a_2b3c_d000) + Offset;
}
