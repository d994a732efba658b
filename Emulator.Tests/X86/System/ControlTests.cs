using Emulator.Arch.X86;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Tests.X86.System;

/// <summary>Control registers, MSRs, CPUID, ports and privileged instructions.</summary>
[TestFixture]
internal sealed class ControlTests
{
    private static readonly string[] Privileged =
    [
        "f4", "fa", "fb", "0f06", "0f08", "0f09", "0f30", "0f32", "0f33", "0f20c0", "0f22d8", "0f21c0", "0f23c0", "0f0100"[..4] + "3d00000000",
        "0f011500000000", "0f011d00000000", "0f01f0", "0f00d0", "0f00d8", "0f35", "0f01f8"[..0] + "e410", "e610", "ec", "6c", "6e",
    ];

    [TestCaseSource(nameof(Privileged))]
    public void Level_3_may_not(string code)
    {
        using var fixture = new SystemFixture().EnterProtected(cpl: 3);
        fixture.Write(SystemFixture.CodeStart, Convert.FromHexString(code));
        fixture.Cpu.ProgramCounter = SystemFixture.CodeStart;
        fixture.Run();
        Assert.That(fixture.HaltedVector, Is.EqualTo((int)X86Exception.GeneralProtection));
        Assert.That(fixture.Read(fixture[Register.RSP], 4), Is.Zero);
        Assert.That(fixture.Read(fixture[Register.RSP] + 4, 4), Is.EqualTo(SystemFixture.CodeStart));
    }

    [TestCase(0, Cr0.Pg, Description = "paging without protection")]
    [TestCase(0, Cr0.Pe | Cr0.Nw)]
    [TestCase(0, 1ul << 32)]
    [TestCase(4, 1ul << 31)]
    [TestCase(4, Cr4.PcidE, Description = "outside IA-32e mode")]
    [TestCase(8, 16ul)]
    public void Control_registers_refuse(int number, ulong value)
    {
        using var fixture = new SystemFixture().EnterProtected();
        ulong before = fixture.Cpu.ReadControl(number);
        Assert.That(fixture.Cpu.WriteControl(number, value), Is.EqualTo(X86Fault.GeneralProtection()));
        Assert.That(fixture.Cpu.ReadControl(number), Is.EqualTo(before));
    }

    [TestCase(0, Cr0.Pe | Cr0.Et, Description = "paging off in 64-bit code")]
    [TestCase(4, 0ul, Description = "PAE off")]
    [TestCase(4, Cr4.Pae | Cr4.La57)]
    [TestCase(3, 1ul << 41)]
    public void Control_registers_refuse_in_long_mode(int number, ulong value)
    {
        using var fixture = new SystemFixture().EnterLong();
        Assert.That(fixture.Cpu.WriteControl(number, value), Is.EqualTo(X86Fault.GeneralProtection()));
    }

    [Test]
    public void Model_specific_registers_are_a_table()
    {
        using var fixture = new SystemFixture().EnterLong();
        foreach (var register in ModelSpecificRegisters.All)
        {
            Assert.That(ModelSpecificRegisters.Read(fixture.Cpu, register.Number, out ulong value), Is.Null, register.Name);
            if (register.Write is null || register.Name == "IA32_TIME_STAMP_COUNTER") continue;
            Assert.That(ModelSpecificRegisters.Write(fixture.Cpu, register.Number, value), Is.Null, register.Name);
            ModelSpecificRegisters.Read(fixture.Cpu, register.Number, out ulong again);
            Assert.That(again, Is.EqualTo(value), register.Name);
        }

        Assert.That(ModelSpecificRegisters.Read(fixture.Cpu, 0x1234_5678, out _), Is.EqualTo(X86Fault.GeneralProtection()));
        Assert.That(ModelSpecificRegisters.Write(fixture.Cpu, 0xc000_0082, 1ul << 60), Is.EqualTo(X86Fault.GeneralProtection()));
        Assert.That(ModelSpecificRegisters.Write(fixture.Cpu, 0x277, 2), Is.EqualTo(X86Fault.GeneralProtection()));
    }

    [Test]
    public void CPUID_shows_what_there_is()
    {
        var identification = new X86Architecture().Identification;
        var names = identification.Names.Select(static f => f.Name).ToHashSet();
        Assert.That(names, Is.SupersetOf(new[] { "PAE", "PSE", "PGE", "CX8", "CMPXCHG16B", "LM", "NX", "SYSCALL", "SEP", "SMEP", "SMAP", "LA57", "FSGSBASE", "RDTSCP" }));
        Assert.That(names, Does.Not.Contain("APIC"));
        Assert.That(identification.Query(1, 0, 0).Edx & 0x40, Is.EqualTo(0x40), "PAE");
        Assert.That(identification.Query(0x8000_0008, 0, 0).Eax, Is.EqualTo(0x3928));
        Assert.That(identification.Query(7, 1, 0), Is.EqualTo(default(CpuidResult)));
        Assert.That(identification.Query(0x1234, 0, 0), Is.EqualTo(identification.Query(0x15, 0, 0)), "the last basic leaf");
    }

