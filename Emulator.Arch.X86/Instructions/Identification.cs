using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions;

/// <summary>CPUID, RDMSR, WRMSR, RDTSC, RDTSCP, RDPID, RDPMC, SYSCALL, SYSRET, SYSENTER, SYSEXIT.</summary>
internal static class Identification
{
    private const int Rax = 0;
    private const int Rdx = 2;

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        new(Mnemonic.Cpuid, static l => l.Ir.Call(IdentificationHelpers.Identify)),
        new(Mnemonic.Rdmsr, static l => ModelSpecific(l, IdentificationHelpers.ReadModelSpecific)),
        new(Mnemonic.Wrmsr, static l => ModelSpecific(l, IdentificationHelpers.WriteModelSpecific)),
        new(Mnemonic.Rdtsc, static l => TimeStamp(l, withProcessor: false)),
        new(Mnemonic.Rdtscp, static l => TimeStamp(l, withProcessor: true)),
        new(Mnemonic.Rdpid, static l => l.WriteRegister(l.Instruction.Op0Register, l.Ir.Call(IdentificationHelpers.ProcessorId))),
        new(Mnemonic.Rdpmc, static l => l.Fault(X86Exception.GeneralProtection)), // there are no counters
        new(Mnemonic.Syscall, static l => l.LeaveThrough(IdentificationHelpers.Syscall)),
        new(Mnemonic.Sysret, static l => Return(l, IdentificationHelpers.Sysret, 4)),
        new(Mnemonic.Sysretq, static l => Return(l, IdentificationHelpers.Sysret, 8)),
        new(Mnemonic.Sysenter, static l => l.LeaveThrough(IdentificationHelpers.Sysenter)),
        new(Mnemonic.Sysexit, static l => Return(l, IdentificationHelpers.Sysexit, 4)),
        new(Mnemonic.Sysexitq, static l => Return(l, IdentificationHelpers.Sysexit, 8)),
    ];

    // One of them is the time-stamp counter.
    private static void ModelSpecific(X86Lifter l, Helper helper)
    {
        if (!l.RequireLevel0() || !l.StandAlone()) return;
        l.Ir.Call(helper);
        l.Ir.Leave();
    }

    private static void TimeStamp(X86Lifter l, bool withProcessor)
    {
        if (!l.StandAlone()) return;
        var ticks = l.Ir.Hold(l.Ir.Call(IdentificationHelpers.TimeStamp));
        if (withProcessor) l.Ir.Write(X86Slots.Rcx, l.Ir.Call(IdentificationHelpers.ProcessorId));
        l.Ir.Write(X86Slots.General64(Rdx), l.Ir.ShrU(ticks, 32));
        l.Ir.Write(X86Slots.General64(Rax), l.Ir.ZeroExtend32(ticks));
        l.Ir.Jump(l.Length);
    }

    private static void Return(X86Lifter l, Helper helper, int bytes)
    {
        if (l.RequireLevel0()) l.LeaveThrough(helper, bytes);
    }
}
