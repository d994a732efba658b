using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Privileged;

namespace Emulator.Tests.RiscV.Privileged;

/// <summary>Properties of the table of CSRs, for every number, and the legal values of the ones that choose.</summary>
[TestFixture]
public sealed class CsrTests
{
    private static readonly string[] Configurations = ["rv64max", "rv32max", "rv64gc", "rv32imac", "rv64imac,-s", "rv32imc,-s,-u", "rv64max,+svade"];

    // Registers whose value moves by itself, or which are not state.
    private static readonly string[] Moving = ["mcycle", "minstret", "cycle", "instret", "time"];

    [Test]
    public void Access_follows_privilege_presence_and_direction([ValueSource(nameof(Configurations))] string isa)
    {
        using var machine = new HartFixture(isa);
        var hart = machine.Hart;
        var names = new CsrTable(hart.Isa).Present.ToDictionary(row => (uint)row.Number, row => row.Name);
        foreach (var privilege in Privileges(hart))
        {
            for (uint number = 0; number < 4096; number++)
            {
                OpenAll(hart);
                hart.Registers.Privilege = privilege;
                bool isAllowed = names.ContainsKey(number) && ((number >> 8) & 3) <= (uint)privilege;
                bool isReadOnly = number >= 0xc00;
                string What() => $"{isa} {number:x} {names.GetValueOrDefault(number)} in {privilege}";
                bool isSeed = number == 0x015;
                Check.Same(hart.TryReadCsr(number, false, out _), isAllowed && !isSeed, () => "read " + What());
                Check.Same(hart.TryReadCsr(number, true, out ulong value), isAllowed && !isReadOnly, () => "read to write " + What());
                Check.Same(hart.TryWriteCsr(number, value), isAllowed && !isReadOnly, () => "write " + What());
                Check.Same(hart.TryExchangeCsr(number, 0, 0, out _), isAllowed && !isReadOnly, () => "exchange " + What());
            }
        }
    }

    [Test]
    public void What_is_read_can_be_written_and_is_read_again([ValueSource(nameof(Configurations))] string isa)
    {
        int seed = TestContext.CurrentContext.Random.Next();
        var random = new Random(seed);
        using var machine = new HartFixture(isa);
        var hart = machine.Hart;
        foreach (var row in new CsrTable(hart.Isa).Present.Where(row => !row.IsReadOnly && !row.IsWriteOnly && !Moving.Contains(row.Name.TrimEnd('h'))))
        {
            uint number = (uint)row.Number;
            for (int i = 0; i < 200; i++)
            {
                hart.Registers.Status |= Mstatus.Fs;
                ulong wanted = i switch
                {
                    0 => ulong.MaxValue,
                    1 => 0,
                    < 66 => 1ul << (i - 2),
                    _ => (ulong)random.NextInt64() & (ulong)random.NextInt64(),
                };
                hart.SetCsr(number, wanted);
                ulong first = hart.Csr(number);
                hart.SetCsr(number, first);
                Check.Same(hart.Csr(number), first, () => $"seed {seed} {isa} {row.Name} after {wanted:x}");
                if (!hart.Isa.Is64) Check.Same(first, (ulong)(int)first, () => $"{row.Name} is sign-extended");
            }

            hart.Reset();
        }
    }

    [Test]
    public void Names_are_those_of_the_assembler()
    {
        foreach (var row in CsrTable.All) Assert.That(row.Name, Is.EqualTo(CsrNames.Of(row.Number)), $"{row.Number:x}");
        Assert.That(CsrTable.All.GroupBy(row => row.Number).Where(g => g.Count() > 1).Select(g => g.Key), Is.Empty);
    }

    [TestCase("rv64gc", 0x301u, 0x8000_0000_0014_112dul)]
    [TestCase("rv32imac", 0x301u, 0x4014_1105ul)]
    [TestCase("rv64gc", 0x300u, 0xa_0000_0000ul)]
    [TestCase("rv32gc", 0x300u, 0ul)]
    [TestCase("rv64gc", 0x3a0u, 0ul)]
    public void Reset_values(string isa, uint number, ulong value)
    {
        using var machine = new HartFixture(isa);
        Assert.That(machine.Hart.Csr(number), Is.EqualTo(value));
    }

