using Emulator.Core.FloatingPoint;

namespace Emulator.Tests.FloatingPoint;

/// <summary>Every operation in every rounding mode, results and flags, against RISC-V instructions as QEMU executes them.</summary>
[TestFixture]
public sealed class RiscVOracleTests
{
    private FloatOracle _oracle = null!;

    private static IReadOnlyList<FloatOperation> Operations => FloatOperation.All;

    [OneTimeSetUp]
    public void Compile() => _oracle = FloatOracle.RiscV();

    [OneTimeTearDown]
    public void Delete() => _oracle?.Dispose();

    [TestCaseSource(nameof(Operations))]
    public void Agrees(object operation)
        => DifferentialRun.AgainstOracle(
            _oracle, (FloatOperation)operation, FloatBehavior.None, RoundingMode.NearestMaxMagnitude, static (layout, bits) => layout.Box(bits));

    [Test]
    public void The_oracle_knows_no_operation_that_is_not_tested()
        => Assert.That(_oracle.Operations, Is.SubsetOf(FloatOperation.All.Select(static o => o.Name)));
}

/// <summary>The same against the host's processor, with the choices that x86's SSE, FMA and AVX-512 instructions make.</summary>
[TestFixture]
public sealed class X86OracleTests
{
    private const FloatBehavior Sse = FloatBehavior.PropagateNan | FloatBehavior.NegativeDefaultNan | FloatBehavior.IndefiniteInteger
        | FloatBehavior.QuietNanHidesInvalidProduct | FloatBehavior.ReportSubnormalOperands;

    private static readonly string[] NotThere = ["min", "max", "class", "cvt.s.h", "cvt.d.h", "cvt.h.d"];

    private FloatOracle _oracle = null!;

    private static IEnumerable<FloatOperation> Operations
        => FloatOperation.All.Where(static o => o.Operand != FloatLayout.Binary16 && !NotThere.Any(o.Name.StartsWith));

    [OneTimeSetUp]
    public void Compile() => _oracle = FloatOracle.X86();

    [OneTimeTearDown]
    public void Delete() => _oracle?.Dispose();

    [TestCaseSource(nameof(Operations))]
    public void Agrees(object operation)
        => DifferentialRun.AgainstOracle(
            _oracle, (FloatOperation)operation, Sse, RoundingMode.Up, static (layout, bits) => bits & layout.Mask);
}
