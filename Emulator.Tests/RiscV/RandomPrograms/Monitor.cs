using Emulator.Arch.RiscV;

namespace Emulator.Tests.RiscV.RandomPrograms;

/// <summary>
/// The machine-mode program around the random ones: starts each with the registers of its context, records every trap that comes to M
/// and has the program go on after it, and at the end of a program, or of its patience, stores all registers and starts the next. After
/// the last it switches the machine off.
/// </summary>
internal static class Monitor
{
    /// <summary>Length of what it records of a trap: cause, pc, value, mstatus, hash of the x registers, mip, fcsr.</summary>
    public const int LoggedWords = 7;

    private const int ContextRegister = 31;
    private const ulong HashMultiplier = 0x9e37_79b1;
    private const ulong Mtimecmp = 0x200_4000;
    private const ulong Finisher = 0x10_0000;
    private const ulong PowerOff = 0x5555;
    private const ulong FloatDirty = 3 << 13;
    private const ulong PreviousPrivilege = 3 << 11;
    private const ulong ModifyPrivilege = 1 << 17;
    private const int IllegalInstruction = 2;
    private const int InstructionPageFault = 12;
    private const ulong AllMemoryConfig = 0x1f; // NAPOT, R W X

    // registers of the handler
    private const int Hash = 5;
    private const int Temporary = 6;
    private const int Other = 7;
    private const int Count = 8;
    private const int Entry = 9;
    private const int Cause = 10;
    private const int Pc = 11;
    private const int Value = 12;
    private const int Status = 13;
    private const int Pending = 14;
    private const int Offset = 15;

    public static byte[] Build(RiscVArchitecture architecture)
    {
        var a = new Assembler(architecture);
        var handler = new Label();
        var next = new Label();
        Prepare(a, handler);
        a.Place(next);
        StartNext(a);
        a.Place(handler);
        HandleTrap(a, next);
        return a.Finish();
    }

    private static void Prepare(Assembler a, Label handler)
    {
        a.AddressOf(Temporary, handler);
        a.WriteCsr(CsrNumber.Mtvec, Temporary);
        a.Constant(Temporary, Mtimecmp);
        a.Emit("addi", Other, 0, imm: -1);
        a.Emit("sw", rs1: Temporary, rs2: Other);
        a.Emit("sw", rs1: Temporary, rs2: Other, imm: sizeof(uint));
        a.WriteCsr(CsrNumber.Pmpaddr15, Other);
        int config = a.Is64 ? CsrNumber.Pmpcfg2 : CsrNumber.Pmpcfg3;
        a.Constant(Temporary, AllMemoryConfig << (a.Is64 ? 56 : 24));
        a.WriteCsr(config, Temporary);
    }

    private static void StartNext(Assembler a)
    {
        var run = new Label();
        var spin = new Label();
        a.Constant(Temporary, Layout.Ram + Layout.MonitorVariables);
        a.Emit(a.LoadX, ContextRegister, Temporary);
        a.Emit(a.LoadX, Count, Temporary, imm: Layout.Word);
        a.To(run, "bne", rs1: Count);
        a.Constant(Temporary, Finisher);
        a.Constant(Other, PowerOff);
        a.Emit("sw", rs1: Temporary, rs2: Other);
        a.Place(spin);
        a.To(spin, "jal");

        a.Place(run);
        a.WriteCsr(CsrNumber.Mscratch, ContextRegister);
        a.WriteCsr(CsrNumber.Satp, 0);
        a.Constant(Temporary, FloatDirty);
        a.WriteCsr(CsrNumber.Mstatus, Temporary);
        for (int i = 0; i < 32; i++) a.Emit("fld", i, ContextRegister, imm: ContextLayout.Floats + (i * Layout.Word));
        for (int i = 0; i < CsrNumber.Initial.Length; i++)
        {
            a.Emit(a.LoadX, Temporary, ContextRegister, imm: ContextLayout.InitialCsrs + (i * Layout.Word));
            a.WriteCsr(CsrNumber.Initial[i], Temporary);
        }

        a.Emit("sfence.vma");
        a.Emit("fence.i");
        Resume(a);
    }

