using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Emulator.Arch.X86.Lifting;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>MXCSR, FXSAVE and FXRSTOR, MASKMOVDQU.</summary>
internal static class SseSystem
{
    private const ulong PageMask = ~0xffful;

    private static readonly Helper ReadMxcsr = X86Helpers.Register(ReadMxcsrOf, HelperEffects.ReadsSlots);
    private static readonly Helper WriteMxcsr =
        X86Helpers.Register(WriteMxcsrOf, HelperEffects.ReadsSlots | HelperEffects.WritesSlots | HelperEffects.MayFault);

    private static readonly Helper CheckState = X86Helpers.Register(CheckStateOf, HelperEffects.MayFault);
    private static readonly Helper StoreMasked =
        X86Helpers.Register(StoreMaskedOf, HelperEffects.ReadsSlots | HelperEffects.MayFault | HelperEffects.Memory);

    public static IReadOnlyList<InstructionRow> Rows { get; } =
    [
        SseRow.Of(Mnemonic.Ldmxcsr, static l => l.LeaveThrough(WriteMxcsr, l.Read(0))),
        SseRow.Of(Mnemonic.Stmxcsr, static l => l.Write(0, l.Ir.Call(ReadMxcsr))),
        SseRow.Of(Mnemonic.Maskmovdqu, MoveMasked),
        new(Mnemonic.Fxsave, SaveState),
        new(Mnemonic.Fxsave64, SaveState),
        new(Mnemonic.Fxrstor, RestoreState),
        new(Mnemonic.Fxrstor64, RestoreState),
    ];

    private static void MoveMasked(X86Lifter l)
    {
        int addressSize = l.Instruction.Op0Kind switch { OpKind.MemorySegDI => 2, OpKind.MemorySegEDI => 4, _ => 8 };
        var offset = l.ZeroExtend(IrBuilder.Read(X86Slots.General64(7)), addressSize);
        var address = l.Linear(l.Instruction.MemorySegment - Register.ES, offset, X86Lifter.VectorBytes, writes: true);
        l.CheckAlignment(address, X86Lifter.VectorBytes / 2); // as AMD's processors have it
        l.Ir.Call(StoreMasked, l.AsValue(address), l.XmmNumber(1), l.XmmNumber(2));
    }

    // Intel SDM volume 1, table 10-2. There is no x87 unit: its part is as FNINIT leaves it.
    private static void SaveState(X86Lifter l)
    {
        l.Ir.Call(CheckState);
        var area = l.MemoryOperand(FxArea.Bytes, writes: true);
        l.CheckAlignment(area, FxArea.CheckedAlignment);
        var control = l.Ir.Or(l.Ir.Call(ReadMxcsr), (long)MxcsrBits.All << 32);
        Store(0, l.Ir.VectorPack(FxArea.InitialControlWord, 0));
        Store(FxArea.MxcsrOffset & ~(X86Lifter.VectorBytes - 1), l.Ir.VectorPack(0, control));
        var zero = l.Ir.VectorPack(0, 0);
        for (int i = FxArea.StackOffset; i < FxArea.XmmOffset; i += X86Lifter.VectorBytes) Store(i, zero);
        for (int i = 0; i < XmmCount(l); i++) Store(FxArea.XmmOffset + (i * X86Lifter.VectorBytes), IrBuilder.ReadVector(X86Slots.Xmm(i)));

        void Store(int offset, VectorValue value) =>
            l.StoreVector(area with { Displacement = area.Displacement + offset }, value, AccessTraits.Aligned);
    }

    private static void RestoreState(X86Lifter l)
    {
        l.Ir.Call(CheckState);
        var area = l.MemoryOperand(FxArea.Bytes, writes: false);
        l.CheckAlignment(area, FxArea.CheckedAlignment);
        var mxcsr = l.Ir.ZeroExtend32(l.Ir.VectorHigh(Load(FxArea.MxcsrOffset & ~(X86Lifter.VectorBytes - 1))));
        var registers = Enumerable.Range(0, XmmCount(l)).Select(i => Load(FxArea.XmmOffset + (i * X86Lifter.VectorBytes))).ToArray();
        l.FaultIf(l.Ir.ShrU(mxcsr, MxcsrBits.Width), X86Exception.GeneralProtection);
        for (int i = 0; i < registers.Length; i++) l.Ir.WriteVector(X86Slots.Xmm(i), registers[i]);
        l.LeaveThrough(WriteMxcsr, mxcsr);

        VectorValue Load(int offset) => l.LoadVector(area with { Displacement = area.Displacement + offset }, AccessTraits.Aligned);
    }

    private static int XmmCount(X86Lifter l) => l.Is64 ? 16 : 8;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ReadMxcsrOf(VirtualCpu cpu, ulong a, ulong b, ulong c) => ((X86Cpu)cpu).Mxcsr;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong WriteMxcsrOf(VirtualCpu cpu, ulong value, ulong b, ulong next)
    {
        uint mxcsr = (uint)value;
        if ((mxcsr & ~MxcsrBits.All) != 0)
        {
            cpu.RaiseFault(X86Fault.GeneralProtection());
            return 0;
        }

        ((X86Cpu)cpu).Mxcsr = mxcsr;
        cpu.ProgramCounter = next;
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong CheckStateOf(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        if ((((X86Cpu)cpu).Registers.Cr0 & (Cr0.Em | Cr0.Ts)) != 0) cpu.RaiseFault(X86Fault.Of(X86Exception.DeviceNotAvailable));
        return 0;
    }

    // (address, number of the source register, of the mask register): bytes that are not selected are not touched, but faults are those
    // of a store of all of them, whatever is selected, as AMD's processors have it
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong StoreMaskedOf(VirtualCpu cpu, ulong address, ulong source, ulong mask)
    {
        uint selected = Vector128.ExtractMostSignificantBits(XmmOf(cpu, (int)mask));
        int mmuIndex = ((X86Mode)cpu.Mode).MmuIndexNumber;
        var bytes = XmmOf(cpu, (int)source);
        ulong lastPage = (address + X86Lifter.VectorBytes - 1) & PageMask;
        bool isAdmitted = cpu.TryProbeWrite(At(0), 1, mmuIndex)
            && ((address & PageMask) == lastPage || cpu.TryProbeWrite(new GuestVirtualAddress(lastPage), 1, mmuIndex));
        for (int i = 0; isAdmitted && i < X86Lifter.VectorBytes; i++)
        {
            if ((selected & (1u << i)) != 0 && !cpu.TryStore(At(i), 1, mmuIndex, bytes.GetElement(i))) return 0;
        }

        return 0;

        GuestVirtualAddress At(int offset) => new(unchecked(address + (ulong)offset));
    }

    private static Vector128<byte> XmmOf(VirtualCpu cpu, int number) =>
        Vector128.Create(cpu[X86Slots.Xmm(number, 0)], cpu[X86Slots.Xmm(number, 1)]).AsByte();
}

/// <summary>The 512 bytes of FXSAVE.</summary>
internal static class FxArea
{
    public const int Bytes = 512;

    /// <summary>What EFLAGS.AC asks for; without it, or beyond it, alignment to 16 bytes raises #GP.</summary>
    public const int CheckedAlignment = 4;

    public const int MxcsrOffset = 24;

    public const int StackOffset = 32;

    public const int XmmOffset = 160;

    /// <summary>FCW after FNINIT; status and tags are zero.</summary>
    public const long InitialControlWord = 0x37f;
}
