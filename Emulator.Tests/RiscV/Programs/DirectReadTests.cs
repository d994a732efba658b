using System.Buffers.Binary;
using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Tests.RiscV.Privileged;

namespace Emulator.Tests.RiscV.Programs;

/// <summary>Loads of machine mode, which compiled code may do without the TLB: up to the last byte of RAM, in other memory, and under PMP.</summary>
[TestFixture]
public sealed class DirectReadTests
{
    private const ulong Start = HartFixture.RamStart;
    private const ulong Handler = Start + 0x1000;
    private const ulong Data = Start + 0x4000;
    private const ulong RamEnd = HartFixture.RamStart + HartFixture.RamLength;
    private const ulong Rom = 0x2000_0000;
    private const int RomLength = 0x2000;
    private const ushort PmpAddress0 = 0x3b0;
    private const ushort PmpConfig0 = 0x3a0;
    private const uint Mtvec = 0x305;
    private const uint Mepc = 0x341;
    private const uint Mcause = 0x342;
    private const uint Mtval = 0x343;

    [Test]
    public void Loads_reach_the_last_byte_of_memory_and_no_further(
        [Values] EngineKind engine, [Values("rv64max", "rv32max")] string isa, [Values("lb", "lhu", "lw")] string load, [Values(1, 3, 4)] int step,
        [Values] bool isRom)
    {
        using var machine = Create(isa, engine);
        byte[] content = new byte[RomLength];
        TestContext.CurrentContext.Random.NextBytes(content);
        machine.Memory.AddRom("rom", new GuestPhysicalAddress(Rom), RomLength, content);
        machine.Load(RamEnd - RomLength, content);
        int size = load switch { "lb" => 1, "lhu" => 2, _ => 4 };
        ulong end = isRom ? Rom + RomLength : RamEnd;
        int loads = (RomLength - size) / step + 1;
        var hart = machine.Hart;
        var program = new GuestProgram((RiscVArchitecture)hart.Architecture, Start);
        program.Emit(load, GuestProgram.T0, GuestProgram.A0)
            .Emit("slli", GuestProgram.T1, GuestProgram.S1, immediate: 1)
            .Emit("xor", GuestProgram.S1, GuestProgram.T1, GuestProgram.T0)
            .Emit("addi", GuestProgram.A0, GuestProgram.A0, immediate: step)
            .Branch("beq", 0, 0, Start);
        machine.Load(Start, program.Bytes);
        hart[RiscVSlots.X(GuestProgram.A0)] = SignExtended(hart, end - RomLength);
        hart.ProgramCounter = Start;
        machine.Run((ulong)(5 * loads) + 5);

        ulong expected = 0;
        for (int i = 0; i < loads; i++) expected = (expected << 1) ^ Value(content.AsSpan(i * step), load);
        uint mask32 = uint.MaxValue;
        Assert.That(hart[RiscVSlots.X(GuestProgram.S1)] & mask32, Is.EqualTo(expected & mask32), "of all values");
        Assert.That(hart.Csr(Mcause), Is.EqualTo((ulong)ExceptionCause.LoadAccessFault));
        Assert.That((uint)hart.Csr(Mepc), Is.EqualTo((uint)Start));
        ulong last = end - RomLength + (ulong)(loads * step);
        Assert.That((uint)hart.Csr(Mtval), Is.EqualTo((uint)Math.Max(last, end)), "the part that is not there");
    }

    [Test]
    public void A_locked_entry_holds_for_compiled_code_at_once([Values] EngineKind engine, [Values] bool isPart)
    {
        const int Passes = 40;
        using var machine = Create("rv64max", engine);
        var hart = machine.Hart;
        var program = new GuestProgram((RiscVArchitecture)hart.Architecture, Start);
        program.Emit("ld", GuestProgram.T0, GuestProgram.A0)
            .Emit("add", GuestProgram.S1, GuestProgram.S1, GuestProgram.T0)
            .Emit("addi", GuestProgram.S0, GuestProgram.S0, immediate: -1)
            .Branch("bne", GuestProgram.S0, 0, Start)
            .Emit("addi", GuestProgram.S0, immediate: Passes)
            .Emit("csrrw", rs1: GuestProgram.A1, csr: PmpAddress0)
            .Emit("csrrw", rs1: GuestProgram.A2, csr: PmpConfig0)
            .Branch("beq", 0, 0, Start);
        machine.Load(Start, program.Bytes);
        machine.Write(Data, 8, 1);
        hart[RiscVSlots.X(GuestProgram.A0)] = Data;
        hart[RiscVSlots.X(GuestProgram.A1)] = (Data + (isPart ? 4ul : 0)) >> PmpConfig.AddressShift;
        hart[RiscVSlots.X(GuestProgram.A2)] = isPart ? PmpConfig.Na4 : (ulong)(PmpConfig.L | PmpConfig.Napot);
        hart[RiscVSlots.X(GuestProgram.S0)] = Passes;
        hart.ProgramCounter = Start;
        machine.Run(1000);
        Assert.That((hart.Csr(Mcause), hart.Csr(Mepc), hart.Csr(Mtval)), Is.EqualTo(((ulong)ExceptionCause.LoadAccessFault, Start, Data)));
        Assert.That(hart[RiscVSlots.X(GuestProgram.S1)], Is.EqualTo((ulong)Passes));
    }

    private static HartFixture Create(string isa, EngineKind engine)
    {
        var machine = new HartFixture(isa, engine: engine);
        machine.Hart.Reset();
        machine.Load(Handler, new GuestProgram((RiscVArchitecture)machine.Hart.Architecture, Handler).Branch("beq", 0, 0, Handler).Bytes);
        machine.Hart.SetCsr(Mtvec, Handler);
        return machine;
    }

    private static ulong SignExtended(RiscVHart hart, ulong address) => ((RiscVArchitecture)hart.Architecture).Isa.Is64 ? address : (ulong)(int)address;

    private static ulong Value(ReadOnlySpan<byte> bytes, string load) => load switch
    {
        "lb" => (ulong)(sbyte)bytes[0],
        "lhu" => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        _ => (ulong)BinaryPrimitives.ReadInt32LittleEndian(bytes),
    };
}