    private static void Resume(Assembler a)
    {
        for (int i = 1; i < ContextRegister; i++) a.Emit(a.LoadX, i, ContextRegister, imm: i * Layout.Word);
        a.Emit(a.LoadX, ContextRegister, ContextRegister, imm: ContextRegister * Layout.Word);
        a.Emit("mret");
    }

    private static void HandleTrap(Assembler a, Label next)
    {
        var finish = new Label();
        var goElsewhere = new Label();
        var interrupt = new Label();
        var resume = new Label();
        var isLegal = new Label();
        SaveRegisters(a, CsrNumber.Mscratch);
        Record(a);

        a.Constant(Temporary, ContextLayout.MaxTraps);
        a.To(finish, "bge", rs1: Count, rs2: Temporary);
        a.To(interrupt, "blt", rs1: Cause);
        a.Constant(Temporary, unchecked((ulong)-Layout.Page));
        a.Emit("and", Temporary, Temporary, Pc);
        a.Emit(a.LoadX, Other, ContextRegister, imm: ContextLayout.SupervisorPage);
        a.To(finish, "beq", rs1: Temporary, rs2: Other);
        a.Constant(Temporary, Layout.CodeSize - 1);
        a.Emit("and", Offset, Pc, Temporary);
        a.Emit(a.LoadX, Other, ContextRegister, imm: ContextLayout.ExitOffset);
        a.To(finish, "beq", rs1: Offset, rs2: Other);
        BranchIfFetchFault(a, Cause, Temporary, goElsewhere);
        a.Emit(a.LoadX, Other, ContextRegister, imm: ContextLayout.CodeAddress);
        a.Emit("add", Offset, Offset, Other);
        a.Emit("addi", Temporary, 0, imm: IllegalInstruction);
        a.To(isLegal, "bne", rs1: Cause, rs2: Temporary);
        a.Emit("sfence.vma"); // it may have been one, where mstatus.TVM is set: without it, what is cached is the machine's choice
        a.Place(isLegal);
        SkipInstruction(a, Pc, Offset, Temporary);
        a.WriteCsr(CsrNumber.Mepc, Pc);
        a.To(resume, "jal");

        a.Place(goElsewhere);
        LoadTarget(a, Pc, Count, ContextLayout.Targets, Temporary);
        a.WriteCsr(CsrNumber.Mepc, Pc);
        a.Constant(Temporary, PreviousPrivilege | ModifyPrivilege); // in this order, so that the loads below are those of M
        a.Emit("csrrc", 0, Temporary, csr: CsrNumber.Mstatus);
        a.Emit(a.LoadX, Temporary, ContextRegister, imm: ContextLayout.HomePrivilege);
        a.Emit("csrrs", 0, Temporary, csr: CsrNumber.Mstatus);
        a.To(resume, "jal");

        a.Place(interrupt);
        a.WriteCsr(CsrNumber.Mip, 0);
        a.Place(resume);
        Resume(a);

        a.Place(finish);
        Finish(a, next);
    }

    /// <summary>Entry of a handler: x31 becomes the context, which holds all registers.</summary>
    public static void SaveRegisters(Assembler a, int scratch)
    {
        a.Emit("csrrw", ContextRegister, ContextRegister, csr: scratch);
        for (int i = 1; i < ContextRegister; i++) a.Emit(a.StoreX, rs1: ContextRegister, rs2: i, imm: i * Layout.Word);
        a.ReadCsr(1, scratch);
        a.Emit(a.StoreX, rs1: ContextRegister, rs2: 1, imm: ContextRegister * Layout.Word);
        a.WriteCsr(scratch, ContextRegister);
    }

    /// <summary>Adds the length of the instruction at <paramref name="code"/> to <paramref name="pc"/>.</summary>
    public static void SkipInstruction(Assembler a, int pc, int code, int temporary)
    {
        if (!a.IsCompressed)
        {
            a.Emit("addi", pc, pc, imm: sizeof(uint));
            return;
        }

        a.Emit("lhu", temporary, code);
        a.Emit("andi", temporary, temporary, imm: 3);
        a.Emit("sltiu", temporary, temporary, imm: 3);
        a.Emit("xori", temporary, temporary, imm: 1);
        a.Emit("slli", temporary, temporary, imm: 1);
        a.Emit("addi", temporary, temporary, imm: 2);
        a.Emit("add", pc, pc, temporary);
    }

