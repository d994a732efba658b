using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Tests.Cli;
using Emulator.Tests.RiscV.Privileged;

namespace Emulator.Tests.RiscV.Programs;

/// <summary>How test programs of 32 bits end a run through <c>tohost</c>, in host time and in deterministic mode.</summary>
[TestFixture]
public sealed class ToHostTests
{
    [Test]
    public async Task A_store_of_the_low_half_for_ever_ends_the_run([Values] bool isDeterministic, [Values] bool writesHighHalf)
    {
        const string Isa = "rv32i";
        var program = new GuestProgram(new RiscVArchitecture(IsaConfiguration.Parse(Isa)), GuestPrograms.Start)
            .Load(GuestProgram.A0, (uint)GuestPrograms.Data)
            .Emit("addi", GuestProgram.A1, immediate: 1);
        ulong again = program.Here;
        program.Emit("sw", rs1: GuestProgram.A0, rs2: GuestProgram.A1);
        if (writesHighHalf) program.Emit("sw", rs1: GuestProgram.A0, immediate: sizeof(uint));
        program.Branch("beq", 0, 0, again);
        byte[] file = GuestPrograms.Elf([.. program.Words], new byte[sizeof(ulong)], ElfClass.Elf32, ("tohost", GuestPrograms.Data));
        await using var machine = MachineProgram.Create(
            new EngineOptions { Kind = EngineKind.Interpreter, IsDeterministic = isDeterministic }, 1, Isa, GuestImage.Parse(file, "program"));
        await MachineProgram.AssertPasses(machine);
    }
}
