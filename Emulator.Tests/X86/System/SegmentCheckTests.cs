using Emulator.Arch.X86;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;

namespace Emulator.Tests.X86.System;

/// <summary>Every kind of descriptor at every level, against the rules of the manual written down a second time as tables of conditions.</summary>
[TestFixture]
internal sealed class SegmentCheckTests
{
    private const int Tested = SystemFixture.Free;

    private static readonly (int Access, int Rpl, int Cpl)[] Cases =
        [.. from access in Enumerable.Range(0, 256) from rpl in Enumerable.Range(0, 4) from cpl in Enumerable.Range(0, 4) select (access, rpl, cpl)];

    [Test]
    public void Data_segments_are_loaded_by_the_rules_of_5_6()
    {
        using var fixture = new SystemFixture().EnterProtected();
        foreach (var (access, rpl, cpl) in Cases)
        {
            fixture.SetDescriptor(Tested, 0x12_3456, 0x789, (byte)access, is32: true);
            fixture.Cpu.Registers.Cpl = (byte)cpl;
            int dpl = (access >> 5) & 3;
            bool isNotSystem = (access & 0x10) != 0;
            bool isCode = (access & 8) != 0;
            bool isReadable = isNotSystem && (!isCode || (access & 2) != 0);
            bool isConforming = isCode && (access & 4) != 0;
            uint? expected = !isReadable || (!isConforming && (rpl > dpl || cpl > dpl)) ? 13u : (access & 0x80) == 0 ? 11 : null;
            var fault = fixture.Cpu.LoadSegment(X86Cpu.Ds, (ushort)(Tested | rpl));
            Expect(fault, expected, access, rpl, cpl);
            if (expected is null) Assert.That(fixture.Read(SystemFixture.Gdt + Tested + 5, 1), Is.EqualTo((uint)access | 1), "the accessed bit");
        }
    }

    [Test]
    public void Stack_segments_are_loaded_by_the_rules_of_5_7()
    {
        using var fixture = new SystemFixture().EnterProtected();
        foreach (var (access, rpl, cpl) in Cases)
        {
            fixture.SetDescriptor(Tested, 0, 0x789, (byte)access, is32: true);
            fixture.Cpu.Registers.Cpl = (byte)cpl;
            bool isWritableData = (access & 0x1a) == 0x12;
            uint? expected = !isWritableData || rpl != cpl || ((access >> 5) & 3) != cpl ? 13u : (access & 0x80) == 0 ? 12 : null;
            Expect(fixture.Cpu.LoadSegment(X86Cpu.Ss, (ushort)(Tested | rpl)), expected, access, rpl, cpl);
        }
    }

    [Test]
    public void Far_jumps_enter_code_by_the_rules_of_5_8_1()
    {
        using var fixture = new SystemFixture().EnterProtected();
        foreach (var (access, rpl, cpl) in Cases)
        {
            bool isSystem = (access & 0x10) == 0;
            if (isSystem && (access & 0xf) is 1 or 4 or 5 or 9 or 12) continue; // gates and tasks have tests of their own
            fixture.SetDescriptor(Tested, 0, 0xffff, (byte)access, is32: true);
            fixture.Cpu.Registers.Cpl = (byte)cpl;
            int dpl = (access >> 5) & 3;
            bool isCode = (access & 0x18) == 0x18;
            bool isAllowed = isCode && ((access & 4) != 0 ? dpl <= cpl : dpl == cpl && rpl <= cpl);
            uint? expected = !isAllowed ? 13u : (access & 0x80) == 0 ? 11 : null;
            Expect(FarTransfer.Go(fixture.Cpu, (ushort)(Tested | rpl), 0x1234, 4, isCall: false, 0x10005), expected, access, rpl, cpl);
            if (expected is not null) continue;
            Assert.That(fixture.Cpu.ProgramCounter, Is.EqualTo(0x1234));
            Assert.That(fixture.Cpu.Registers.Segments[X86Cpu.Cs].Selector, Is.EqualTo(Tested | cpl), "RPL of CS is the CPL");
        }
    }

    [Test]
    public void Selectors_outside_their_table_fault_with_the_selector()
    {
        using var fixture = new SystemFixture().EnterProtected();
        fixture.Cpu.Registers.Gdtr = new TableRegister(SystemFixture.Gdt, Tested + 6); // one byte short
        Expect(fixture.Cpu.LoadSegment(X86Cpu.Ds, Tested | 3), 13, 0, 3, 0);
        Assert.That(fixture.Cpu.LoadSegment(X86Cpu.Es, Tested | 4)!.Value.Value, Is.EqualTo(Tested | 4), "no LDT, TI set");
        Assert.That(fixture.Cpu.LoadSegment(X86Cpu.Fs, 3), Is.Null, "null in any disguise");
        Assert.That(fixture.Cpu.LoadSegment(X86Cpu.Ss, 0)!.Value.Value, Is.Zero);
    }

    [TestCase(0x93, 0xfffu, 0u, 4, true)]
    [TestCase(0x93, 0xfffu, 0xffcu, 4, true)]
    [TestCase(0x93, 0xfffu, 0xffdu, 4, false)]
    [TestCase(0x93, 0xfffu, 0xffffffffu, 2, false)]
    [TestCase(0x97, 0xfffu, 0xfffu, 1, false, Description = "expand-down: the limit is below the segment")]
    [TestCase(0x97, 0xfffu, 0x1000u, 4, true)]
    [TestCase(0x97, 0xfffu, 0xfffffffcu, 4, true)]
    [TestCase(0x97, 0xfffu, 0xfffffffdu, 4, false)]
    public void Limits_are_checked(int access, uint limit, uint offset, int bytes, bool isInside)
    {
        using var fixture = new SystemFixture().EnterProtected();
        fixture.SetDescriptor(Tested, 0x100, limit, (byte)access, is32: true);
        Assert.That(fixture.Cpu.LoadSegment(X86Cpu.Es, Tested), Is.Null);
        bool isPermitted = fixture.Cpu.TryGetLinear(new SegmentAccess(X86Cpu.Es, bytes, true), offset, out ulong linear, out var fault);
        Assert.That(isPermitted, Is.EqualTo(isInside));
        if (isInside) Assert.That(linear, Is.EqualTo((uint)(0x100 + offset)));
        else Assert.That(fault, Is.EqualTo(X86Fault.GeneralProtection()));
    }

    private static void Expect(GuestFault? fault, uint? vector, int access, int rpl, int cpl)
    {
        if (fault?.Code != vector) Assert.That(fault?.Code, Is.EqualTo(vector), $"access {access:x2}, RPL {rpl}, CPL {cpl}");
        if (fault is { } raised && raised.Value != (Tested & 0xfffc)) Assert.That(raised.Value, Is.EqualTo(Tested), $"error code of access {access:x2}");
    }
}