    /// <summary>Misaligned, forbidden or unmapped code: the causes 0, 1 and 12.</summary>
    public static void BranchIfFetchFault(Assembler a, int cause, int temporary, Label target)
    {
        a.Emit("sltiu", temporary, cause, imm: 2);
        a.To(target, "bne", rs1: temporary);
        a.Emit("addi", temporary, 0, imm: InstructionPageFault);
        a.To(target, "beq", rs1: cause, rs2: temporary);
    }

    /// <summary>One of the program's places to go on at, by the number of traps.</summary>
    public static void LoadTarget(Assembler a, int pc, int count, int targets, int temporary)
    {
        a.Emit("andi", temporary, count, imm: ContextLayout.TargetCount - 1);
        a.Emit("slli", temporary, temporary, imm: 3);
        a.Emit("add", temporary, temporary, ContextRegister);
        a.Emit(a.LoadX, pc, temporary, imm: targets);
    }

    private static void Record(Assembler a)
    {
        var isOff = new Label();
        a.Emit(a.LoadX, Hash, ContextRegister, imm: ContextLayout.Hash);
        a.Constant(Temporary, HashMultiplier);
        for (int i = 1; i < 32; i++)
        {
            a.Emit(a.LoadX, Other, ContextRegister, imm: i * Layout.Word);
            a.Emit("mul", Hash, Hash, Temporary);
            a.Emit("add", Hash, Hash, Other);
        }

        a.Emit(a.StoreX, rs1: ContextRegister, rs2: Hash, imm: ContextLayout.Hash);
        a.ReadCsr(Cause, CsrNumber.Mcause);
        a.ReadCsr(Pc, CsrNumber.Mepc);
        a.ReadCsr(Value, CsrNumber.Mtval);
        a.ReadCsr(Status, CsrNumber.Mstatus);
        a.ReadCsr(Pending, CsrNumber.Mip);
        a.Emit("addi", Other, 0);
        a.Constant(Temporary, FloatDirty);
        a.Emit("and", Temporary, Temporary, Status);
        a.To(isOff, "beq", rs1: Temporary);
        a.ReadCsr(Other, CsrNumber.Fcsr);
        a.Place(isOff);

        a.Emit(a.LoadX, Count, ContextRegister, imm: ContextLayout.TrapCount);
        a.Emit("slli", Entry, Count, imm: int.Log2(ContextLayout.LogEntry));
        a.Constant(Temporary, ContextLayout.Log);
        a.Emit("add", Entry, Entry, Temporary);
        a.Emit("add", Entry, Entry, ContextRegister);
        int[] logged = [Cause, Pc, Value, Status, Hash, Pending, Other];
        for (int i = 0; i < logged.Length; i++) a.Emit(a.StoreX, rs1: Entry, rs2: logged[i], imm: i * Layout.Word);
        a.Emit("addi", Count, Count, imm: 1);
        a.Emit(a.StoreX, rs1: ContextRegister, rs2: Count, imm: ContextLayout.TrapCount);
    }

    private static void Finish(Assembler a, Label next)
    {
        a.Constant(Temporary, FloatDirty);
        a.Emit("csrrs", 0, Temporary, csr: CsrNumber.Mstatus);
        for (int i = 0; i < 32; i++) a.Emit("fsd", rs1: ContextRegister, rs2: i, imm: ContextLayout.Floats + (i * Layout.Word));
        for (int i = 0; i < CsrNumber.Final.Length; i++)
        {
            a.ReadCsr(Temporary, CsrNumber.Final[i]);
            a.Emit(a.StoreX, rs1: ContextRegister, rs2: Temporary, imm: ContextLayout.FinalCsrs + (i * Layout.Word));
        }

        a.Constant(Temporary, Layout.Ram + Layout.MonitorVariables);
        a.Constant(Other, Layout.SlotSize);
        a.Emit("add", Other, Other, ContextRegister);
        a.Emit(a.StoreX, rs1: Temporary, rs2: Other);
        a.Emit(a.LoadX, Count, Temporary, imm: Layout.Word);
        a.Emit("addi", Count, Count, imm: -1);
        a.Emit(a.StoreX, rs1: Temporary, rs2: Count, imm: Layout.Word);
        a.To(next, "jal");
    }
}
