using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Privileged;

namespace Emulator.Tests.RiscV.Privileged;

/// <summary>Calls of the SBI, one by one.</summary>
[TestFixture]
public sealed class SbiTests
{
    private const uint Base = 0x10;
    private const uint Time = 0x5449_4d45;
    private const uint Ipi = 0x73_5049;
    private const uint Srst = 0x5352_5354;
    private const uint Dbcn = 0x4442_434e;
    private const long NotSupported = -2;
    private const long InvalidParameter = -3;
    private const ulong Buffer = HartFixture.RamStart + 0x3000;

    [Test]
    public void The_boot_hart_is_entered_in_S_and_the_others_are_stopped()
    {
        using var sbi = new SbiFixture(harts: 3);
        var hart = sbi.Hart;
        Assert.That((hart.Privilege, hart.ProgramCounter, hart.IsHalted), Is.EqualTo((Privilege.Supervisor, SbiFixture.Entry, false)));
        Assert.That((hart[RiscVSlots.X(10)], hart[RiscVSlots.X(11)]), Is.EqualTo((0ul, SbiFixture.DeviceTree)));
        Assert.That(hart.Csr(0x180), Is.Zero);
        Assert.That(hart.Registers.Medeleg, Is.EqualTo(0xb1fful));
        Assert.That(hart.Registers.Mideleg, Is.EqualTo(InterruptCause.Supervisor));
        Assert.That(hart.Registers.Menvcfg, Is.EqualTo(Envcfg.Stce | Envcfg.Pbmte | Envcfg.Adue | 0xf0));
        Assert.That(hart.TryReadCsr(0xc01, false, out _), Is.True, "time");
        Assert.That(hart.TryReadCsr(0x14d, false, out _), Is.True, "stimecmp");
        Assert.That(hart.Translate(0x1000, Core.Execution.AccessKind.Write, RiscVMmuIndex.Supervisor).Translation?.CanWrite, Is.True, "PMP");
        Assert.That(sbi.Machine.Harts.Skip(1).Select(other => other.IsHalted), Is.All.True);
    }

    [Test]
    public void Base_tells_what_there_is([Values] bool hasHosts, [Values("rv64max", "rv32max")] string isa)
    {
        using var sbi = new SbiFixture(isa, hasHosts: hasHosts);
        Assert.That(sbi.Call(Base, 0), Is.EqualTo((0L, 0x200_0000ul)));
        Assert.That(sbi.Call(Base, 1).Error, Is.Zero);
        Assert.That(sbi.Call(Base, 7).Error, Is.EqualTo(NotSupported));
        uint[] always = [Base, Time, Ipi, 0x5246_4e43, 0x48_534d, 0, 3, 4, 5, 6, 7];
        uint[] withHosts = [Srst, Dbcn, 1, 2, 8];
        foreach (uint id in always) Assert.That(sbi.Call(Base, 3, (ulong)(int)id), Is.EqualTo((0L, 1ul)), $"{id:x}");
        foreach (uint id in withHosts) Assert.That(sbi.Call(Base, 3, (ulong)(int)id), Is.EqualTo((0L, hasHosts ? 1ul : 0)), $"{id:x}");
        Assert.That(sbi.Call(Base, 3, 0x1234), Is.EqualTo((0L, 0ul)));
        Assert.That(sbi.Call(0x1234, 0).Error, Is.EqualTo(NotSupported));
    }

    [Test]
    public void Calls_go_on_after_the_instruction_and_other_exceptions_to_S()
    {
        using var sbi = new SbiFixture();
        var hart = sbi.Hart;
        hart[RiscVSlots.X(17)] = Base;
        hart.Raise(ExceptionCause.EnvironmentCallFromSupervisor);
        Assert.That((hart.ProgramCounter, hart.Privilege), Is.EqualTo((SbiFixture.Entry + 4, Privilege.Supervisor)));
        hart.SetCsr(0x105, 0x9000);
        foreach (var cause in Enum.GetValues<ExceptionCause>().Where(c => c is not (ExceptionCause.EnvironmentCallFromSupervisor
            or ExceptionCause.EnvironmentCallFromMachine or ExceptionCause.SoftwareCheck or ExceptionCause.HardwareError)))
        {
            hart.ProgramCounter = 0;
            hart.Raise(cause);
            Assert.That((hart.ProgramCounter, hart.Privilege), Is.EqualTo((0x9000ul, Privilege.Supervisor)), $"{cause}");
        }
    }

