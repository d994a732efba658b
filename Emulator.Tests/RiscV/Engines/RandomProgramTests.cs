using System.Security.Cryptography;
using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;
using Emulator.Tests.Fakes;
using Emulator.Tests.RiscV.Oracle;

namespace Emulator.Tests.RiscV.Engines;

/// <summary>
/// Loops of random instructions, from every row that computes or accesses memory, leave the same registers, flags, memory and count on
/// all engines; what the reference makes of single instructions is tested elsewhere.
/// </summary>
public sealed class RandomProgramTests
{
    private const ulong CodeStart = 0x8000_0000;
    private const ulong DataStart = 0x8001_0000;
    private const int PageSize = 4096;
    private const int CounterRegister = 1;
    private const int BaseRegister = 2;
    private const int TrapHandler = 0xf00;
    private const uint Mstatus = 0x300;
    private const uint Mtvec = 0x305;
    private const uint Mepc = 0x341;
    private const uint Mcause = 0x342;
    private const uint Fcsr = 0x003;
    private const ulong FloatInitial = 1 << 13;
    private const int Programs = 8;
    private const ulong Iterations = 30;

    [Test]
    public void Engines_agree(
        [Values(EngineKind.Interpreter, EngineKind.Jit, EngineKind.Auto)] EngineKind kind, [Values("rv64max", "rv32max")] string isa)
    {
        int first = TestContext.CurrentContext.Random.Next();
        Agree(kind, isa, first, Programs);
    }

    [TestCase(EngineKind.Jit, "rv64max", 1111391225, TestName = "A write before inline floating point that leaves the region is seen")]
    public void Failures_of_the_past(EngineKind kind, string isa, int seed) => Agree(kind, isa, seed, 1);

    private static void Agree(EngineKind kind, string isa, int first, int programs)
    {
        var architecture = new RiscVArchitecture(IsaConfiguration.Parse(isa));
        using var lifting = new SingleInstruction(architecture);
        var rows = architecture.Decoder.Rows.Where(row => InstructionOperands.CanEncode(row) && IsPlain(lifting, row)).ToArray();
        Assert.That(rows, Has.Length.GreaterThan(200));
        for (int seed = first; seed < first + programs; seed++)
        {
            byte[] program = Generate(new Random(seed), architecture.Decoder, rows);
            string expected = Run(architecture, EngineKind.Reference, program, seed);
            Assert.That(Run(architecture, kind, program, seed), Is.EqualTo(expected), $"seed {seed}");
        }
    }

    private static bool IsPlain(SingleInstruction lifting, InstructionDefinition row)
    {
        var block = lifting.Lift(row.Random(new Random(0)));
        bool endsPlainly = block.Instructions[^1] is { Opcode: Opcode.Jump } jump && jump.Immediate == block.ByteLength;
        bool canAccess = BaseOf(row) is not { Bits: < 5 }; // compressed accesses do not reach the base
        return endsPlainly && canAccess && block.Instructions[1..^1].All(i =>
            i.Info.Effects is OpcodeEffects.Pure or OpcodeEffects.Flags || i.Opcode is >= Opcode.Load8U and <= Opcode.Store64);
    }

    private static byte[] Generate(Random random, InstructionDecoder decoder, InstructionDefinition[] rows)
    {
        var code = new List<byte>();
        int length = random.Next(10, 250);
        for (int i = 0; i < length; i++)
        {
            var row = rows[random.Next(rows.Length)];
            uint bits;
            do
            {
                bits = row.Random(random);
                if (BaseOf(row) is { } field) bits = (bits & ~field.InstructionMask) | ((uint)BaseRegister << field.Shift);
            }
            while (row.Decode(bits).Rd is CounterRegister or BaseRegister || decoder.Find(bits) != row);

            code.AddRange(BitConverter.GetBytes(bits)[..row.Encoding.Length]);
        }

        var table = InstructionTable.Rows;
        Append("addi", new Operands { Rd = CounterRegister, Rs1 = CounterRegister, Immediate = -1 });
        Append("bne", new Operands { Rs1 = CounterRegister, Immediate = -code.Count });
        Append("jal", default);
        while (code.Count < TrapHandler) code.Add(0);
        Append("jal", default);
        return [.. code];

        void Append(string mnemonic, Operands operands) =>
            code.AddRange(BitConverter.GetBytes(table.First(row => row.Mnemonic == mnemonic).Encode(operands)));
    }

    private static RegisterField? BaseOf(InstructionDefinition row) =>
        row.Format.Syntax.Contains('(') ? row.Format.Fields.OfType<RegisterField>().Single(field => field.Role == OperandRole.Rs1) : null;

    private static string Run(RiscVArchitecture architecture, EngineKind kind, byte[] program, int seed)
    {
        using var memory = new MemorySystem();
        memory.AddRam("code", new GuestPhysicalAddress(CodeStart), PageSize);
        memory.AddRam("data", new GuestPhysicalAddress(DataStart), 2 * PageSize);
        memory.TryWrite(new GuestPhysicalAddress(CodeStart), program);
        var world = new World { IsSingleThreaded = true };
        var options = new EngineOptions { Kind = kind, IsDeterministic = true, HotThreshold = 3 };
        using var cache = new TranslationCache(architecture, memory, world, options, new ExecutionCounters());
        using var hart = new RiscVHart(architecture, memory, 0, new RiscVHartEnvironment(new ManualClock()));
        hart.Attach(world, cache);
        hart.Reset();
        var random = new Random(seed);
        var operands = new InstructionOperands(random, architecture.Isa.Is64);
        for (int r = 1; r < 32; r++) hart[RiscVSlots.X(r)] = operands.Fill(0).X[0];
        for (int r = 0; r < 32; r++) hart[RiscVSlots.F(r)] = operands.Fill(0).F[0];
        ulong data = DataStart + PageSize;
        hart[RiscVSlots.X(CounterRegister)] = Iterations;
        hart[RiscVSlots.X(BaseRegister)] = architecture.Isa.Is64 ? data : (ulong)(int)data;
        Assert.That(hart.TryWriteCsr(Mtvec, CodeStart + TrapHandler));
        Assert.That(hart.TryWriteCsr(Mstatus, FloatInitial));
        Assert.That(hart.TryWriteCsr(Fcsr, (ulong)random.Next(5) << 5));
        hart.ProgramCounter = CodeStart;
        hart.LimitTime((ulong)random.Next(50, 8000));
        hart.Run(new StopSignal());
        byte[] content = new byte[2 * PageSize];
        memory.TryRead(new GuestPhysicalAddress(DataStart), content);
        hart.TryReadCsr(Mstatus, false, out ulong mstatus);
        hart.TryReadCsr(Fcsr, false, out ulong fcsr);
        hart.TryReadCsr(Mcause, false, out ulong mcause);
        hart.TryReadCsr(Mepc, false, out ulong mepc);
        Assert.That((mcause, mepc), Is.EqualTo((0ul, 0ul)), $"no instruction traps; seed {seed}");
        var x = Enumerable.Range(0, 32).Select(r => $"x{r}={hart[RiscVSlots.X(r)]:x}");
        var f = Enumerable.Range(0, 32).Select(r => $"f{r}={hart[RiscVSlots.F(r)]:x}");
        return $"pc {hart.ProgramCounter:x} count {hart.InstructionCount} mstatus {mstatus:x} fcsr {fcsr:x} {string.Join(' ', [.. x, .. f])} "
            + $"memory {Convert.ToHexString(SHA256.HashData(content))}";
    }
}
