using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>
/// Rows of floating-point instructions. Each has two forms: a helper for MXCSR's default, which is all that most programs ever see,
/// and an operation that looks at MXCSR; the mode word tells at translation which is to be used.
/// </summary>
internal static class SseFloatRow
{
    private const int OperationBits = 16;
    private const int ConstantShift = OperationBits;
    private const int RegisterShift = ConstantShift + 8;
    private const int WritesShift = RegisterShift + 8;

    private static readonly List<SseOperation> Operations = [];

    private static readonly Helper General =
        X86Helpers.Register(ExecuteGeneral, HelperEffects.ReadsSlots | HelperEffects.WritesSlots | HelperEffects.MayFault);

    /// <summary>The first operand becomes a function of both and of the immediate byte, if there is one.</summary>
    /// <param name="mnemonic">Its name; with <paramref name="code"/>, only that encoding.</param>
    /// <param name="bytes">Of a source in memory; 16 must be aligned.</param>
    /// <param name="helper">With MXCSR's default.</param>
    /// <param name="operation">With any MXCSR.</param>
    /// <param name="code">The encoding.</param>
    public static InstructionRow Of(Mnemonic mnemonic, int bytes, VectorFloatHelper helper, SseOperation operation, Code code = Code.INVALID)
    {
        var form = Form.Of(helper, operation);
        Lift lift = l => form.Write(l, Source(l, bytes), l.Instruction.OpCount > 2 ? l.Instruction.Immediate8 : 0);
        return code == Code.INVALID ? SseRow.Of(mnemonic, lift) : SseRow.Of(code, lift);
    }

    /// <summary>The first operand's low lane becomes a function of a general operand, which is sign-extended.</summary>
    public static InstructionRow FromGeneral(Code code, VectorFloatHelper helper, SseOperation operation)
    {
        var form = Form.Of(helper, operation);
        return SseRow.Of(code, l => form.Write(l, l.Ir.VectorPack(l.ReadSigned(1), 0), 0));
    }

    /// <summary>A general register becomes a function of the source.</summary>
    public static InstructionRow ToGeneral(Code code, int bytes, VectorFloatHelper helper, SseOperation operation)
    {
        var form = Form.Of(helper, operation);
        return SseRow.Of(code, l => l.Write(0, form.Read(l, Source(l, bytes), 0)));
    }

    /// <summary>The arithmetic flags become a function of both operands.</summary>
    public static InstructionRow ToFlags(Mnemonic mnemonic, int bytes, VectorFloatHelper helper, SseOperation operation)
    {
        var form = Form.Of(helper, operation);
        return SseRow.Of(mnemonic, l => l.SetFlags(form.Read(l, Source(l, bytes), l.XmmNumber(0))));
    }

    private static VectorValue Source(X86Lifter l, int bytes) => bytes == X86Lifter.VectorBytes ? l.ReadVector(1) : l.ReadLowLane(1, bytes);

    // (low and high half of the source, what): the low half of the result
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ExecuteGeneral(VirtualCpu cpu, ulong low, ulong high, ulong what)
    {
        int register = (int)(what >> RegisterShift) & 0xff;
        var flags = new Slot(StateSlots.FloatFlags);
        var control = SseControl.Of((uint)cpu[X86Slots.Mxcsr], cpu[flags]);
        var first = Vector128.Create(cpu[X86Slots.Xmm(register, 0)], cpu[X86Slots.Xmm(register, 1)]).AsByte();
        var operation = Operations[(int)(what & ((1 << OperationBits) - 1))];
        var result = operation(first, Vector128.Create(low, high).AsByte(), (int)(what >> ConstantShift) & 0xff, ref control).AsUInt64();
        var (signalled, raises) = control.Finish();
        cpu[flags] |= (ulong)signalled;
        if (raises)
        {
            bool isAnnounced = (((X86Cpu)cpu).Registers.Cr4 & Cr4.OsXmmExcpt) != 0;
            cpu.RaiseFault(X86Fault.Of(isAnnounced ? X86Exception.SimdFloatingPoint : X86Exception.InvalidOpcode));
            return 0;
        }

        if ((what >> WritesShift) != 0) (cpu[X86Slots.Xmm(register, 0)], cpu[X86Slots.Xmm(register, 1)]) = (result.ToScalar(), result.GetElement(1));
        return result.ToScalar();
    }

    private readonly record struct Form(Helper Default, int Operation)
    {
        public static Form Of(VectorFloatHelper helper, SseOperation operation)
        {
            Operations.Add(operation);
            return new Form(X86Helpers.Register(helper), Operations.Count - 1);
        }

        /// <summary>Writes the result to the first operand.</summary>
        public void Write(X86Lifter l, VectorValue source, int constant)
        {
            var destination = l.XmmSlot(0);
            if (l.Mode.Has(X86Mode.DefaultMxcsr)) l.Ir.WriteVector(destination, l.Ir.Call(Default, IrBuilder.ReadVector(destination), source, constant));
            else CallGeneral(l, source, constant, l.XmmNumber(0), writes: true);
        }

        /// <summary>The low half of the result.</summary>
        public Value Read(X86Lifter l, VectorValue source, int first) => l.Mode.Has(X86Mode.DefaultMxcsr)
            ? l.Ir.VectorLow(l.Ir.Call(Default, IrBuilder.ReadVector(X86Slots.Xmm(first)), source))
            : CallGeneral(l, source, 0, first, writes: false);

        private Value CallGeneral(X86Lifter l, VectorValue source, int constant, int register, bool writes)
        {
            long what = (long)Operation | ((long)constant << ConstantShift) | ((long)register << RegisterShift) | (writes ? 1L << WritesShift : 0);
            return l.Ir.Call(General, l.Ir.VectorLow(source), l.Ir.VectorHigh(source), what);
        }
    }
}
