using Emulator.Arch.RiscV;

namespace Emulator.Tests.RiscV.RandomPrograms;

/// <summary>
/// The handler of delegated traps, one in each slot: records the trap and has the program go on after it; at its end, or after too many
/// traps, it calls the monitor.
/// </summary>
internal static class SupervisorHandler
{
    /// <summary>What it records: cause, pc, value, sstatus.</summary>
    public const int LoggedWords = 4;

    private const int ContextRegister = 31;
    private const int Temporary = 6;
    private const int Other = 7;
    private const int Count = 8;
    private const int Entry = 9;
    private const int Cause = 10;
    private const int Pc = 11;
    private const int Value = 12;
    private const int Status = 13;
    private const int Offset = 15;
    private const ulong UserReadable = (1 << 18) | (1 << 19); // SUM, MXR
    private const ulong SoftwareInterrupt = 2;

    public static byte[] Build(RiscVArchitecture architecture)
    {
        var a = new Assembler(architecture);
        var exit = new Label();
        var goElsewhere = new Label();
        var interrupt = new Label();
        var write = new Label();
        var resume = new Label();
        Monitor.SaveRegisters(a, CsrNumber.Sscratch);
        Record(a);

        a.Emit("addi", Temporary, 0, imm: SupervisorContextLayout.MaxTraps);
        a.To(exit, "bge", rs1: Count, rs2: Temporary);
        a.To(interrupt, "blt", rs1: Cause);
        a.Constant(Temporary, Layout.CodeSize - 1);
        a.Emit("and", Offset, Pc, Temporary);
        a.Emit(a.LoadX, Other, ContextRegister, imm: SupervisorContextLayout.ExitOffset);
        a.To(exit, "beq", rs1: Offset, rs2: Other);
        Monitor.BranchIfFetchFault(a, Cause, Temporary, goElsewhere);
        a.Emit(a.LoadX, Other, ContextRegister, imm: SupervisorContextLayout.CodeAddress);
        a.Emit("add", Offset, Offset, Other);
        a.Constant(Temporary, UserReadable);
        a.Emit("csrrs", 0, Temporary, csr: CsrNumber.Sstatus);
        Monitor.SkipInstruction(a, Pc, Offset, Temporary);
        a.WriteCsr(CsrNumber.Sstatus, Status);
        a.To(write, "jal");

        a.Place(goElsewhere);
        Monitor.LoadTarget(a, Pc, Count, SupervisorContextLayout.Targets, Temporary);
        a.Place(write);
        a.WriteCsr(CsrNumber.Sepc, Pc);
        a.To(resume, "jal");

        a.Place(interrupt);
        a.Constant(Temporary, SoftwareInterrupt);
        a.Emit("csrrc", 0, Temporary, csr: CsrNumber.Sip);
        a.Place(resume);
        for (int i = 1; i < ContextRegister; i++) a.Emit(a.LoadX, i, ContextRegister, imm: i * Layout.Word);
        a.Emit(a.LoadX, ContextRegister, ContextRegister, imm: ContextRegister * Layout.Word);
        a.Emit("sret");
        a.Place(exit);
        a.Emit("addi", Status, 0); // the monitor hashes the registers: not FS, which may be Dirty early, nor the value, which may be 0
        a.Emit("addi", Value, 0);
        a.Emit("ecall");
        return a.Finish();
    }

    private static void Record(Assembler a)
    {
        a.ReadCsr(Cause, CsrNumber.Scause);
        a.ReadCsr(Pc, CsrNumber.Sepc);
        a.ReadCsr(Value, CsrNumber.Stval);
        a.ReadCsr(Status, CsrNumber.Sstatus);
        a.Emit(a.LoadX, Count, ContextRegister, imm: SupervisorContextLayout.TrapCount);
        a.Emit("slli", Entry, Count, imm: int.Log2(ContextLayout.LogEntry));
        a.Emit("add", Entry, Entry, ContextRegister);
        int[] logged = [Cause, Pc, Value, Status];
        for (int i = 0; i < logged.Length; i++)
        {
            a.Emit(a.StoreX, rs1: Entry, rs2: logged[i], imm: SupervisorContextLayout.Log + (i * Layout.Word));
        }

        a.Emit("addi", Count, Count, imm: 1);
        a.Emit(a.StoreX, rs1: ContextRegister, rs2: Count, imm: SupervisorContextLayout.TrapCount);
    }
}
