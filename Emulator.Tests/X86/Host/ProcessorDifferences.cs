using System.Runtime.Intrinsics.X86;
using Emulator.Arch.X86;
using Emulator.Arch.X86.Processor;
using Iced.Intel;

namespace Emulator.Tests.X86.Host;

/// <summary>Cases in which processors may do different things, ours what Intel's do.</summary>
/// <param name="Reason">What they do differently, and where it is said.</param>
/// <param name="Applies">Whether a case is one of them; the state is the host's after it.</param>
internal sealed record ProcessorDifference(string Reason, Func<GeneratedCase, HostState, bool> Applies)
{
    private const int MostBytes = 16;
    private const uint MisalignedMask = 1 << 17;
    private const byte OperandSize = 0x66;
    private const byte Lock = 0xf0;
    private const byte Repne = 0xf2;
    private const byte Rep = 0xf3;
    private static readonly bool IsAmd = X86Base.IsSupported && X86Base.CpuId(0, 0).Ebx == 0x6874_7541; // "Auth"
    private static readonly InstructionInfoFactory Information = new();

    /// <summary>The only cases that are executed and not compared.</summary>
    public static IReadOnlyList<ProcessorDifference> All { get; } =
    [
        new("MOVSXD of 16 bits reads four bytes (APM volume 3, MOVSXD), or two (SDM volume 2, MOVSXD)", static (t, _) => t.Instruction.Code == Code.Movsxd_r16_rm16),
        new("66 before near branches in 64-bit mode truncates RIP (APM volume 3, 1.2.4), or is ignored (SDM volume 1, 6.3.7)", static (t, _) => t.Start.Bits == 64 && IsNearBranch(t.Instruction) && t.HasPrefix(OperandSize)),
        new("0F 0D, 18 to 1F: NOPs that are reserved (SDM volume 2, table A-3), of which AMD's raise #UD for some", static (t, _) => t.Instruction.Mnemonic == Mnemonic.Reservednop),
        new("approximations with a relative error up to 1.5 * 2^-12 (SDM volume 2, RCPPS); ApproximationTests have them", static (t, _) =>
            t.Instruction.Mnemonic is Mnemonic.Rcpps or Mnemonic.Rcpss or Mnemonic.Rsqrtps or Mnemonic.Rsqrtss),
        new("LOCK MOV CR0 is MOV CR8 (APM volume 3, MOV CRn), or #UD (SDM volume 2, MOV: control registers)", static (t, _) =>
            t.Instruction.IsInvalid && t.HasPrefix(Lock) && t.Opcode is [0x0f, 0x20 or 0x22, ..]),
        new("LOCK VERR and LOCK VERW are VERR and VERW, or #UD (SDM volume 2, LOCK)", static (t, _) =>
            t.Instruction.IsInvalid && t.HasPrefix(Lock) && t.Opcode is [0x0f, 0x00, ..] && ((t.Opcode[2] >> 3) & 7) is 4 or 5),
        new("a far return to a selector that is refused reads an outer stack, which may fault, before or after that (SDM volume 2, RET and IRET: not specified)", OuterStackFaults),
        new("a return that sets TF (from words that overlap the frame) steps the exit, which is code of the host's program and ends ours", static (t, host) =>
            t.Instruction.Mnemonic is Mnemonic.Iret or Mnemonic.Iretd or Mnemonic.Iretq && (X86Exception)host.Trap == X86Exception.Debug && (t.Start.Flags & Eflags.Tf) == 0),
        new("a far call out of 64-bit mode pushes with the stack pointer of 64 bits, or of 32 as the new mode has it (SDM volume 2, CALL: not specified)", static (t, _) =>
            t.Start.Bits == 64 && t.Instruction.IsCallFarIndirect && t[Register.RSP] > uint.MaxValue),
        new("which of several accesses faults first is not specified; ours is AMD's order", static (t, host) => !IsAmd && (X86Exception)host.Trap is X86Exception.PageFault or X86Exception.GeneralProtection
            && t.Instruction.Mnemonic is Mnemonic.Cmpsb or Mnemonic.Cmpsw or Mnemonic.Cmpsd or Mnemonic.Cmpsq or Mnemonic.Pusha or Mnemonic.Pushad or Mnemonic.Enter or Mnemonic.Maskmovdqu
                or Mnemonic.Retf or Mnemonic.Iret or Mnemonic.Iretd or Mnemonic.Iretq or Mnemonic.Call or Mnemonic.Jmp or Mnemonic.Lds or Mnemonic.Les or Mnemonic.Lfs or Mnemonic.Lgs or Mnemonic.Lss),
        new("BSF and BSR of 0 leave an undefined register (SDM volume 2, BSF); ours is AMD's", static (t, _) => !IsAmd && t.Instruction.Mnemonic is Mnemonic.Bsf or Mnemonic.Bsr),
        new("PUSH of a segment register may write two bytes of four or eight (SDM volume 2, PUSH)", static (t, _) => !IsAmd && t.Instruction.Mnemonic == Mnemonic.Push && t.Instruction.Op0Register.IsSegmentRegister()),
        new("F2 and F3 choose between LOOPE and LOOPNE, or are ignored (SDM volume 2, 2.1.1: reserved)", static (t, _) =>
            t.Instruction.Mnemonic is Mnemonic.Loope or Mnemonic.Loopne && (t.HasPrefix(Repne) || t.HasPrefix(Rep))),
        new("a repeated INS or OUTS with a count of 0 checks permission, or does nothing (SDM volume 2, REP)", static (t, _) => IsPort(t.Instruction) && t.IsRepeatedNoTimes),
        new("an access across the end of 4 GiB in a 32-bit segment wraps, or faults (SDM volume 3, 5.3)", static (t, _) => t.Start.Bits == 32 && Crosses4GiB(t)),
        new("an offset from FS or GS that is not canonical though the sum is faults, or does not (SDM volume 3, 3.4.4)", static (t, _) => t.Start.Bits == 64 && HasWildOffset(t)),
        new("LDMXCSR may set MXCSR.MM (APM volume 2, 11.2.3), or faults (SDM volume 1, 10.2.3)", static (t, host) => (host.Mxcsr & MisalignedMask) != 0),
        new("REX.W does not widen far pointers (APM volume 3, JMP far), or does (SDM volume 2, JMP)", static (t, _) =>
            t.Instruction.Code is Code.Call_m1664 or Code.Jmp_m1664 or Code.Lfs_r64_m1664 or Code.Lgs_r64_m1664 or Code.Lss_r64_m1664),
    ];

