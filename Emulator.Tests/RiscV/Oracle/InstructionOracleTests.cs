using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Ir;

namespace Emulator.Tests.RiscV.Oracle;

/// <summary>
/// Every row that only computes, or loads or stores through a register, against the same instruction under QEMU: results, flags, NaN
/// boxes, reserved rounding modes. A row is chosen by its IR, so new rows are tested without being listed.
/// </summary>
[TestFixture(64)]
[TestFixture(32)]
public sealed class InstructionOracleTests(int xlen)
{
    private const int Encodings = 6;
    private const int OperandSets = 40;

    /// <summary>Without what QEMU 7.2 does not know, which is tested by definition instead, and Svinval, which user mode has not.</summary>
    private const string KnownToOracle = "max,-zfa,-zicond,-zacas,-zabha,-zcb,-zcmop,-zimop,-svinval";

    /// <summary>What QEMU 7.2 does wrongly: ctzw of a low half of 0 counts on in the high half.</summary>
    private static readonly string[] WrongInOracle = ["ctzw"];

    private InstructionOracle _oracle = null!;
    private SingleInstruction _ours = null!;

    [OneTimeSetUp]
    public void Start()
    {
        _oracle = new InstructionOracle(xlen);
        _ours = new SingleInstruction(new RiscVArchitecture(IsaConfiguration.Parse($"rv{xlen}{KnownToOracle}")));
    }

    [OneTimeTearDown]
    public void Stop()
    {
        _oracle?.Dispose();
        _ours?.Dispose();
    }

    [Test]
    public void Computes_as_the_oracle() => Assert.That(Compare(Computes, static (row, request) => request), Is.GreaterThan(100));

    [Test]
    public void Accesses_memory_as_the_oracle() => Assert.That(Compare(AccessesMemory, static (row, request) =>
    {
        var operands = row.Decode(request.Instruction);
        request.X[operands.Rs1 - 10] = InstructionOracle.OperandAddress - (ulong)operands.Immediate;
        return request;
    }), Is.GreaterThan(10));

    private int Compare(Func<IrBlock, bool> selects, Func<InstructionDefinition, InstructionRequest, InstructionRequest> prepare)
    {
        int seed = TestContext.CurrentContext.Random.Next();
        var random = new Random(seed);
        var operands = new InstructionOperands(random, xlen == 64);
        var requests = new List<InstructionRequest>();
        var rows = new List<InstructionDefinition>();
        foreach (var row in _ours.Architecture.Decoder.Rows)
        {
            if (WrongInOracle.Contains(row.Mnemonic) || !InstructionOperands.CanEncode(row)) continue;
            if (!selects(_ours.Lift(operands.Encode(row)))) continue;
            for (int i = 0; i < Encodings; i++)
            {
                uint instruction = operands.Encode(row);
                for (int j = 0; j < OperandSets; j++)
                {
                    requests.Add(prepare(row, operands.Fill(instruction)));
                    rows.Add(row);
                }
            }
        }

        var answers = _oracle.Ask(requests.ToArray());
        var wrong = new List<string>();
        var known = new HashSet<string>();
        for (int i = 0; i < answers.Length; i++)
        {
            var request = requests[i];
            string ours = _ours.Execute(request).ToString();
            string theirs = answers[i].ToString();
            if (ours != theirs && known.Add(rows[i].Mnemonic)) wrong.Add($"{Describe(rows[i], request)}\n    {ours}, QEMU: {theirs}");
        }

        Assert.That(wrong, Is.Empty, $"seed {seed}\n{string.Join('\n', wrong)}");
        TestContext.Out.WriteLine($"{rows.Distinct().Count()} rows, {answers.Length} requests");
        return rows.Distinct().Count();
    }

    private static string Describe(InstructionDefinition row, InstructionRequest r) =>
        $"{row.Print(r.Instruction, 0)} ({r.Instruction:x8}) fcsr={r.Fcsr:x} x={r.X[0]:x} {r.X[1]:x} {r.X[2]:x} f={r.F[0]:x} {r.F[1]:x} {r.F[2]:x} {r.F[3]:x} m={r.Memory[0]:x} {r.Memory[1]:x}";

    private static bool Computes(IrBlock block) => block.Instructions[1..^1].All(static i =>
        i.Opcode != Opcode.CodeAddress && (i.Info.Effects & ~OpcodeEffects.Flags) == OpcodeEffects.Pure) && EndsPlainly(block);

    private static bool AccessesMemory(IrBlock block) =>
        block.Instructions.Any(static i => i.Opcode is >= Opcode.Load8U and <= Opcode.Store64) && EndsPlainly(block)
        && block.Instructions.All(static i => i.Opcode != Opcode.CallCpu);

    private static bool EndsPlainly(IrBlock block) => block.Instructions[^1] is { Opcode: Opcode.Jump } jump && jump.Immediate == block.ByteLength;
}
