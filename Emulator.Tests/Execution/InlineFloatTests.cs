using System.Buffers.Binary;
using Emulator.Core.Execution;
using Emulator.Core.FloatingPoint;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Tests.Execution;

/// <summary>Floating point that regions compute inline gives the results and flags of its definition, on operands of all kinds.</summary>
[TestFixture]
public class InlineFloatTests
{
    private const ulong CodeStart = 0x1_0000;
    private const int CasesPerOperation = 1500; // where rare operands are common, regions come to call in between

    [Test]
    public void Regions_compute_what_is_defined([Values(FloatFormat.Binary32, FloatFormat.Binary64)] FloatFormat format, [Values] bool isBoxed)
    {
        int seed = TestContext.CurrentContext.Random.Next();
        var random = new Random(seed);
        foreach (var (opcode, spec) in Operations(format, isBoxed))
        {
            using var machine = new OneOperation(opcode, spec);
            var operand = opcode == Opcode.FConvert ? spec.Source : format;
            for (int i = 0; i < CasesPerOperation; i++)
            {
                ulong[] operands = [.. Enumerable.Range(0, 3).Select(_ => Number(random, opcode == Opcode.IntegerToF ? null : operand, isBoxed))];
                ulong flags = random.Next(2) == 0 ? 0 : (ulong)random.Next(32);
                ulong expectedFlags = flags;
                ulong expected = FloatOperations.Execute(opcode, spec.Pack(), operands[0], operands[1], operands[2], ref expectedFlags);
                Assert.That(
                    machine.Run(operands, flags), Is.EqualTo((expected, expectedFlags)),
                    $"seed {seed}: {opcode} {spec} of {operands[0]:x} {operands[1]:x} {operands[2]:x} with flags {flags:x}");
            }
        }
    }

    private static IEnumerable<(Opcode Opcode, FloatSpec Spec)> Operations(FloatFormat format, bool isBoxed)
    {
        var plain = new FloatSpec(format) { Variant = isBoxed ? FloatVariant.Boxed : FloatVariant.None };
        foreach (var opcode in new[] { Opcode.FAdd, Opcode.FSub, Opcode.FMul, Opcode.FDiv, Opcode.FSqrt, Opcode.FMin, Opcode.FMax }) yield return (opcode, plain);
        for (int signs = 0; signs < 4; signs++) yield return (Opcode.FMulAdd, plain with { Variant = plain.Variant | (FloatVariant)signs });
        foreach (var relation in Enum.GetValues<FloatRelation>())
        {
            yield return (Opcode.FCompare, plain with { Relation = relation });
            yield return (Opcode.FCompare, plain with { Relation = relation, Variant = plain.Variant | FloatVariant.Quiet });
        }

        foreach (var kind in Enum.GetValues<IntegerKind>())
        {
            yield return (Opcode.IntegerToF, plain with { Integer = kind });
            yield return (Opcode.FToInteger, plain with { Integer = kind });
            yield return (Opcode.FToInteger, plain with { Integer = kind, Rounding = RoundingMode.TowardZero });
        }

        yield return (Opcode.FConvert, plain with { Source = format == FloatFormat.Binary64 ? FloatFormat.Binary32 : FloatFormat.Binary64 });
    }

    // Null: an integer.
    private static ulong Number(Random random, FloatFormat? format, bool isBoxed)
    {
        double number = random.Next(10) switch
        {
            0 => 0,
            1 => -0.0,
            2 or 3 => random.Next(-9, 9),
            4 => random.NextDouble() * 1000,
            5 => Math.ScaleB(random.NextDouble() - 0.5, random.Next(-160, 160)),
            6 => Math.ScaleB(1 + random.Next(7), random.Next(-1074, 1023)),
            7 => Math.ScaleB(random.NextDouble() + 1, random.Next(28, 66)) * (random.Next(2) == 0 ? 1 : -1),
            8 => random.Next(-9, 9) + 0.5,
            _ => random.Next(5) switch { 0 => double.NaN, 1 => double.PositiveInfinity, 2 => float.MaxValue, 3 => double.Epsilon, _ => double.MaxValue },
        };
        if (format is null) return random.Next(2) == 0 ? (ulong)random.NextInt64() >> random.Next(64) : (ulong)-random.NextInt64(1L << random.Next(1, 63));
        if (format == FloatFormat.Binary64) return BitConverter.DoubleToUInt64Bits(number);
        ulong bits = BitConverter.SingleToUInt32Bits((float)number);
        return isBoxed && random.Next(30) != 0 ? bits | 0xffff_ffff_0000_0000 : bits;
    }

    /// <summary>A hart with a program of one operation, compiled at first sight.</summary>
    private sealed class OneOperation : IDisposable
    {
        private readonly MemorySystem _memory = new();
        private readonly TranslationCache _cache;
        private readonly ToyCpu _cpu;

        public OneOperation(Opcode opcode, FloatSpec spec)
        {
            var architecture = new Program(opcode, spec);
            _memory.AddRam("code", new GuestPhysicalAddress(CodeStart), 4096);
            var world = new World { IsSingleThreaded = true };
            var options = new EngineOptions { Kind = EngineKind.Jit, IsDeterministic = true };
            _cache = new TranslationCache(architecture, _memory, world, options, new ExecutionCounters());
            _cpu = new ToyCpu(architecture, _memory);
            _cpu.Attach(world, _cache);
        }

        public (ulong Result, ulong Flags) Run(ulong[] operands, ulong flags)
        {
            for (int i = 0; i < operands.Length; i++) _cpu[ToyArchitecture.R(i)] = operands[i];
            _cpu[new Slot(StateSlots.FloatFlags)] = flags;
            _cpu.ProgramCounter = CodeStart;
            _cpu.LimitTime(_cpu.TimeSpent + 1);
            _cpu.Run(new StopSignal());
            return (_cpu[ToyArchitecture.R(3)], _cpu[new Slot(StateSlots.FloatFlags)]);
        }

        public void Dispose()
        {
            _cpu.Dispose();
            _cache.Dispose();
            _memory.Dispose();
        }
    }

    private sealed class Program(Opcode opcode, FloatSpec spec) : Architecture
    {
        public override string Name => "one operation";

        public override HelperTable Helpers { get; } = new();

        public override int MmuIndexCount => 1;

        public override int MaxInstructionLength => 4;

        public override int MmuIndexOf(uint mode) => 0;

        public override (string Text, int Length) Disassemble(ReadOnlySpan<byte> code, ulong address, uint mode) => ("operation", 4);

        public override bool TryLift(IrBuilder builder, ReadOnlySpan<byte> code)
        {
            builder.InstructionLength = BinaryPrimitives.TryReadUInt32LittleEndian(code, out _) ? 4 : 1;
            var a = IrBuilder.Read(ToyArchitecture.R(0));
            var b = IrBuilder.Read(ToyArchitecture.R(1));
            var c = IrBuilder.Read(ToyArchitecture.R(2));
            var operands = OpcodeTable.Of(opcode).Operands;
            builder.Write(ToyArchitecture.R(3), operands.HasFlag(OpcodeOperands.C) ? builder.Float(opcode, spec, a, b, c)
                : operands.HasFlag(OpcodeOperands.B) ? builder.Float(opcode, spec, a, b)
                : builder.Float(opcode, spec, a));
            builder.Leave();
            return true;
        }
    }
}