    public static ProcessorDifference? Find(GeneratedCase tested, HostState host) => All.FirstOrDefault(difference => difference.Applies(tested, host));

    private static bool OuterStackFaults(GeneratedCase tested, HostState host)
    {
        var (size, values) = tested.Instruction.Code switch
        {
            Code.Retfw or Code.Retfw_imm16 => (2ul, 2ul),
            Code.Retfd or Code.Retfd_imm16 => (4ul, 2ul),
            Code.Retfq or Code.Retfq_imm16 => (8ul, 2ul),
            Code.Iretw => (2ul, 3ul),
            Code.Iretd => (4ul, 3ul),
            Code.Iretq => (8ul, 3ul),
            _ => default,
        };
        ulong stack = tested[Register.RSP];
        return size != 0 && (X86Exception)host.Trap switch
        {
            X86Exception.PageFault => host.Address >= stack + (size * values),
            X86Exception.AlignmentCheck => stack % size == 0,
            _ => false,
        };
    }

    private static bool IsNearBranch(in Instruction i) =>
        i.FlowControl is not (FlowControl.Next or FlowControl.Interrupt or FlowControl.Exception) && !i.IsCallFar && !i.IsJmpFar
        && !i.IsCallFarIndirect && !i.IsJmpFarIndirect && i.Mnemonic is not (Mnemonic.Retf or Mnemonic.Iret or Mnemonic.Iretd or Mnemonic.Iretq);

    private static bool IsPort(in Instruction i) =>
        i.Mnemonic is Mnemonic.Insb or Mnemonic.Insw or Mnemonic.Insd or Mnemonic.Outsb or Mnemonic.Outsw or Mnemonic.Outsd;

    private static bool Crosses4GiB(GeneratedCase tested)
    {
        const ulong end = 1ul << 32;
        foreach (var access in Information.GetInfo(tested.Instruction).GetUsedMemory())
        {
            ulong size = (ulong)Math.Max(access.MemorySize.GetSize(), MostBytes);
            ulong linear = MemoryOperand.AddressOf(tested.Start, access);
            ulong offset = linear - MemoryOperand.SegmentBase(access.Segment);
            if ((uint)linear + size > end || (uint)offset + size > end) return true;
        }

        return false;
    }

    private static bool HasWildOffset(GeneratedCase tested)
    {
        foreach (var access in Information.GetInfo(tested.Instruction).GetUsedMemory())
        {
            ulong start = MemoryOperand.SegmentBase(access.Segment);
            if (start != 0 && !IsCanonical(MemoryOperand.AddressOf(tested.Start, access) - start)) return true;
        }

        return false;
    }

    private static bool IsCanonical(ulong address) => (address + (1ul << 47)) >> 48 == 0;
}
