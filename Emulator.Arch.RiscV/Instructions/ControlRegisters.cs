using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;
using Emulator.Core.Ir;
using static Emulator.Arch.RiscV.Decoding.Formats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Control and status registers, Zicsr (Unpriv. spec "Zicsr Extension").</summary>
internal static class ControlRegisters
{
    private const int CounterMask = 0xf60; // one of 32 counters, or their high halves
    private const int UserCounters = 0xc00;
    private const int MachineCounters = 0xb00;
    private const int CounterInhibit = 0x320;
    private const int Stimecmp = 0x14d;
    private const int Stimecmph = 0x15d;
    private const int SupervisorTrap = 0x140;
    private const int MachineTrap = 0x340;
    private const int Mip = 0x344;
    private const int Fflags = 0x001;
    private const int Sstatus = 0x100;
    private const int Sie = 0x104;
    private const int Mstatus = 0x300;
    private const int Mie = 0x304;
    private const int Sip = 0x144;

    public static ImmutableArray<InstructionDefinition> Instructions { get; } = InstructionSet.Of(RiscVExtension.Zicsr,

        // mnemonic            csr          rs1   f3  rd    opcode
        CsrRegister("csrrw",  "............ ..... 001 ..... 1110011", static (l, i) => Write(l, i, l.X(i.Rs1))),
        CsrRegister("csrrs",  "............ ..... 010 ..... 1110011", static (l, i) => Modify(l, i, l.X(i.Rs1), i.Rs1 != 0)),
        CsrRegister("csrrc",  "............ ..... 011 ..... 1110011", static (l, i) => Modify(l, i, l.X(i.Rs1), i.Rs1 != 0)),
        CsrImmediate("csrrwi", "............ ..... 101 ..... 1110011", static (l, i) => Write(l, i, i.Immediate)),
        CsrImmediate("csrrsi", "............ ..... 110 ..... 1110011", static (l, i) => Modify(l, i, i.Immediate, i.Immediate != 0)),
        CsrImmediate("csrrci", "............ ..... 111 ..... 1110011", static (l, i) => Modify(l, i, i.Immediate, i.Immediate != 0)));

    private static void Write(RiscVLifter l, Operands i, Value value)
    {
        if (MustSplit(l, i)) return;
        if (IsStatus(i.Csr))
        {
            ExchangeStatus(l, i, value);
            return;
        }

        bool isStorage = IsStorage(l, i.Csr);
        var exchange = isStorage ? PrivilegedHelpers.StorageExchange : PrivilegedHelpers.CsrExchange;
        if (i.Rd == 0) l.Ir.Call(isStorage ? PrivilegedHelpers.StorageWrite : PrivilegedHelpers.CsrWrite, l.Bits, value);
        else l.SetX(i.Rd, l.Ir.Call(exchange, l.Bits, value));
        if (!isStorage) l.Ir.Leave();
    }

    private static void Modify(RiscVLifter l, Operands i, Value operand, bool writes)
    {
        if (MustSplit(l, i)) return;
        if (writes && IsStatus(i.Csr))
        {
            ExchangeStatus(l, i, operand);
            return;
        }

        bool isStorage = IsStorage(l, i.Csr);
        var exchange = isStorage ? PrivilegedHelpers.StorageExchange : PrivilegedHelpers.CsrExchange;
        var read = isStorage ? PrivilegedHelpers.StorageRead : PrivilegedHelpers.CsrRead;
        l.SetX(i.Rd, writes ? l.Ir.Call(exchange, l.Bits, operand) : l.Ir.Call(read, l.Bits));
        if (writes && !isStorage) l.Ir.Leave();
        else if (IsCounter(i.Csr)) l.Ir.Jump(l.Length);
    }

    // Kernels enable and disable interrupts all the time, which mostly changes nothing that the dispatcher would look at.
    private static void ExchangeStatus(RiscVLifter l, Operands i, Value operand)
    {
        var old = l.Ir.Call(PrivilegedHelpers.StatusExchange, l.Bits, operand, Value.Of(RiscVSlots.FloatDirty));
        var mustLeave = l.Ir.Call(PrivilegedHelpers.MustLeave, l.Mode.Pack());
        l.SetX(i.Rd, old);
        l.Ir.Write(RiscVSlots.FloatDirty, 0);
        l.Ir.SkipIfEqual(mustLeave, 0);
        l.Ir.Leave();
    }

    // Not satp and others that change what the next fetch finds.
    private static bool IsStatus(int csr) => csr is Sstatus or Sie or Mstatus or Mie;

    // Scratch, epc, cause and tval of S and M only keep a value until a trap or its return: nothing else changes. Nor with fflags, which
    // compilers save and restore around comparisons of floating point.
    private static bool IsStorage(RiscVLifter l, int csr) => (csr & ~3) is SupervisorTrap or MachineTrap || (csr == Fflags && l.Mode.IsFloatOn);

    // What counts instructions, or depends on the time, must stand alone in its block, where the count is exact.
    private static bool MustSplit(RiscVLifter l, Operands i)
    {
        if (!IsCounter(i.Csr) || l.Ir.InstructionCount == 0) return false;
        l.Ir.SplitBefore();
        return true;
    }

    private static bool IsCounter(int csr) => (csr & CounterMask) is UserCounters or MachineCounters
        || csr is CounterInhibit or Stimecmp or Stimecmph or Mip or Sip;
}
