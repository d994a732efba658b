using Emulator.Arch.RiscV;
using Emulator.Core.Backends;
using Emulator.Core.Ir;
using Emulator.Core.Memory;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.RiscV.Oracle;

/// <summary>Executes single instructions by the definition of their IR, on a hart whose registers are filled from a request.</summary>
internal sealed class SingleInstruction : IDisposable
{
    private const int RoundingShift = 5;
    private const ulong FlagMask = 31;
    private const uint ValidRounding = 4;

    private readonly MemorySystem _memory = new();
    private readonly RiscVHart _hart;
    private readonly IrBuilder _builder = new();

    public SingleInstruction(RiscVArchitecture architecture)
    {
        Architecture = architecture;
        _memory.AddRam("operands", new GuestPhysicalAddress(InstructionOracle.OperandAddress & GuestPage.Mask), GuestPage.Size);
        _hart = new RiscVHart(architecture, _memory, 0, new RiscVHartEnvironment(new ManualClock()));
    }

    public RiscVArchitecture Architecture { get; }

    /// <summary>The instruction as it is lifted, usually with floating point on.</summary>
    public IrBlock Lift(uint instruction, uint frm = 0, bool isFloatOn = true)
    {
        var mode = new RiscVMode(Privilege.Machine, RiscVMmuIndex.Machine, isFloatOn, (byte)frm);
        _builder.Begin(0, mode.Pack());
        _builder.BeginInstruction();
        Assert.That(Architecture.TryLift(_builder, BitConverter.GetBytes(instruction)));
        _builder.EndInstruction();
        var block = _builder.Finish();
        Assert.That(IrVerifier.FindError(block), Is.Null, block.ToString());
        return block;
    }

    /// <summary>What the instruction does to x10, f10, fcsr and memory.</summary>
    public InstructionAnswer Execute(in InstructionRequest request)
    {
        uint frm = request.Fcsr >> RoundingShift;
        var block = Lift(request.Instruction, frm);
        if (IsIllegal(block)) return new InstructionAnswer { Failed = 1 };
        for (int i = 0; i < 3; i++) _hart[RiscVSlots.X(10 + i)] = request.X[i];
        for (int i = 0; i < 4; i++) _hart[RiscVSlots.F(10 + i)] = request.F[i];
        _hart[FlagSlot] = request.Fcsr & FlagMask;
        WriteMemory(request.Memory[0], request.Memory[1]);
        ReferenceInterpreter.Run(_hart, block);
        var answer = new InstructionAnswer
        {
            X = _hart[RiscVSlots.X(10)], F = _hart[RiscVSlots.F(10)], Fcsr = _hart[FlagSlot] | (request.Fcsr & ~(uint)FlagMask),
        };
        (answer.Memory[0], answer.Memory[1]) = ReadMemory();
        return answer;
    }

    public static bool IsIllegal(IrBlock block) =>
        block.Instructions.Any(i => i.Opcode == Opcode.CallCpu && i.Immediate == PrivilegedHelpers.Illegal.Index);

    public void Dispose()
    {
        _hart.Dispose();
        _memory.Dispose();
    }

    private static Slot FlagSlot => new(StateSlots.FloatFlags);

    private void WriteMemory(ulong first, ulong second)
    {
        _memory.TryWrite(new GuestPhysicalAddress(InstructionOracle.OperandAddress), 8, first);
        _memory.TryWrite(new GuestPhysicalAddress(InstructionOracle.OperandAddress + 8), 8, second);
    }

    private (ulong First, ulong Second) ReadMemory()
    {
        _memory.TryRead(new GuestPhysicalAddress(InstructionOracle.OperandAddress), 8, out ulong first);
        _memory.TryRead(new GuestPhysicalAddress(InstructionOracle.OperandAddress + 8), 8, out ulong second);
        return (first, second);
    }
}
