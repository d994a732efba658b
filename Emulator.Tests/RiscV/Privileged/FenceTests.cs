using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Memory;

namespace Emulator.Tests.RiscV.Privileged;

/// <summary>What is cached is forgotten when it must be, seen through loads.</summary>
[TestFixture]
public sealed class FenceTests
{
    private const ulong First = HartFixture.RamStart + 0x40_0000;
    private const ulong Second = HartFixture.RamStart + 0x60_0000;
    private const ulong Address = 0x4020_0000;
    private const ulong Flags = Pte.V | Pte.R | Pte.W | Pte.A | Pte.D;
    private const uint WithAddress = 0x1205_0073; // sfence.vma a0, x0
    private const uint WithoutAddress = 0x1200_0073; // sfence.vma x0, x0
    private const uint WithAddressAndSpace = 0x12b5_0073; // sfence.vma a0, a1
    private const uint WithSpace = 0x12b0_0073; // sfence.vma x0, a1

    [TestCase(0, 0x10ul, WithAddress, true)]
    [TestCase(0, 0xf00ul, WithAddress, true)]
    [TestCase(0, 0x1000ul, WithAddress, false)]
    [TestCase(0, 0x1000ul, WithoutAddress, true)]
    [TestCase(1, 0x10ul, WithAddress, true)]
    [TestCase(1, 0x1f_f000ul, WithAddress, true)]
    [TestCase(1, 0x1000ul, WithoutAddress, true)]
    public void A_fence_forgets_the_leaf_it_names(int level, ulong fenceOffset, uint fence, bool mustForget)
    {
        using var machine = new HartFixture().OpenProtection();
        var hart = machine.Hart;
        machine.Write(First, 8, 1);
        machine.Write(Second, 8, 2);
        var table = new PageTable(machine, SvFormat.Sv39);
        table.SetEntry(Address, level, PageTable.Entry(First, Flags));
        hart.WriteSatp(table.Satp);
        Assert.That(Load(hart), Is.EqualTo(1ul));
        table.SetEntry(Address, level, PageTable.Entry(Second, Flags));
        Assert.That(Load(hart), Is.EqualTo(1ul), "cached");
        hart.SfenceVma(Address + fenceOffset, 0, fence);
        Assert.That(Load(hart), Is.EqualTo(mustForget ? 2ul : 1));
    }

    // A pointer leads to another table, while an address next to the one that is loaded from has been translated by way of the old one.
    [TestCase(1, WithAddress, 0ul, true)]
    [TestCase(2, WithAddress, 0ul, true)]
    [TestCase(1, WithAddress, 1ul << 30, false)]
    [TestCase(2, WithAddress, 1ul << 30, false)]
    [TestCase(1, WithoutAddress, 0ul, true)]
    [TestCase(2, WithoutAddress, 0ul, true)]
    [TestCase(1, WithAddressAndSpace, 0ul, true)]
    [TestCase(2, WithAddressAndSpace, 0ul, true)]
    [TestCase(1, WithSpace, 0ul, true)]
    [TestCase(2, WithSpace, 0ul, true)]
    public void A_fence_forgets_the_pointers_on_the_way_to_its_address(int level, uint fence, ulong fenceOffset, bool mustForget)
    {
        const ulong Neighbour = Address + 0x1000;
        using var machine = new HartFixture().OpenProtection();
        var hart = machine.Hart;
        machine.Write(First, 8, 1);
        machine.Write(Second, 8, 2);
        var table = new PageTable(machine, SvFormat.Sv39);
        var other = new PageTable(machine, SvFormat.Sv39);
        table.SetEntry(Neighbour, 0, PageTable.Entry(First, Flags));
        table.SetEntry(Address, 0, PageTable.Entry(First, Flags));
        other.SetEntry(Address, 0, PageTable.Entry(Second, Flags));
        hart.WriteSatp(table.Satp);
        Assert.That(hart.TryLoad(new GuestVirtualAddress(Neighbour), 8, (int)RiscVMmuIndex.Supervisor, out _), Is.True);
        table.SetEntry(Address, level, machine.Read(other.SlotOf(Address, level), 8));
        hart.SfenceVma(Address + fenceOffset, 0, fence);
        Assert.That(Load(hart), Is.EqualTo(mustForget ? 2ul : 1));
    }