    [TestCase("rv64max")]
    [TestCase("rv64gc")]
    [TestCase("rv32gc")]
    public void The_timer_interrupts_at_its_time(string isa)
    {
        using var sbi = new SbiFixture(isa);
        var hart = sbi.Hart;
        hart.SetCsr(0x104, InterruptCause.Stip);
        hart.SetCsr(0x100, Mstatus.Sie);
        Assert.That(sbi.Call(Time, 0, 100, 0).Error, Is.Zero);
        sbi.Machine.Clock.Advance(9_999);
        Assert.That(hart.TakeInterrupt(), Is.False);
        sbi.Machine.Clock.Advance(1);
        Assert.That(hart.Pending, Is.EqualTo(InterruptCause.Stip));
        Assert.That(sbi.Call(Time, 0, ulong.MaxValue, ulong.MaxValue).Error, Is.Zero);
        Assert.That(hart.Pending, Is.Zero, "a new time clears it");
        Assert.That(sbi.Call(0, 0, 0, 0).Error, Is.Zero, "legacy");
        Assert.That(hart.TakeInterrupt(), Is.True);
        Assert.That(sbi.Call(Time, 1).Error, Is.EqualTo(NotSupported));
    }

    [Test]
    public void Interrupts_reach_the_harts_of_the_mask()
    {
        using var sbi = new SbiFixture(harts: 4);
        StartAll(sbi);
        Assert.That(sbi.Call(Ipi, 0, 0b101, 1).Error, Is.Zero);
        Assert.That(sbi.Machine.Harts.Select(h => h.Pending), Is.EqualTo(new ulong[] { 0, 2, 0, 2 }));
        Assert.That(sbi.Call(Ipi, 0, 0b11, 3).Error, Is.EqualTo(InvalidParameter), "hart 4");
        Assert.That(sbi.Call(Ipi, 0, 2, ulong.MaxValue - 1).Error, Is.EqualTo(InvalidParameter));
        Assert.That(sbi.Call(Ipi, 0, 0, ulong.MaxValue).Error, Is.Zero, "all");
        Assert.That(sbi.Machine.Harts.Select(h => h.Pending), Is.All.EqualTo(2ul));
        Assert.That(sbi.Call(3, 0).Error, Is.Zero);
        Assert.That(sbi.Hart.Pending, Is.Zero);
        sbi.Machine.Write(Buffer, 8, 1);
        Assert.That(sbi.Call(4, 0, Buffer).Error, Is.Zero);
        Assert.That(sbi.Hart.Pending, Is.EqualTo(2ul));
    }

    [TestCase(0u, 0u, "off 0")]
    [TestCase(0u, 1u, "off 1")]
    [TestCase(0u, 0xe000_0001u, "off 1")]
    [TestCase(1u, 0u, "reset")]
    [TestCase(2u, 1u, "reset")]
    [TestCase(3u, 0u, null, InvalidParameter)]
    [TestCase(0xf000_0000u, 0u, null, NotSupported)]
    [TestCase(0u, 2u, null, InvalidParameter)]
    public void System_reset(uint type, uint reason, string? request, long error = 0)
    {
        using var sbi = new SbiFixture();
        Assert.That(sbi.Call(Srst, 0, (ulong)(int)type, (ulong)(int)reason).Error, Is.EqualTo(error));
        Assert.That(sbi.Control.Requests, request is null ? Is.Empty : Is.EqualTo(new[] { request }));
        sbi.Machine.Service(sbi.Hart);
        Assert.That(sbi.Hart.IsHalted, Is.EqualTo(request is not null), "nothing is executed after it");
    }

    [Test]
    public void Legacy_shutdown()
    {
        using var sbi = new SbiFixture();
        sbi.Call(8, 0);
        Assert.That(sbi.Control.Requests, Is.EqualTo(new[] { "off 0" }));
    }

