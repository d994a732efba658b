using Emulator.Arch.X86;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Tests.X86.System;

/// <summary>Gates, returns, tasks, virtual-8086 mode and the fast system calls. On every engine.</summary>
[TestFixture]
internal sealed class TransferTests
{
    private const ulong Inner = 0x1_1000;
    private const ulong OtherTss = 0x4_8000;
    private const int OtherSelector = SystemFixture.Free;
    private const int GateSelector = SystemFixture.Free + 8;

    private static readonly EngineKind[] Kinds = [EngineKind.Reference, EngineKind.Interpreter, EngineKind.Jit];

    [Test]
    public void A_call_gate_copies_parameters_and_returns([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterProtected(cpl: 3);
        fixture.Write(SystemFixture.Gdt + GateSelector, 8, SystemFixture.Gate(0xec, SystemFixture.Code0, Inner, 2));
        fixture.Place(32, Inner, static a =>
        {
            a.mov(eax, __dword_ptr[esp + 8]);
            a.mov(ebx, __dword_ptr[esp + 12]);
            a.mov(ecx, cs);
            a.retf(8);
        });
        ulong stack = fixture[Register.RSP];
        fixture.Cpu.LoadSegment(X86Cpu.Es, SystemFixture.Data3);
        fixture.Run(32, static a =>
        {
            a.push(0x1111);
            a.push(0x2222);
            a.db(0x9a, 0, 0, 0, 0, GateSelector | 3, 0);
            a.mov(edx, cs);
            a.@int(0x40);
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo(0x40));
        Assert.That(
            new[] { fixture[Register.RAX], fixture[Register.RBX], fixture[Register.RCX], fixture[Register.RDX] },
            Is.EqualTo(new ulong[] { 0x2222, 0x1111, SystemFixture.Code0, SystemFixture.Code3 }));
        Assert.That(fixture.Read(SystemFixture.Stack(0) - 8, 4), Is.EqualTo(stack), "the parameters were released on both stacks");
    }

    [TestCase(0xec, SystemFixture.Data0, 13u, (uint)SystemFixture.Data0, Description = "no code behind the gate")]
    [TestCase(0x8c, SystemFixture.Code0, 13u, (uint)GateSelector, Description = "DPL of the gate")]
    [TestCase(0x6c, SystemFixture.Code0, 11u, (uint)GateSelector)]
    [TestCase(0xec, 0, 13u, 0u)]
    [TestCase(0xec, 0x0ff8, 13u, 0x0ff8u)]
    public void Call_gates_are_checked(int access, int selector, uint vector, uint error)
    {
        using var fixture = new SystemFixture().EnterProtected(cpl: 3);
        fixture.Write(SystemFixture.Gdt + GateSelector, 8, SystemFixture.Gate((byte)access, selector, Inner, 0));
        Assert.That(FarTransfer.Go(fixture.Cpu, GateSelector | 3, 0, 4, isCall: true, 0), Is.EqualTo(new GuestFault(vector, error)));
    }

    [Test]
    public void Tasks_switch_by_call_and_IRET([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterProtected();
        fixture.SetDescriptor(OtherSelector, (uint)OtherTss, 0x67, 0x89, is32: false);
        fixture.SetDescriptor(SystemFixture.TssSelector, (uint)SystemFixture.Tss, 0x2fff, 0x8b, is32: false);
        MakeTask(fixture, Inner, flags: 2);
        fixture.Place(32, Inner, static a =>
        {
            a.mov(eax, 0x7777);
            a.str(bx);
            a.pushfd();
            a.pop(edi);
            a.iretd();
        });
        fixture[Register.RAX] = 0x1234;
        fixture.Run(32, static a =>
        {
            a.db(0x9a, 0, 0, 0, 0, OtherSelector, 0);
            a.str(cx);
            a.@int(0x40);
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo(0x40));
        Assert.That(fixture[Register.RAX], Is.EqualTo(0x1234), "registers came back");
        Assert.That((ushort)fixture[Register.RCX], Is.EqualTo(SystemFixture.TssSelector));
        Assert.That(fixture.Read(OtherTss + 0x28, 4), Is.EqualTo(0x7777));
        Assert.That((ushort)fixture.Read(OtherTss + 0x34, 4), Is.EqualTo(OtherSelector));
        Assert.That(fixture.Read(OtherTss + 0x44, 4) & Eflags.Nt, Is.EqualTo(Eflags.Nt), "nested while it ran");
        Assert.That(fixture.Read(OtherTss + 0x24, 4) & Eflags.Nt, Is.Zero, "not any more when it left");
        Assert.That(fixture.Read(OtherTss, 2), Is.EqualTo(SystemFixture.TssSelector));
        Assert.That(fixture.Read(SystemFixture.Gdt + OtherSelector + 5, 1), Is.EqualTo(0x89), "free again");
        Assert.That(fixture.Cpu.Registers.Cr0 & Cr0.Ts, Is.Not.Zero);
    }

    [TestCase(0x8b, 13u, 0x50u, Description = "busy")]
    [TestCase(0x09, 11u, 0x50u)]
    [TestCase(0x82, 13u, 0x50u, Description = "an LDT")]
    public void Tasks_are_checked(int access, uint vector, uint error)
    {
        using var fixture = new SystemFixture().EnterProtected();
        fixture.SetDescriptor(OtherSelector, (uint)OtherTss, 0x67, (byte)access, is32: false);
        Assert.That(FarTransfer.Go(fixture.Cpu, OtherSelector, 0, 4, isCall: false, 0), Is.EqualTo(new GuestFault(vector, error)));
    }

    [Test]
    public void What_fails_after_the_switch_fails_in_the_new_task()
    {
        using var fixture = new SystemFixture().EnterProtected();
        fixture.SetDescriptor(OtherSelector, (uint)OtherTss, 0x67, 0x89, is32: false);
        fixture.SetDescriptor(SystemFixture.TssSelector, (uint)SystemFixture.Tss, 0x2fff, 0x8b, is32: false);
        MakeTask(fixture, 0x1234, flags: 2);
        fixture.Write(OtherTss + 0x54, 2, SystemFixture.Code3); // DS may not be that: its DPL is below the RPL, but CS.RPL is 0
        fixture.Write(OtherTss + 0x58, 2, 0x0ff8);
        fixture.Run(32, static a => a.db(0x9a, 0, 0, 0, 0, OtherSelector, 0));
        Assert.That(fixture.HaltedVector, Is.EqualTo((int)X86Exception.InvalidTss));
        Assert.That(fixture.Read(fixture[Register.RSP], 4), Is.EqualTo(0x0ff8));
        Assert.That(fixture.Read(fixture[Register.RSP] + 4, 4), Is.EqualTo(0x1234), "at the new task's first instruction");
        Assert.That(fixture.Cpu.Registers.Tr.Selector, Is.EqualTo(OtherSelector));
    }

    [TestCase(3, 0x40)]
    [TestCase(0, (int)X86Exception.GeneralProtection)]
    public void Virtual_8086_mode_is_entered_by_IRET_and_left_by_interrupts(int iopl, int vector)
    {
        using var fixture = new SystemFixture().EnterProtected();
        EnterVirtual(fixture, iopl, static a =>
        {
            a.mov(ax, ds);
            a.shl(ax, 1);
            a.mov(es, ax);
            a.mov(__byte_ptr[0x10], 0x5a);
            a.@int(0x40);
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo(vector));
        Assert.That(fixture.Read(0x3_0010, 1), Is.EqualTo(0x5a));
        ulong frame = fixture[Register.RSP] + (vector == 0x40 ? 0u : 4);
        ulong[] words = [.. Enumerable.Range(0, 9).Select(i => fixture.Read(frame + (ulong)(4 * i), 4))];
        ulong flags = Eflags.Vm | 2 | ((ulong)iopl << Eflags.IoplShift) | (vector == 0x40 ? 0 : Eflags.Rf);
        ulong pointer = vector == 0x40 ? 13ul : 11; // after INT, or at it
        Assert.That(words[..2], Is.EqualTo(new[] { pointer, 0x1000ul }));
        Assert.That(words[2] & ~Eflags.Arithmetic, Is.EqualTo(flags));
        Assert.That(words[3..], Is.EqualTo(new ulong[] { 0x800, 0x2000, 0x6000, 0x3000, 0x4000, 0x5000 }));
        Assert.That(fixture.Cpu.Registers.Segments[X86Cpu.Ds].Selector, Is.Zero, "data segments are null in the handler");
    }

    [Test]
    public void VME_keeps_interrupts_of_8086_programs_with_them([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterProtected();
        fixture.Cpu.Registers.Cr4 |= Cr4.Vme;
        fixture.Write(SystemFixture.Tss + 0x66, 2, 0x200); // redirection bitmap of zeros before it
        fixture.Write(0x40 * 4, 4, 0x1000_0100);
        fixture.Place(16, 0x1_0100, static a =>
        {
            a.pushf();
            a.pop(cx);
            a.iret();
        });
        EnterVirtual(fixture, 0, static a =>
        {
            a.sti(); // VIF
            a.@int(0x40);
            a.pushf();
            a.pop(dx);
            a.hlt(); // #GP
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo((int)X86Exception.GeneralProtection));
        Assert.That(fixture[Register.RCX] & (Eflags.If | Eflags.Iopl), Is.EqualTo(Eflags.Iopl), "the handler sees IF clear and IOPL 3");
        Assert.That(fixture[Register.RDX] & Eflags.If, Is.EqualTo(Eflags.If));
    }

    [Test]
    public void SYSCALL_and_SYSRET([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterLong(cpl: 3);
        ref var msrs = ref fixture.Cpu.Registers.Msrs;
        msrs.Star = ((ulong)(SystemFixture.LongCode3 - 16) << 48) | ((ulong)SystemFixture.LongCode0 << 32);
        msrs.LStar = Inner;
        msrs.SfMask = Eflags.If | Eflags.Df;
        msrs.KernelGsBase = 0x5500;
        fixture.Cpu.EFlags |= Eflags.Df;
        fixture.Place(64, Inner, static a =>
        {
            a.swapgs();
            a.mov(__qword_ptr.gs[8], rcx);
            a.mov(bx, cs);
            a.pushfq();
            a.pop(rdx);
            a.swapgs();
            a.sysretq();
        });
        fixture.Run(64, static a =>
        {
            a.syscall();
            a.mov(di, ss);
            a.@int(0x40);
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo(0x40));
        Assert.That(fixture.Read(0x5508, 8), Is.EqualTo(SystemFixture.CodeStart + 2));
        Assert.That((ushort)fixture[Register.RBX], Is.EqualTo(SystemFixture.LongCode0));
        Assert.That((ushort)fixture[Register.RDI], Is.EqualTo(SystemFixture.LongCode3 - 8));
        Assert.That(fixture[Register.RDX] & Eflags.Df, Is.Zero);
        Assert.That(fixture.Read(fixture[Register.RSP] + 16, 8) & Eflags.Df, Is.EqualTo(Eflags.Df), "restored from R11");
    }

    [Test]
    public void SYSCALL_and_SYSRET_are_traced_by_the_TF_that_they_leave([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterLong(cpl: 3);
        ref var msrs = ref fixture.Cpu.Registers.Msrs;
        fixture.SetDescriptor(SystemFixture.Free, 0, uint.MaxValue, 0xf3, is32: true);
        fixture.SetDescriptor(SystemFixture.Free + 8, 0, uint.MaxValue, 0xfb, is32: false, isLong: true);
        msrs.Star = ((ulong)(SystemFixture.Free - 8) << 48) | ((ulong)SystemFixture.LongCode0 << 32);
        msrs.LStar = Inner;
        msrs.SfMask = Eflags.Tf;
        var traps = new List<ulong>();
        fixture.Ports.Written = (_, _) => traps.Add(fixture.Read(fixture[Register.RSP], 8) - SystemFixture.CodeStart);
        fixture.Place(64, SystemFixture.Handler(1), static a =>
        {
            a.@out(0x80, al);
            a.iretq();
        });
        fixture.Place(64, Inner, static a =>
        {
            a.nop();
            a.sysretq();
        });
        fixture.Run(64, static a =>
        {
            a.push(0x102); // 0
            a.popfq(); // 5
            a.syscall(); // 6
            a.nop(); // 8
            a.@int(0x40); // 9
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo(0x40));
        Assert.That(traps, Is.EqualTo(new ulong[] { 8, 9 }), "after SYSRET and after NOP");
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Interrupts_from_outside_may_switch_tasks(bool isNonMaskable)
    {
        using var fixture = new SystemFixture().EnterProtected();
        fixture.SetDescriptor(OtherSelector, (uint)OtherTss, 0x67, 0x89, is32: false);
        fixture.SetDescriptor(SystemFixture.TssSelector, (uint)SystemFixture.Tss, 0x2fff, 0x8b, is32: false);
        MakeTask(fixture, Inner, flags: 2);
        int vector = isNonMaskable ? (int)X86Exception.NonMaskableInterrupt : 0x41;
        fixture.SetGate(vector, 0x85, OtherSelector, 0);
        fixture.Place(32, Inner, static a =>
        {
            a.inc(__dword_ptr[0x5000]);
            a.iretd();
            a.inc(__dword_ptr[0x5000]); // where the task goes on next time
            a.iretd();
        });
        fixture.Ports.Written = (_, _) =>
        {
            if (isNonMaskable) fixture.Cpu.RaiseNonMaskableInterrupt();
            else fixture.Interrupts.Vectors.Enqueue((byte)vector);
            fixture.Cpu.LookAtInterrupts();
        };
        fixture.Run(32, static a =>
        {
            a.sti();
            a.@out(0x80, al);
            a.nop();
            a.@out(0x80, al);
            a.nop();
            a.str(cx);
            a.@int(0x40);
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo(0x40));
        Assert.That(fixture.Read(0x5000, 4), Is.EqualTo(2));
        Assert.That((ushort)fixture[Register.RCX], Is.EqualTo(SystemFixture.TssSelector));
    }

    [Test]
    public void From_real_to_long_mode_and_back([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind);
        var cpu = fixture.Cpu;
        fixture.EnterLong(); // page tables
        cpu.Reset();
        cpu.Registers.Gdtr = new TableRegister(SystemFixture.Gdt, 0xfff);
        cpu.LoadRealSegment(X86Cpu.Cs, 0);
        fixture.SetDescriptor(SystemFixture.Free, 0, 0xffff, 0x9b, is32: false);
        fixture.Place(16, 0x6000, static a =>
        {
            a.mov(eax, (uint)Cr4.Pae);
            a.mov(cr4, eax);
            a.mov(eax, 0x8_0000);
            a.mov(cr3, eax);
            a.mov(ecx, 0xc000_0080);
            a.rdmsr();
            a.bts(eax, 8);
            a.wrmsr();
            a.mov(eax, cr0);
            a.or(eax, unchecked((int)(Cr0.Pg | Cr0.Pe)));
            a.mov(cr0, eax);
            a.rdmsr();
            a.mov(esi, eax);
            a.db(0x66, 0xea, 0, 0x10, 1, 0, SystemFixture.LongCode0, 0);
        });
        fixture.Place(64, Inner, static a =>
        {
            a.mov(rbp, 0x1122_3344_5566_7788);
            a.mov(rsp, 0x7_0000);
            a.push(SystemFixture.Free);
            a.push(0x7000);
            a.db(0x48, 0xcb); // RETFQ
        });
        fixture.Place(16, 0x7000, static a =>
        {
            a.mov(eax, cr0);
            a.btr(eax, 31);
            a.btr(eax, 0);
            a.mov(cr0, eax);
            a.db(0xea, 0, 0x10, 0, 7); // 0700:1000
        });
        cpu.ProgramCounter = 0x6000;
        fixture.Place(16, 0x8000, static a => a.hlt());
        fixture.Run();
        Assert.That(cpu.IsHalted, Is.True);
        Assert.That(cpu.ProgramCounter, Is.EqualTo(0x8001));
        Assert.That(fixture[Register.RSI] & Efer.Lma, Is.EqualTo(Efer.Lma), "active as soon as paging is on");
        Assert.That(fixture[Register.RBP], Is.EqualTo(0x1122_3344_5566_7788));
        Assert.That((cpu.Registers.Efer & (Efer.Lma | Efer.Lme), cpu.Mode & (uint)X86Mode.Protected), Is.EqualTo((Efer.Lme, 0u)));
    }

    [Test]
    public void A_return_to_an_outer_level_makes_GS_null_and_keeps_its_base([ValueSource(nameof(Kinds))] EngineKind kind)
    {
        using var fixture = new SystemFixture(kind).EnterLong();
        fixture.Write(0x5508, 8, 0x1122_3344_5566_7788);
        fixture.Cpu[X86Slots.SegmentBase(X86Cpu.Gs)] = 0x5500;
        fixture.Place(64, Inner, static a =>
        {
            a.mov(bx, gs);
            a.mov(rcx, __qword_ptr.gs[8]);
            a.@int(0x40);
        });
        fixture.Run(64, static a =>
        {
            a.push(SystemFixture.Data3);
            a.push((int)SystemFixture.Stack(3));
            a.push(2);
            a.push(SystemFixture.LongCode3);
            a.push((int)Inner);
            a.iretq();
        });
        Assert.That(fixture.HaltedVector, Is.EqualTo(0x40));
        Assert.That(((ushort)fixture[Register.RBX], fixture[Register.RCX]), Is.EqualTo(((ushort)0, 0x1122_3344_5566_7788ul)));
    }

    private static void EnterVirtual(SystemFixture fixture, int iopl, Action<Assembler> program)
    {
        fixture.Place(16, 0x1_0000, program);
        ulong stack = fixture[Register.RSP] - 36;
        ulong[] words = [0, 0x1000, Eflags.Vm | 2 | ((ulong)iopl << Eflags.IoplShift), 0x800, 0x2000, 0x3000, 0x3000, 0x4000, 0x5000];
        for (int i = 0; i < words.Length; i++) fixture.Write(stack + (ulong)(4 * i), 4, words[i]);
        fixture[Register.RSP] = stack;
        fixture.Place(32, Inner, static a => a.iretd());
        fixture.Cpu.ProgramCounter = Inner;
        fixture.Run();
    }

    private static void MakeTask(SystemFixture fixture, ulong pointer, ulong flags)
    {
        fixture.Write(OtherTss + 0x1c, 4, 0);
        fixture.Write(OtherTss + 0x20, 4, pointer);
        fixture.Write(OtherTss + 0x24, 4, flags);
        fixture.Write(OtherTss + 0x38, 4, 0x9000);
        ReadOnlySpan<int> selectors = [SystemFixture.Data0, SystemFixture.Code0, SystemFixture.Data0, SystemFixture.Data0, 0, 0];
        for (int i = 0; i < selectors.Length; i++) fixture.Write(OtherTss + 0x48 + (uint)(4 * i), 4, (ulong)selectors[i]);
    }
}