    // mstatus: all ones keeps MIE MPIE SIE SPIE SPP FS MPP MPRV SUM MXR TVM TW TSR, SD, UXL and SXL; MPP = 2 is not a privilege.
    [TestCase("rv64gc", 0x300u, ulong.MaxValue, 0x8000_000a_007e_79aaul)]
    [TestCase("rv32gc", 0x300u, ulong.MaxValue, 0xffff_ffff_807e_79aaul)]
    [TestCase("rv64imac", 0x300u, ulong.MaxValue, 0xa_007e_19aaul)]
    [TestCase("rv64imac,-s", 0x300u, ulong.MaxValue, 0x2_0022_1888ul)]
    [TestCase("rv64imac,-s,-u", 0x300u, ulong.MaxValue, 0x1888ul)]
    [TestCase("rv64gc", 0x300u, 0x1000ul, 0xa_0000_0000ul)]
    [TestCase("rv64gc", 0x100u, ulong.MaxValue, 0x8000_0002_000c_6122ul)]
    [TestCase("rv32gc", 0x100u, ulong.MaxValue, 0xffff_ffff_800c_6122ul)]
    [TestCase("rv64gc", 0x302u, ulong.MaxValue, 0xb3fful)]
    [TestCase("rv64gc", 0x303u, ulong.MaxValue, 0x222ul)]
    [TestCase("rv64gc", 0x304u, ulong.MaxValue, 0xaaaul)]
    [TestCase("rv64imac,-s", 0x304u, ulong.MaxValue, 0x888ul)]
    [TestCase("rv64gc", 0x305u, ulong.MaxValue, 0xffff_ffff_ffff_fffdul)]
    [TestCase("rv64gc", 0x341u, ulong.MaxValue, 0xffff_ffff_ffff_fffeul)]
    [TestCase("rv64g", 0x341u, ulong.MaxValue, 0xffff_ffff_ffff_fffcul)]
    [TestCase("rv64gc", 0x344u, ulong.MaxValue, 0x222ul)]
    [TestCase("rv64gc", 0x320u, ulong.MaxValue, 5ul)]
    [TestCase("rv64gc", 0x306u, ulong.MaxValue, 0xffff_fffful)]
    [TestCase("rv64gc", 0x30au, ulong.MaxValue, 1ul)]
    [TestCase("rv64max", 0x30au, ulong.MaxValue, 0xe000_0000_0000_00f1ul)]
    [TestCase("rv64max", 0x30au, 0x20ul, 0ul)]
    [TestCase("rv32max", 0x31au, ulong.MaxValue, 0xffff_ffff_a000_0000ul)]
    [TestCase("rv64max", 0x10au, ulong.MaxValue, 0xf1ul)]
    [TestCase("rv64max", 0x747u, ulong.MaxValue, 0x300ul)]
    [TestCase("rv64max", 0x30cu, ulong.MaxValue, 0xc000_0000_0000_0000ul)]
    [TestCase("rv64max", 0x30du, ulong.MaxValue, 0x8000_0000_0000_0000ul)]
    [TestCase("rv64gc", 0x180u, 0x8fff_ffff_ffff_fffful, 0x8fff_ffff_ffff_fffful)]
    [TestCase("rv64gc", 0x180u, 0x9000_0000_0000_0001ul, 0ul)]
    [TestCase("rv64max", 0x180u, 0xa000_0000_0000_0001ul, 0xa000_0000_0000_0001ul)]
    [TestCase("rv64max", 0x180u, 0xb000_0000_0000_0001ul, 0ul)]
    [TestCase("rv32gc", 0x180u, 0x8000_0001ul, 0xffff_ffff_8000_0001ul)]
    [TestCase("rv64gc", 0x3b0u, ulong.MaxValue, 0x3f_ffff_ffff_fffful)]
    [TestCase("rv64gc", 0x3a0u, 0x6200ul, 0x0ul)]
    [TestCase("rv64gc", 0x002u, 0xfful, 7ul)]
    [TestCase("rv64gc", 0x003u, ulong.MaxValue, 0xfful)]
    public void Only_legal_values_are_kept(string isa, uint number, ulong written, ulong read)
    {
        using var machine = new HartFixture(isa);
        var hart = machine.Hart;
        if (number < 0x100) hart.SetCsr(0x300, Mstatus.Fs);
        hart.SetCsr(number, written);
        Assert.That(hart.Csr(number), Is.EqualTo(read), $"{hart.Csr(number):x}");
    }

