using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;

namespace Emulator.Tests.RiscV.Privileged;

/// <summary>Cache-block instructions: who may use them, and where.</summary>
[TestFixture]
public sealed class CacheBlockTests
{
    private const uint Bits = 0x0045_200f;
    private const ulong Block = HartFixture.RamStart + 0x40;

    [Test]
    public void They_are_enabled_from_above()
    {
        using var machine = new HartFixture().OpenProtection();
        var hart = machine.Hart;
        foreach (var kind in Enum.GetValues<CacheBlockKind>())
        foreach (var privilege in (Privilege[])[Privilege.User, Privilege.Supervisor, Privilege.Machine])
        for (int enables = 0; enables < 4; enables++)
        {
            ulong bits = kind switch
            {
                CacheBlockKind.Invalidate => 1ul << 4,
                CacheBlockKind.Zero => 1ul << 7,
                _ => 1ul << 6,
            };
            hart.WriteMenvcfg((enables & 1) != 0 ? bits : ~bits & 0xf1);
            hart.WriteSenvcfg((enables & 2) != 0 ? bits : ~bits & 0xf1);
            if (kind == CacheBlockKind.Invalidate) ClearInvalidate(enables);
            hart.Registers.Privilege = privilege;
            hart.CacheBlockOperation(kind, Block, Bits);
            bool ok = privilege switch
            {
                Privilege.Machine => true,
                Privilege.Supervisor => (enables & 1) != 0,
                _ => enables == 3,
            };
            GuestFault? expected = ok ? null : new GuestFault((uint)ExceptionCause.IllegalInstruction, Bits);
            Assert.That(hart.TakeRaisedFault(), Is.EqualTo(expected), $"{kind} {privilege} {enables}");
        }

        // CBIE has two bits
        void ClearInvalidate(int enables)
        {
            if ((enables & 1) == 0) hart.WriteMenvcfg(0xc1);
            if ((enables & 2) == 0) hart.WriteSenvcfg(0xc1);
        }
    }

    [Test]
    public void Zeroing_clears_the_block_around_the_address()
    {
        using var machine = new HartFixture();
        for (ulong i = 0; i < 192; i += 8) machine.Write(HartFixture.RamStart + i, 8, ulong.MaxValue);
        machine.Hart.CacheBlockOperation(CacheBlockKind.Zero, Block + 63, Bits);
        for (ulong i = 0; i < 192; i += 8)
        {
            Assert.That(machine.Read(HartFixture.RamStart + i, 8), Is.EqualTo(i is >= 64 and < 128 ? 0 : ulong.MaxValue), $"{i}");
        }
    }

    [Test]
    public void Faults_are_those_of_a_store_at_the_address()
    {
        using var machine = new HartFixture().OpenProtection();
        var hart = machine.Hart;
        var table = new PageTable(machine, SvFormat.Sv39);
        table.SetEntry(0x5000, 0, PageTable.Entry(HartFixture.RamStart, Pte.V | Pte.R | Pte.A));
        table.SetEntry(0x6000, 0, PageTable.Entry(0x1000, Pte.V | Pte.R | Pte.W | Pte.A | Pte.D));
        hart.WriteSatp(table.Satp);
        hart.WriteMstatus(Mstatus.Mprv | ((ulong)Privilege.Supervisor << Mstatus.MppShift));
        AssertFault(CacheBlockKind.Zero, 0x5005, ExceptionCause.StorePageFault);
        AssertFault(CacheBlockKind.Clean, 0x5005, null);
        AssertFault(CacheBlockKind.Zero, 0x6007, ExceptionCause.StoreAccessFault);
        AssertFault(CacheBlockKind.Flush, 0x6007, ExceptionCause.StoreAccessFault);
        AssertFault(CacheBlockKind.Invalidate, 0x7009, ExceptionCause.StorePageFault);

        void AssertFault(CacheBlockKind kind, ulong address, ExceptionCause? cause)
        {
            hart.CacheBlockOperation(kind, address, Bits);
            GuestFault? expected = cause is { } c ? new GuestFault((uint)c, address) : null;
            Assert.That(hart.TakeRaisedFault(), Is.EqualTo(expected), $"{kind} {address:x}");
        }
    }

    [Test]
    public void A_block_that_is_partly_protected_is_not_touched()
    {
        using var machine = new HartFixture();
        var hart = machine.Hart;
        hart.SetCsr(0x3b0, (Block + 36) >> 2);
        hart.SetCsr(0x3a0, PmpConfig.L | PmpConfig.Na4);
        machine.Write(Block, 8, 7);
        hart.CacheBlockOperation(CacheBlockKind.Zero, Block, Bits);
        Assert.That(hart.TakeRaisedFault(), Is.EqualTo(new GuestFault((uint)ExceptionCause.StoreAccessFault, Block)));
        Assert.That(machine.Read(Block, 8), Is.EqualTo(7ul));
    }
}