    [Test]
    public void The_debug_console_moves_bytes_of_physical_memory([Values("rv64max", "rv32max")] string isa)
    {
        using var sbi = new SbiFixture(isa);
        byte[] text = [.. Enumerable.Range(0, 5000).Select(i => (byte)i)];
        Assert.That(sbi.Machine.Memory.TryWrite(new Core.Memory.GuestPhysicalAddress(Buffer), text), Is.True);
        ulong buffer = isa == "rv64max" ? Buffer : unchecked((ulong)(int)(uint)Buffer);
        Assert.That(sbi.Call(Dbcn, 0, 10, buffer, 0), Is.EqualTo((0L, 10ul)));
        Assert.That(sbi.Call(Dbcn, 0, 5000, buffer, 0), Is.EqualTo((0L, 4096ul)));
        Assert.That(sbi.Console.Output, Is.EqualTo(text[..10].Concat(text[..4096])));
        sbi.Console.Room = 3;
        Assert.That(sbi.Call(Dbcn, 0, 10, buffer, 0), Is.EqualTo((0L, 3ul)));
        sbi.Console.Room = 0;
        Assert.That(sbi.Call(Dbcn, 2, 65).Error, Is.EqualTo(-1L));
        sbi.Console.Room = 1;
        Assert.That(sbi.Call(Dbcn, 2, 65), Is.EqualTo((0L, 0ul)));

        foreach (byte b in "abc"u8) sbi.Console.Input.Enqueue(b);
        Assert.That(sbi.Call(Dbcn, 1, 100, 0x100, 0).Error, Is.EqualTo(InvalidParameter), "not in memory: no input is lost");
        Assert.That(sbi.Call(Dbcn, 0, 100, buffer, 1).Error, Is.EqualTo(InvalidParameter), "above 4 GiB there is no memory");
        Assert.That(sbi.Call(Dbcn, 1, 2, buffer, 0), Is.EqualTo((0L, 2ul)));
        Assert.That(sbi.Machine.Read(Buffer, 4), Is.EqualTo(0x0302_6261ul));
        Assert.That(sbi.Call(2, 0).Error, Is.EqualTo('c'));
        Assert.That(sbi.Call(2, 0).Error, Is.EqualTo(-1L));
        Assert.That(sbi.Call(Dbcn, 1, 2, buffer, 0), Is.EqualTo((0L, 0ul)));
    }

    [Test]
    public void Random_calls_never_throw([Values("rv64max", "rv32gc")] string isa)
    {
        int seed = TestContext.CurrentContext.Random.Next();
        var random = new Random(seed);
        using var sbi = new SbiFixture(isa, harts: 3);
        uint[] ids = [Base, Time, Ipi, 0x5246_4e43, 0x48_534d, Srst, Dbcn, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x53_5553];
        for (int i = 0; i < 20_000; i++)
        {
            var hart = random.GetItems(sbi.Machine.Harts, 1)[0];
            hart.Registers.Privilege = Privilege.Supervisor;
            ulong[] arguments = [.. Enumerable.Range(0, 6).Select(_ => Argument())];
            Assert.That(() => SbiFixture.Call(hart, random.GetItems(ids, 1)[0], (ulong)random.Next(5), arguments), Throws.Nothing, $"seed {seed} {i}");
            foreach (var other in sbi.Machine.Harts) sbi.Machine.Service(other);
        }

        ulong Argument() => random.Next(6) switch
        {
            0 => (ulong)random.Next(5),
            1 => ulong.MaxValue,
            2 => HartFixture.RamStart + (ulong)random.Next((int)HartFixture.RamLength),
            3 => 1ul << random.Next(64),
            _ => (ulong)random.NextInt64(),
        };
    }

    private static void StartAll(SbiFixture sbi)
    {
        for (ulong i = 1; i < (ulong)sbi.Machine.Harts.Length; i++)
        {
            Assert.That(sbi.Call(0x48_534d, 0, i, SbiFixture.Entry, 0).Error, Is.Zero);
            sbi.Machine.Service(sbi.Machine.Harts[i]);
        }
    }
}