    [Test]
    public void Floating_point_registers_need_FS_and_make_it_dirty()
    {
        using var machine = new HartFixture();
        var hart = machine.Hart;
        for (uint number = 1; number <= 3; number++)
        {
            hart.SetCsr(0x300, 0);
            Assert.That(hart.TryReadCsr(number, false, out _), Is.False);
            hart.SetCsr(0x300, 1 << Mstatus.FsShift);
            Assert.That(hart.TryReadCsr(number, false, out _), Is.True);
            Assert.That(hart.FloatStatus, Is.EqualTo(ExtensionStatus.Initial), "reading changes nothing");
            hart.SetCsr(number, 0x1f);
            Assert.That(hart.FloatStatus, Is.EqualTo(ExtensionStatus.Dirty));
        }

        hart.SetCsr(3, 0xa5);
        Assert.That((hart.Csr(1), hart.Csr(2), hart.Csr(3)), Is.EqualTo((5ul, 5ul, 0xa5ul)));
        Assert.That(RiscVMode.Unpack(hart.Mode), Is.EqualTo(new RiscVMode(Privilege.Machine, RiscVMmuIndex.Machine, IsFloatOn: true, 5)));
    }

    [Test]
    public void Counters_are_enabled_from_above([Values("rv64max", "rv64max,-s")] string isa)
    {
        using var machine = new HartFixture(isa);
        var hart = machine.Hart;
        bool hasSupervisor = hart.Isa.Has(RiscVExtension.S);
        for (int counter = 0; counter < 32; counter++)
        {
            for (uint enables = 0; enables < 4; enables++)
            {
                hart.Registers.Mcounteren = (enables & 1) << counter;
                hart.Registers.Scounteren = ((enables >> 1) & 1) << counter;
                foreach (var privilege in Privileges(hart))
                {
                    hart.Registers.Privilege = privilege;
                    bool isAllowed = privilege switch
                    {
                        Privilege.Machine => true,
                        Privilege.Supervisor => (enables & 1) != 0,
                        _ => hasSupervisor ? enables == 3 : (enables & 1) != 0,
                    };
                    Assert.That(hart.TryReadCsr(0xc00u + (uint)counter, false, out _), Is.EqualTo(isAllowed), $"{isa} {counter} {enables} {privilege}");
                }
            }
        }
    }

    [Test]
    public void Guards_of_supervisor_registers()
    {
        using var machine = new HartFixture();
        var hart = machine.Hart;
        AssertGuard(hart, 0x180, h => h.WriteMstatus(Mstatus.Tvm), h => h.WriteMstatus(0), "satp and TVM");
        AssertGuard(hart, 0x10a, h => h.WriteMstateen(0, Mstateen.Sstateen), h => h.WriteMstateen(0, Mstateen.Envcfg), "senvcfg");
        AssertGuard(hart, 0x10c, h => h.WriteMstateen(0, Mstateen.Envcfg), h => h.WriteMstateen(0, Mstateen.Sstateen), "sstateen0");
        AssertGuard(hart, 0x10f, h => h.WriteMstateen(3, 0), h => h.WriteMstateen(3, Mstateen.Sstateen), "sstateen3");
        AssertGuard(hart, 0x14d, h => SetTimerAccess(h, 0, Envcfg.Stce), h => SetTimerAccess(h, 2, Envcfg.Stce), "stimecmp and TM");
        AssertGuard(hart, 0x14d, h => SetTimerAccess(h, 2, 0), h => SetTimerAccess(h, 2, Envcfg.Stce), "stimecmp and STCE");

        static void SetTimerAccess(RiscVHart hart, uint counters, ulong menvcfg)
        {
            hart.Registers.Mcounteren = counters;
            hart.WriteMenvcfg(menvcfg);
        }
    }

    [Test]
    public void The_seed_is_read_by_writing_and_where_it_is_enabled()
    {
        using var machine = new HartFixture();
        var hart = machine.Hart;
        Assert.That(hart.TryExchangeCsr(0x015, 0, 0, out ulong seed), Is.True);
        Assert.That(seed, Is.EqualTo(0x8000_1234ul));
        foreach (var (bits, privilege) in (ReadOnlySpan<(ulong, Privilege)>)[(Mseccfg.Sseed, Privilege.Supervisor), (Mseccfg.Useed, Privilege.User)])
        {
            hart.Registers.Privilege = privilege;
            hart.WriteMseccfg((Mseccfg.Sseed | Mseccfg.Useed) & ~bits);
            Assert.That(hart.TryExchangeCsr(0x015, 0, 0, out _), Is.False, $"{privilege}");
            hart.WriteMseccfg(bits);
            Assert.That(hart.TryExchangeCsr(0x015, 0, 0, out _), Is.True, $"{privilege}");
        }
    }

