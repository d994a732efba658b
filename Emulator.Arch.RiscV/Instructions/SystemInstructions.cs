using System.Collections.Immutable;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Lifting;
using Emulator.Core.Ir;
using static Emulator.Arch.RiscV.Decoding.Formats;

namespace Emulator.Arch.RiscV.Instructions;

/// <summary>Calls, traps and privileged instructions (Unpriv. spec 2.8, Priv. spec 3.3, 10.2, Svinval).</summary>
internal static class SystemInstructions
{
    public static ImmutableArray<InstructionDefinition> Instructions { get; } =
    [
        .. InstructionSet.Of(RiscVExtension.I,

            // mnemonic        funct12      rs1   f3  rd    opcode
            None("ecall",     "000000000000 00000 000 00000 1110011", static (l, i) => ThenLeave(l, PrivilegedHelpers.Ecall, 0)),
            None("ebreak",    "000000000001 00000 000 00000 1110011", static (l, i) => Breakpoint(l)),
            None("wfi",       "000100000101 00000 000 00000 1110011", static (l, i) => ThenLeave(l, PrivilegedHelpers.Wfi, l.Bits)),
            None("mret",      "001100000010 00000 000 00000 1110011", static (l, i) => Return(l, PrivilegedHelpers.Mret))),

        .. InstructionSet.Of(RiscVExtension.S,
            None("sret",            "0001000 00010 00000 000 00000 1110011", static (l, i) => Return(l, PrivilegedHelpers.Sret)),
            Sources("sfence.vma",   "0001001 ..... ..... 000 00000 1110011", FenceTranslations)),

        .. InstructionSet.Of(RiscVExtension.Svinval,
            Sources("sinval.vma",   "0001011 ..... ..... 000 00000 1110011", FenceTranslations),
            None("sfence.w.inval",  "0001100 00000 00000 000 00000 1110011", OrderInvalidations),
            None("sfence.inval.ir", "0001100 00001 00000 000 00000 1110011", OrderInvalidations)),
    ];

    /// <summary>EBREAK and C.EBREAK: the exception's value is the address of the instruction.</summary>
    public static void Breakpoint(RiscVLifter l) => ThenLeave(l, PrivilegedHelpers.Ebreak, l.Ir.CodeAddress(0));

    private static void ThenLeave(RiscVLifter l, Helper helper, Value argument)
    {
        l.Ir.Call(helper, argument);
        l.Ir.Leave();
    }

    private static void Return(RiscVLifter l, Helper helper)
    {
        l.Ir.Call(helper, l.Bits);
        l.Ir.LeaveAtPc();
    }

    private static void FenceTranslations(RiscVLifter l, Operands i)
    {
        l.Ir.Call(PrivilegedHelpers.SfenceVma, l.X(i.Rs1), l.X(i.Rs2), l.Bits);
        l.Ir.Leave();
    }

    // Every invalidation is complete when its instruction is; user mode may not ask (Priv. spec, "Svinval").
    private static void OrderInvalidations(RiscVLifter l, Operands i)
    {
        if (l.Mode.Privilege == Privilege.User) l.Illegal();
    }
}
