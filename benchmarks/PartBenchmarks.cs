using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Running;
using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Ir;

namespace Emulator.Benchmarks;

/// <summary>BenchmarkDotNet over the parts of translation.</summary>
public class PartBenchmarks
{
    // add, addi, ld, sd, slli, c.add, c.addi, xor
    private static readonly byte[] Code =
    [
        0x33, 0x05, 0xb5, 0x00, 0x13, 0x05, 0x15, 0x00, 0x83, 0x35, 0x81, 0x00, 0x23, 0x38, 0xb1, 0x00,
        0x93, 0x15, 0x35, 0x00, 0x2e, 0x95, 0x05, 0x05, 0x33, 0x45, 0xb5, 0x00,
    ];

    private readonly RiscVArchitecture _architecture = new(IsaConfiguration.Max);
    private readonly IrBuilder _builder = new();

    internal static int Run(string[] args)
    {
        BenchmarkSwitcher.FromAssembly(typeof(PartBenchmarks).Assembly).Run(args);
        return 0;
    }

    [Benchmark(OperationsPerInvoke = 8)]
    public int LiftInstructions()
    {
        _builder.Begin(0, 0);
        int offset = 0;
        while (offset < Code.Length)
        {
            _architecture.TryLift(_builder, Code.AsSpan(offset));
            offset += _builder.InstructionLength;
        }

        return offset;
    }
}
