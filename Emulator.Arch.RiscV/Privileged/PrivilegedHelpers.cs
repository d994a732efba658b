using System.Runtime.CompilerServices;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using static Emulator.Core.Ir.HelperEffects;

namespace Emulator.Arch.RiscV;

/// <summary>
/// What lifted code calls on the hart. Arguments that are instruction bits are there for mtval, should the instruction be illegal.
/// </summary>
internal static class PrivilegedHelpers
{
    private const int CsrShift = 20;

    // A fence, jump or CSR access sees all state as it is at the instruction.
    private const HelperEffects State = ReadsSlots | WritesSlots | MayFault;

    private enum CsrOperation : uint
    {
        Write = 1,
        Set = 2,
        Clear = 3,
    }

    /// <summary>(bits): an illegal instruction.</summary>
    public static readonly Helper Illegal = Add(IllegalOf, MayFault);

    /// <summary>(target, condition): if the condition is not 0, a jump to a misaligned target.</summary>
    public static readonly Helper MisalignedTarget = Add(MisalignedTargetOf, MayFault);

    /// <summary>(): ECALL.</summary>
    public static readonly Helper Ecall = Add(EcallOf, State);

    /// <summary>(address of the instruction): EBREAK.</summary>
    public static readonly Helper Ebreak = Add(EbreakOf, MayFault);

    /// <summary>(bits): MRET; leave at the program counter.</summary>
    public static readonly Helper Mret = Add(MretOf, State);

    /// <summary>(bits): SRET; leave at the program counter.</summary>
    public static readonly Helper Sret = Add(SretOf, State);

    /// <summary>(bits): WFI; leave.</summary>
    public static readonly Helper Wfi = Add(WfiOf, State);

    /// <summary>(bits): WRS.NTO and WRS.STO.</summary>
    public static readonly Helper WaitOnReservationSet = Add(WaitOnReservationSetOf, State);

    /// <summary>(rs1, rs2, bits): SFENCE.VMA and SINVAL.VMA; leave.</summary>
    public static readonly Helper SfenceVma = Add(SfenceVmaOf, State);

    /// <summary>(bits): the value of a CSR that is not written.</summary>
    public static readonly Helper CsrRead = Add(CsrReadOf, State);

    /// <summary>(bits, value): CSRRW that does not read; leave.</summary>
    public static readonly Helper CsrWrite = Add(CsrWriteOf, State);

    /// <summary>(bits, operand): CSRRW, CSRRS or CSRRC; gives the old value; leave.</summary>
    public static readonly Helper CsrExchange = Add(CsrExchangeOf, State);

    /// <summary>As <see cref="CsrRead"/>, of a CSR that only keeps a value.</summary>
    public static readonly Helper StorageRead = Add(CsrReadOf, MayFault);

    /// <summary>As <see cref="CsrWrite"/>, of a CSR that only keeps a value: the block goes on.</summary>
    public static readonly Helper StorageWrite = Add(CsrWriteOf, MayFault);

    /// <summary>As <see cref="CsrExchange"/>, of a CSR that only keeps a value: the block goes on.</summary>
    public static readonly Helper StorageExchange = Add(CsrExchangeOf, MayFault);

    /// <summary>
    /// (bits, operand, <see cref="RiscVSlots.FloatDirty"/>): as <see cref="CsrExchange"/>, of the status and interrupt-enable registers; the
    /// slot is 0 afterwards. See <see cref="MustLeave"/>.
    /// </summary>
    public static readonly Helper StatusExchange = Add(StatusExchangeOf, MayFault);

    /// <summary>(mode): 1 when the mode is another one by now, or an interrupt is to be taken, else 0.</summary>
    public static readonly Helper MustLeave = Add(MustLeaveOf, None);

    /// <summary>(rs1, bits, <see cref="CacheBlockKind"/>): CBO instructions.</summary>
    public static readonly Helper CacheBlock = Add(CacheBlockOf, MayFault | Memory);

    private static Helper Add(CpuHelper method, HelperEffects effects) => RiscVHelpers.Register(method, effects);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong IllegalOf(VirtualCpu cpu, ulong bits, ulong b, ulong c)
    {
        ((RiscVHart)cpu).RaiseIllegalInstruction((uint)bits);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong MisalignedTargetOf(VirtualCpu cpu, ulong target, ulong condition, ulong c)
    {
        if (condition != 0) cpu.RaiseFault(new GuestFault((uint)ExceptionCause.InstructionAddressMisaligned, target));
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong EcallOf(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        ((RiscVHart)cpu).EnvironmentCall();
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong EbreakOf(VirtualCpu cpu, ulong address, ulong b, ulong c)
    {
        ((RiscVHart)cpu).Breakpoint(address);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong MretOf(VirtualCpu cpu, ulong bits, ulong b, ulong c)
    {
        _ = ((RiscVHart)cpu).TryMret((uint)bits);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SretOf(VirtualCpu cpu, ulong bits, ulong b, ulong c)
    {
        _ = ((RiscVHart)cpu).TrySret((uint)bits);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong WfiOf(VirtualCpu cpu, ulong bits, ulong b, ulong c)
    {
        ((RiscVHart)cpu).WaitForInterrupt((uint)bits);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong WaitOnReservationSetOf(VirtualCpu cpu, ulong bits, ulong b, ulong c)
    {
        ((RiscVHart)cpu).WaitOnReservationSet((uint)bits);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SfenceVmaOf(VirtualCpu cpu, ulong va, ulong asid, ulong bits)
    {
        ((RiscVHart)cpu).SfenceVma(va, asid, (uint)bits);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CsrReadOf(VirtualCpu cpu, ulong bits, ulong b, ulong c)
    {
        var hart = (RiscVHart)cpu;
        if (!hart.TryReadCsr((uint)bits >> CsrShift, false, out ulong value)) hart.RaiseIllegalInstruction((uint)bits);
        return value;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CsrWriteOf(VirtualCpu cpu, ulong bits, ulong value, ulong c)
    {
        var hart = (RiscVHart)cpu;
        if (!hart.TryWriteCsr((uint)bits >> CsrShift, value)) hart.RaiseIllegalInstruction((uint)bits);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CsrExchangeOf(VirtualCpu cpu, ulong bits, ulong operand, ulong c)
    {
        var hart = (RiscVHart)cpu;
        uint csr = (uint)bits >> CsrShift;
        ulong old;
        bool ok = (CsrOperation)((bits >> 12) & 3) switch
        {
            CsrOperation.Write => hart.TryExchangeCsr(csr, operand, ulong.MaxValue, out old),
            CsrOperation.Set => hart.TryExchangeCsr(csr, ulong.MaxValue, operand, out old),
            _ => hart.TryExchangeCsr(csr, 0, operand, out old),
        };
        if (!ok) hart.RaiseIllegalInstruction((uint)bits);
        return old;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong StatusExchangeOf(VirtualCpu cpu, ulong bits, ulong operand, ulong floatDirty)
    {
        if (floatDirty != 0) ((RiscVHart)cpu).TakeFloatDirty();
        return CsrExchangeOf(cpu, bits, operand, 0);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong MustLeaveOf(VirtualCpu cpu, ulong mode, ulong b, ulong c) => cpu.Mode != mode || cpu.IsAttentionRequested ? 1ul : 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CacheBlockOf(VirtualCpu cpu, ulong address, ulong bits, ulong kind)
    {
        ((RiscVHart)cpu).CacheBlockOperation((CacheBlockKind)kind, address, (uint)bits);
        return 0;
    }
}
