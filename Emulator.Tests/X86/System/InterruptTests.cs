using Emulator.Arch.X86;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Tests.X86.System;

/// <summary>Interrupts and exceptions in all modes: frames, error codes, stacks, shadows, nesting. On every engine.</summary>
[TestFixture]
internal sealed class InterruptTests
{
    private static readonly EngineKind[] Kinds = [EngineKind.Reference, EngineKind.Interpreter, EngineKind.Jit];

    [Test]
    public void Real_mode_uses_the_vector_table([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind);
        fixture.Write((0x21 * 4) + SystemFixture.Idt, 4, 0x2000_0210);
        var cpu = fixture.Cpu;
        for (int i = 0; i < 6; i++) cpu.LoadRealSegment(i, 0x1000);
        cpu.Registers.Idtr = new TableRegister(SystemFixture.Idt, 0x3ff);
        fixture[Register.RSP] = 0x8000;
        cpu.EFlags = Eflags.If | 2;
        fixture.Run(16, static a =>
        {
            a.@int(0x21);
            a.nop();
        });
        Assert.That(cpu.ProgramCounter, Is.EqualTo(0x20211), "the handler's HLT at 2000:0210");
        Assert.That(fixture[Register.RSP], Is.EqualTo(0x7ffa));
        Assert.That(fixture.Read(0x17ffa, 2), Is.EqualTo(2), "IP behind INT");
        Assert.That(fixture.Read(0x17ffc, 2), Is.EqualTo(0x1000));
        Assert.That(fixture.Read(0x17ffe, 2), Is.EqualTo(0x202));
        Assert.That(cpu.EFlags & Eflags.If, Is.Zero);
    }

