using System.Globalization;
using Emulator.Core.FloatingPoint;

namespace Emulator.Tests.FloatingPoint;

/// <summary>How much to test and how to say what differed.</summary>
internal static class DifferentialRun
{
    private const int Chunk = 500_000;
    private const int MostReported = 12;

    /// <summary>Cases of each operation: small by default, EMULATOR_FLOAT_CASES for a long run.</summary>
    public static int Cases { get; } = FromEnvironment("EMULATOR_FLOAT_CASES", 6_000);

    /// <summary>Seed of the operand generator, EMULATOR_FLOAT_SEED to repeat or vary a run.</summary>
    public static int Seed { get; } = FromEnvironment("EMULATOR_FLOAT_SEED", 20190722);

    /// <summary>Executes generated cases of an operation on both, and compares results and flags bit for bit.</summary>
    public static void AgainstOracle(FloatOracle oracle, FloatOperation operation, FloatBehavior behavior, RoundingMode last, Func<FloatLayout, ulong, ulong> box)
    {
        var number = oracle.Operations.ToList().IndexOf(operation.Name);
        if (number < 0)
        {
            Assert.Ignore($"needs a processor with {operation.Name}");
        }

        var resultMask = ulong.MaxValue >> 64 - operation.ResultBits;
        var generator = new OperandGenerator(operation.Operand, Seed);
        var failures = new List<string>();
        for (var done = 0; done < Cases && failures.Count < MostReported; done += Chunk)
        {
            var requests = new OracleRequest[Math.Min(Chunk, Cases - done)];
            for (var i = 0; i < requests.Length; i++)
            {
                var (a, b, c) = generator.Next(operation.Relation);
                if (operation.Relation != OperandRelation.Integer)
                {
                    (a, b, c) = (box(operation.Operand, a), box(operation.Operand, b), box(operation.Operand, c));
                }

                requests[i] = new((uint)number, (uint)generator.Rounding(last), a, b, c);
            }

            var answers = oracle.Ask(requests);
            for (var i = 0; i < requests.Length && failures.Count < MostReported; i++)
            {
                var (request, answer) = (requests[i], answers[i]);
                var context = new FloatContext(behavior) { Rounding = (RoundingMode)request.Rounding };
                var result = operation.Apply(request.A, request.B, request.C, ref context);
                if ((result & resultMask) != (answer.Result & resultMask) || (ulong)context.Flags != answer.Flags)
                {
                    failures.Add($"{operation} {context.Rounding} {request.A:x} {request.B:x} {request.C:x}: "
                        + $"{result & resultMask:x} {context.Flags}, expected {answer.Result & resultMask:x} {(FloatFlags)answer.Flags}");
                }
            }
        }

        Report(failures);
    }

    /// <summary>Fails with the collected differences, if there are any.</summary>
    public static void Report(List<string> failures)
        => Assert.That(failures, Is.Empty, $"EMULATOR_FLOAT_SEED={Seed} EMULATOR_FLOAT_CASES={Cases}");

    private static int FromEnvironment(string name, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