    [Test]
    public void Counters_can_be_written_and_inhibited([Values("rv64max", "rv32max")] string isa)
    {
        using var machine = new HartFixture(isa);
        var hart = machine.Hart;
        foreach (uint number in (uint[])[0xb00, 0xb02])
        {
            hart.SetCsr(0x320, 0);
            hart.SetCsr(number, 1000);
            Assert.That(hart.Csr(number), Is.EqualTo(999ul), "no instruction was counted since; the next would read 1000");
            hart.SetCsr(0x320, 5);
            Assert.That(hart.Csr(number), Is.EqualTo(1000ul));
            hart.SetCsr(number, 5);
            Assert.That(hart.Csr(number), Is.EqualTo(5ul));
            if (hart.Isa.Is64) continue;
            hart.SetCsr(number + 0x80, 7);
            Assert.That((hart.Csr(number), hart.Csr(number + 0x80), hart.Csr(number + 0x180)), Is.EqualTo((5ul, 7ul, 7ul)));
        }
    }

    [Test]
    public void Time_is_the_clock_in_ticks_of_100_ns([Values("rv64max", "rv32max")] string isa)
    {
        using var machine = new HartFixture(isa);
        machine.Clock.Advance((0x1_2345_6789ul * 100) + 99);
        ulong low = machine.Hart.Csr(0xc01);
        Assert.That(low, Is.EqualTo(isa == "rv64max" ? 0x1_2345_6789ul : 0x2345_6789ul));
        if (isa == "rv32max") Assert.That(machine.Hart.Csr(0xc81), Is.EqualTo(1ul));
    }

    [Test]
    public void State_comes_back_as_it_was_saved()
    {
        using var machine = new HartFixture();
        using var other = new HartFixture();
        var hart = machine.Hart;
        var random = new Random(1);
        foreach (var row in new CsrTable(hart.Isa).Present.Where(row => !row.IsReadOnly && row.Name != "satp"))
        {
            hart.Registers.Status |= Mstatus.Fs;
            hart.SetCsr((uint)row.Number, (ulong)random.NextInt64() & ~(ulong)PmpConfig.L);
        }

        var state = hart.Save();
        other.Hart.Restore(state);
        Assert.That(other.Hart.Save(), Is.EqualTo(state));
        hart.Registers.Status |= Mstatus.Fs;
        other.Hart.Registers.Status |= Mstatus.Fs;
        foreach (var row in new CsrTable(hart.Isa).Present.Where(row => row is { IsWriteOnly: false } && row.Name is not ("fflags" or "fcsr")))
        {
            Assert.That(other.Hart.Csr((uint)row.Number), Is.EqualTo(hart.Csr((uint)row.Number)), row.Name);
        }
    }

    private static void AssertGuard(RiscVHart hart, uint number, Action<RiscVHart> close, Action<RiscVHart> open, string what)
    {
        foreach (bool isOpen in (bool[])[false, true])
        {
            (isOpen ? open : close)(hart);
            hart.Registers.Privilege = Privilege.Supervisor;
            Assert.That(hart.TryReadCsr(number, false, out _), Is.EqualTo(isOpen), $"{what} {isOpen}");
            hart.Registers.Privilege = Privilege.Machine;
            Assert.That(hart.TryReadCsr(number, false, out _), Is.True, $"{what} in M");
        }
    }

    private static void OpenAll(RiscVHart hart)
    {
        hart.Registers.Privilege = Privilege.Machine;
        hart.Registers.Status = Mstatus.Fs;
        hart.Registers.Mcounteren = hart.Registers.Scounteren = uint.MaxValue;
        hart.Registers.Menvcfg = Envcfg.Stce;
        hart.Registers.Mseccfg = Mseccfg.Sseed | Mseccfg.Useed;
        for (int i = 0; i < Mstateen.Count; i++) hart.Registers.Mstateen[i] = ulong.MaxValue;
    }

    private static IEnumerable<Privilege> Privileges(RiscVHart hart)
    {
        yield return Privilege.Machine;
        if (hart.Isa.Has(RiscVExtension.S)) yield return Privilege.Supervisor;
        if (hart.Isa.Has(RiscVExtension.U)) yield return Privilege.User;
    }
}