    [Test]
    public void A_fault_at_an_outer_level_switches_stacks([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterProtected(cpl: 3);
        ulong stack = fixture[Register.RSP];
        fixture.Run(32, static a =>
        {
            a.nop();
            a.mov(eax, SystemFixture.Free);
            a.mov(ds, eax);
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo((int)X86Exception.GeneralProtection));
        Assert.That(fixture[Register.RSP], Is.EqualTo(SystemFixture.Stack(0) - 24));
        Assert.That(
            Frame(fixture, 6, 4),
            Is.EqualTo(new ulong[] { SystemFixture.Free, SystemFixture.CodeStart + 6, SystemFixture.Code3, Eflags.Rf | 2, stack, SystemFixture.Data3 }));
        Assert.That(fixture.Cpu.Registers.Cpl, Is.Zero);
        Assert.That(fixture.Cpu.Registers.Segments[X86Cpu.Ss].Selector, Is.EqualTo(SystemFixture.Data0));
    }

    [TestCase(3, 0xee, 0x40, 0u, Description = "a gate that may be used")]
    [TestCase(3, 0x8e, 0x0d, (0x40u << 3) | 2)]
    [TestCase(3, 0x6e, 0x0b, (0x40u << 3) | 2)]
    [TestCase(3, 0xe8, 0x0d, (0x40u << 3) | 2, Description = "not a gate of the IDT")]
    [TestCase(0, 0x8e, 0x40, 0u)]
    [TestCase(0, 0x0e, 0x0b, (0x40u << 3) | 2)]
    public void Software_interrupts_obey_the_gate(int cpl, int access, int vector, uint error)
    {
        using var fixture = new SystemFixture().EnterProtected(cpl);
        fixture.SetGate(0x40, (byte)access, SystemFixture.Code0, SystemFixture.Handler(0x40));
        fixture.Run(32, static a => a.@int(0x40));
        Assert.That(fixture.HaltedVector, Is.EqualTo(vector));
        if (vector != 0x40) Assert.That(Frame(fixture, 2, 4), Is.EqualTo(new ulong[] { error, SystemFixture.CodeStart }));
        else Assert.That(Frame(fixture, 1, 4)[0], Is.EqualTo(SystemFixture.CodeStart + 2));
    }

    [Test]
    public void External_interrupts_have_EXT_in_what_they_cause([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterProtected();
        fixture.SetGate(0x40, 0x0e, SystemFixture.Code0, SystemFixture.Handler(0x40));
        fixture.Interrupts.Vectors.Enqueue(0x40);
        fixture.Run(32, static a =>
        {
            a.sti();
            a.nop();
            a.hlt();
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo((int)X86Exception.SegmentNotPresent));
        Assert.That(Frame(fixture, 2, 4), Is.EqualTo(new ulong[] { (0x40 << 3) | 3, SystemFixture.CodeStart + 2 }));
    }

    [Test]
    public void STI_holds_interrupts_for_one_instruction([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterProtected();
        fixture.Interrupts.Vectors.Enqueue(0x40);
        fixture.Run(32, static a =>
        {
            a.sti();
            a.cli(); // never open
            a.inc(edx);
            a.sti();
            a.inc(ecx);
            a.inc(ecx);
            a.hlt();
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo(0x40));
        Assert.That((fixture[Register.RDX], fixture[Register.RCX]), Is.EqualTo(((ulong)fixture.Cpu.Features.Signature + 1, 1ul)));
    }

    [Test]
    public void Loads_of_SS_hold_interrupts_and_single_steps([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterProtected();
        CountSteps(fixture);
        fixture.Run(32, static a =>
        {
            a.pushfd();
            a.or(__dword_ptr[esp], 0x100);
            a.mov(eax, SystemFixture.Data0);
            a.popfd();
            a.nop(); // one step
            a.mov(ss, eax); // none
            a.nop(); // one
            a.rep.lodsb(); // one for each element
            a.pushfd(); // one
            a.and(__dword_ptr[esp], ~0x100); // one
            a.popfd(); // one: TF was set when it began
            a.hlt();
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo(-1));
        Assert.That(fixture.Read(0x5000, 4), Is.EqualTo(2 + 1 + 3));
        Assert.That(fixture.Cpu.ReadDebug(6) & DebugStatus.SingleStep, Is.EqualTo(DebugStatus.SingleStep));
    }

    [Test]
    public void Single_steps_follow_each_element_of_a_repetition([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterProtected();
        CountSteps(fixture);
        fixture[Register.RCX] = 5;
        fixture[Register.RDI] = 0x6000;
        fixture.Run(32, static a =>
        {
            a.push(0x102);
            a.popfd();
            a.rep.stosb();
            a.@int(0x40); // no step: TF is clear in the handler
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo(0x40));
        Assert.That(fixture.Read(0x5000, 4), Is.EqualTo(5));
    }

    [Test]
    public void Breakpoints_stop_at_code_and_data([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterProtected();
        const ulong store = SystemFixture.CodeStart + 5 + 3 + 5 + 3 + 5 + 3 + 1;
        var seen = new List<(ulong Address, ulong Status)>();
        fixture.Ports.Written = (_, _) =>
        {
            seen.Add((fixture.Read(fixture[Register.RSP] & ~3ul, 4), fixture.Cpu.ReadDebug(6) & 0xf));
            fixture.Cpu.WriteDebug(6, 0);
        };
        fixture.Place(32, SystemFixture.Handler(1), static a =>
        {
            a.@out(0x80, al);
            a.or(__dword_ptr[esp + 8], 0x10000);
            a.iretd();
        });
        fixture.Run(32, a =>
        {
            a.mov(eax, (uint)store);
            a.mov(dr0, eax);
            a.mov(ecx, 0x5004);
            a.mov(dr1, ecx);
            a.mov(eax, 0x00d0_0405); // 0: code; 1: write, 4 bytes
            a.mov(dr7, eax);
            a.nop();
            a.mov(edx, __dword_ptr[0x5004]); // only read
            a.mov(__word_ptr[0x5003], dx); // overlaps
            a.nop();
            a.hlt();
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo(-1));
        Assert.That(seen, Is.EqualTo(new[] { (store, 1ul), (store + 6 + 7, 2ul) }), "a fault before the instruction, a trap after the other");
    }

    [TestCase(true, 2ul)]
    [TestCase(false, 3ul, Description = "the breakpoint is after the load and one instruction")]
    public void Loads_of_SS_suppress_the_breakpoint_behind_them(bool isDirectlyBehind, ulong distance)
    {
        using var fixture = new SystemFixture().EnterProtected();
        const ulong load = SystemFixture.CodeStart + 5;
        fixture.Cpu.WriteDebug(0, load + distance);
        fixture.Cpu.WriteDebug(7, 1);
        fixture.Run(32, static a =>
        {
            a.mov(eax, SystemFixture.Data0);
            a.mov(ss, eax);
            a.nop();
            a.nop();
            a.@int(0x40);
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo(isDirectlyBehind ? 0x40 : (int)X86Exception.Debug));
    }

    [TestCase(0xf1, 1, Description = "INT1 is the exception that was held")]
    [TestCase(0xcc, 2, Description = "INT3's handler begins with it")]
    public void Loads_of_SS_hold_a_watchpoint(byte behind, int exceptions)
    {
        using var fixture = new SystemFixture().EnterProtected();
        fixture.Cpu.WriteDebug(0, 0x5000);
        fixture.Cpu.WriteDebug(7, 0xf_0001); // read or write of 4 bytes
        fixture.Write(0x5000, 4, SystemFixture.Data0);
        fixture.Cpu.EFlags |= Eflags.If;
        foreach (int vector in (ReadOnlySpan<int>)[1, 3])
        {
            fixture.Place(32, SystemFixture.Handler(vector), static a =>
            {
                a.inc(ebx);
                a.iretd();
            });
        }

        fixture[Register.RBX] = 0;
        fixture.Run(32, a =>
        {
            a.mov(ss, __word_ptr[0x5000]);
            a.db(behind);
            a.hlt();
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo(-1));
        Assert.That(fixture[Register.RBX], Is.EqualTo(exceptions));
        Assert.That(fixture.Cpu.ReadDebug(6) & DebugStatus.Breakpoints, Is.EqualTo(1));
    }

    [Test]
    public void NMI_waits_for_IRET([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterProtected();
        fixture.Ports.Written = (_, _) => fixture.Cpu.RaiseNonMaskableInterrupt();
        fixture.Place(32, SystemFixture.Handler(2), static a =>
        {
            a.inc(ebx);
            a.@out(0x80, al);
            a.nop();
            a.iretd();
        });
        fixture.Run(32, static a =>
        {
            a.@out(0x80, al);
            a.nop();
            a.nop();
            a.hlt();
        }, limit: 43);
        Assert.That(fixture[Register.RBX], Is.EqualTo(11), "each starts when the one before has returned: 4 instructions at a time");
    }

    [Test]
    public void Faults_while_faulting_are_a_double_fault_and_then_shutdown()
    {
        using var fixture = new SystemFixture().EnterProtected();
        fixture.SetGate((int)X86Exception.GeneralProtection, 0x0e, SystemFixture.Code0, 0);
        fixture.Run(32, static a => a.mov(ds, esp));
        Assert.That(fixture.HaltedVector, Is.EqualTo((int)X86Exception.DoubleFault));
        Assert.That(Frame(fixture, 2, 4), Is.EqualTo(new ulong[] { 0, SystemFixture.CodeStart }));

        bool isDown = false;
        fixture.Cpu.ShutDown = () => isDown = true;
        fixture.SetGate((int)X86Exception.DoubleFault, 0x0e, SystemFixture.Code0, 0);
        fixture.Run(32, static a => a.mov(ds, esp));
        Assert.That((isDown, fixture.Cpu.IsHalted, fixture.HaltedVector), Is.EqualTo((true, true, -1)));
    }

    [Test]
    public void Long_mode_aligns_the_stack_and_knows_seven_more([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterLong(cpl: 3);
        fixture[Register.RSP] = 0x7_fff3;
        fixture.Run(64, static a =>
        {
            a.mov(rax, 0x1234_5678_9abc_def0);
            a.mov(rax, __qword_ptr[rax]);
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo((int)X86Exception.GeneralProtection), "not canonical");
        Assert.That(
            Frame(fixture, 6, 8),
            Is.EqualTo(new ulong[] { 0, SystemFixture.CodeStart + 10, SystemFixture.LongCode3, Eflags.Rf | 2, 0x7_fff3, SystemFixture.Data3 }));
        Assert.That(fixture.Cpu.Registers.Segments[X86Cpu.Ss].Selector, Is.Zero, "a null selector at the new level");

        fixture.EnterLong(cpl: 0);
        fixture.SetLongGate(0x40, 0x8e, SystemFixture.LongCode0, SystemFixture.Handler(0x40), stack: 3);
        fixture[Register.RSP] = 0x7_fff3;
        fixture.Run(64, static a => a.@int(0x40));
        Assert.That(fixture.HaltedVector, Is.EqualTo(0x40));
        Assert.That(fixture[Register.RSP], Is.EqualTo(SystemFixture.InterruptStack(3) - 40));
        Assert.That(Frame(fixture, 5, 8), Is.EqualTo(new ulong[] { SystemFixture.CodeStart + 2, SystemFixture.LongCode0, 2, 0x7_fff3, SystemFixture.Data0 }));
    }

    [Test]
    public void Addresses_on_the_stack_that_are_not_canonical_raise_SS([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterLong(cpl: 3);
        fixture[Register.RBP] = 1ul << 48;
        fixture.Run(64, static a => a.mov(eax, __dword_ptr[rbp + 8]));
        Assert.That(fixture.HaltedVector, Is.EqualTo((int)X86Exception.StackFault));
        fixture.EnterLong(cpl: 3);
        fixture[Register.RSP] = 1ul << 48;
        fixture.Run(64, static a => a.push(rax));
        Assert.That(fixture.HaltedVector, Is.EqualTo((int)X86Exception.StackFault));
        fixture.EnterLong(cpl: 3);
        fixture.Run(64, static a => a.mov(eax, __dword_ptr.fs[rbp + 8]));
        Assert.That(fixture.HaltedVector, Is.EqualTo((int)X86Exception.GeneralProtection));
    }

    [Test]
    public void Page_faults_leave_CR2_and_the_instruction_undone([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterLong(cpl: 3);
        fixture[Register.RSI] = 0x6000;
        fixture[Register.RDI] = 0x1f_fffd;
        fixture[Register.RCX] = 8;
        fixture.Run(64, static a => a.rep.movsb());
        Assert.That(fixture.HaltedVector, Is.EqualTo((int)X86Exception.PageFault));
        Assert.That(fixture.Cpu.ReadControl(2), Is.EqualTo(0x20_0000));
        Assert.That(Frame(fixture, 2, 8), Is.EqualTo(new ulong[] { 0b110, SystemFixture.CodeStart }));
        Assert.That((fixture[Register.RCX], fixture[Register.RSI]), Is.EqualTo((5ul, 0x6003ul)));
    }

    private static void CountSteps(SystemFixture fixture) => fixture.Place(32, SystemFixture.Handler(1), static a =>
    {
        a.inc(__dword_ptr[0x5000]);
        a.iretd();
    });

    private static ulong[] Frame(SystemFixture fixture, int words, int size) =>
        [.. Enumerable.Range(0, words).Select(i => fixture.Read(fixture[Register.RSP] + (ulong)(i * size), size))];
}