    [TestCase(0x3f8, 1, 0x00, true)]
    [TestCase(0x3f8, 1, 0x01, false)]
    [TestCase(0x3f8, 2, 0x02, false)]
    [TestCase(0x3ff, 2, 0x7f, true)]
    [TestCase(0x3fe, 4, 0x3f, true)]
    public void The_permission_map_of_the_TSS_admits_ports(int port, int size, int bits, bool isAdmitted)
    {
        using var fixture = new SystemFixture().EnterProtected(cpl: 3);
        fixture.Write(SystemFixture.Tss + 0x66, 2, 0x100);
        fixture.Write(SystemFixture.Tss + 0x100 + 0x7f, 1, (ulong)bits);
        Assert.That(fixture.Cpu.CheckPort((ushort)port, size), Is.EqualTo(isAdmitted ? (GuestFault?)null : X86Fault.GeneralProtection()));
        fixture.Cpu.Registers.Tr = fixture.Cpu.Registers.Tr with { Limit = 0x100 + 0x7f };
        Assert.That(fixture.Cpu.CheckPort((ushort)port, size), Is.EqualTo(X86Fault.GeneralProtection()), "two bytes have to be there");
        fixture.Cpu.EFlags |= Eflags.Iopl;
        Assert.That(fixture.Cpu.CheckPort((ushort)port, size), Is.Null);
    }

    [Test]
    public void Ports_are_read_and_written([Values(EngineKind.Reference, EngineKind.Interpreter, EngineKind.Jit)] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterProtected();
        fixture.Ports.Values[0x70] = 0x8765_4321;
        fixture.Write(0x5000, 4, 0x0403_0201);
        fixture[Register.RDX] = 0x70;
        fixture.Run(32, static a =>
        {
            a.mov(eax, -1);
            a.@in(al, dx);
            a.@out(0x80, ax);
            a.@in(eax, 0x70);
            a.mov(ecx, 3);
            a.mov(edi, 0x5100);
            a.rep.insw();
            a.mov(ecx, 4);
            a.mov(esi, 0x5000);
            a.rep.outsb();
            a.hlt();
        });
        Assert.That(fixture[Register.RAX], Is.EqualTo(0x8765_4321));
        Assert.That(fixture.Read(0x5100, 8), Is.EqualTo(0x0000_4321_4321_4321));
        Assert.That(
            fixture.Ports.Writes,
            Is.EqualTo(new[] { ((ushort)0x80, 2, 0xff21ul), ((ushort)0x70, 1, 1ul), ((ushort)0x70, 1, 2ul), ((ushort)0x70, 1, 3ul), ((ushort)0x70, 1, 4ul) }));
    }

    [Test]
    public void Without_a_unit_x87_is_found_absent()
    {
        using var fixture = new SystemFixture().EnterProtected();
        fixture.Run(32, static a =>
        {
            a.mov(ax, 0x5a5a);
            a.fninit();
            a.fnstsw(ax);
            a.wait();
            a.fldz();
        });
        Assert.That(fixture[Register.RAX] & 0xffff, Is.EqualTo(0x5a5a));
        Assert.That(fixture.HaltedVector, Is.EqualTo((int)X86Exception.InvalidOpcode));
        fixture.EnterProtected();
        fixture.Cpu.Registers.Cr0 |= Cr0.Em;
        fixture.Run(32, static a => a.fninit());
        Assert.That(fixture.HaltedVector, Is.EqualTo((int)X86Exception.DeviceNotAvailable));
    }

    [Test]
    public void Real_mode_keeps_limits_of_protected_mode()
    {
        using var fixture = new SystemFixture().EnterProtected();
        var cpu = fixture.Cpu;
        Assert.That(cpu.LoadSegment(X86Cpu.Ds, SystemFixture.Data0), Is.Null);
        cpu.WriteControl(0, Cr0.Et);
        cpu.LoadSegment(X86Cpu.Ds, 0x1000);
        Assert.That(cpu.TryGetLinear(new SegmentAccess(X86Cpu.Ds, 4, true), 0x10_0000, out ulong linear, out _), Is.True);
        Assert.That(linear, Is.EqualTo(0x11_0000));
    }

    [Test]
    public void A20_masks_an_address_bit()
    {
        using var fixture = new SystemFixture().EnterProtected();
        fixture.Cpu.AddressMask = ~(1ul << 20);
        fixture.Write(0x5000, 4, 0x1111);
        fixture.Run(32, static a =>
        {
            a.mov(eax, __dword_ptr[0x10_5000]);
            a.hlt();
        });
        Assert.That(fixture[Register.RAX], Is.EqualTo(0x1111));
    }
}