    [Test]
    public void A_pointer_that_leads_nowhere_any_more_is_looked_up_anew()
    {
        using var machine = new HartFixture().OpenProtection();
        var hart = machine.Hart;
        machine.Write(Second, 8, 2);
        var table = new PageTable(machine, SvFormat.Sv39);
        var other = new PageTable(machine, SvFormat.Sv39);
        table.SetEntry(Address, 0, 0);
        other.SetEntry(Address, 0, PageTable.Entry(Second, Flags));
        hart.WriteSatp(table.Satp);
        Assert.That(CanLoad(hart), Is.False);
        table.SetEntry(Address, 1, machine.Read(other.SlotOf(Address, 1), 8));
        Assert.That(Load(hart), Is.EqualTo(2ul));
    }

    [Test]
    public void Each_address_space_has_pointers_of_its_own()
    {
        using var machine = new HartFixture().OpenProtection();
        var hart = machine.Hart;
        machine.Write(First, 8, 1);
        machine.Write(Second, 8, 2);
        var tables = new[] { new PageTable(machine, SvFormat.Sv39), new PageTable(machine, SvFormat.Sv39) };
        tables[0].SetEntry(Address, 0, PageTable.Entry(First, Flags));
        tables[1].SetEntry(Address, 0, PageTable.Entry(Second, Flags));
        for (int i = 0; i < 8; i++)
        {
            hart.WriteSatp(tables[i % 2].Satp | ((ulong)(i % 2) << 44));
            Assert.That(Load(hart), Is.EqualTo((ulong)(i % 2) + 1));
            if (i > 4) hart.SfenceVma(Address, 0, WithAddress);
        }
    }

    [Test]
    public void Registers_that_decide_about_access_forget_what_they_decided()
    {
        using var machine = new HartFixture().OpenProtection();
        var hart = machine.Hart;
        var table = new PageTable(machine, SvFormat.Sv39);
        var other = new PageTable(machine, SvFormat.Sv39);
        table.SetEntry(Address, 0, PageTable.Entry(First, Pte.V | Pte.X | Pte.A));
        hart.WriteMstatus(Mstatus.Mxr);
        hart.WriteSatp(table.Satp);
        Assert.That(CanLoad(hart), Is.True);
        hart.WriteMstatus(0);
        Assert.That(CanLoad(hart), Is.False, "MXR");
        hart.WriteMstatus(Mstatus.Mxr);
        Assert.That(CanLoad(hart), Is.True);
        hart.WriteSatp(other.Satp | (1ul << 44));
        Assert.That(CanLoad(hart), Is.False, "satp");
        hart.WriteSatp(table.Satp);
        Assert.That(CanLoad(hart), Is.True);
        hart.WritePmpConfigs(0, 0);
        Assert.That(CanLoad(hart), Is.False, "pmpcfg");
    }

    [Test]
    public void Large_pages_are_remembered_until_all_is_forgotten()
    {
        var set = new LargePageSet();
        var random = new Random(TestContext.CurrentContext.Random.Next());
        for (int i = 0; i < 100; i++)
        {
            ulong address = (ulong)random.NextInt64();
            int bits = random.GetItems([16, 21, 22, 30, 39, 48], 1)[0];
            set.Add(address, bits);
            ulong inside = (address & ~((1ul << bits) - 1)) | ((ulong)random.NextInt64() & ((1ul << bits) - 1));
            Assert.That(set.MayContain(inside), Is.True, $"{address:x} {bits} {inside:x}");
        }

        int guesses = Enumerable.Range(0, 1000).Count(_ => set.MayContain((ulong)random.NextInt64()));
        Assert.That(guesses, Is.LessThan(400), "most others are not in it");
        set.Clear();
        Assert.That(set.MayContain(0), Is.False);
    }

    private static ulong Load(RiscVHart hart)
    {
        Assert.That(hart.TryLoad(new GuestVirtualAddress(Address), 8, (int)RiscVMmuIndex.Supervisor, out ulong value), Is.True);
        return value;
    }

    private static bool CanLoad(RiscVHart hart)
    {
        bool ok = hart.TryLoad(new GuestVirtualAddress(Address), 8, (int)RiscVMmuIndex.Supervisor, out _);
        Assert.That(hart.TakeRaisedFault() is null, Is.EqualTo(ok));
        return ok;
    }
}
