using System.Globalization;
using Emulator.Arch.X86.Lifting;
using Emulator.Core.Execution;
using Iced.Intel;

namespace Emulator.Tests.X86.Host;

/// <summary>
/// Instructions with random operands on the host's processor and on ours leave the same registers, flags and memory, or raise the same
/// exception. Environment: <c>X86_CASES</c> executes that many cases for each mode and engine instead of a sample, <c>X86_SEED</c> repeats a run,
/// <c>X86_ONLY</c> chooses encodings by parts of Iced's names or by CPUID features, and <c>X86_FAILURES</c> names files for all kinds of
/// failures.
/// </summary>
[TestFixture]
public sealed class HostDifferentialTests
{
    private const int SampleCases = 30_000;
    private const int OperandsPerInstruction = 4;
    private const int CompiledShare = 4;
    private const int Shown = 40;

    private HostProcessor _host = null!;

    [OneTimeSetUp]
    public void Start() => _host = HostProcessor.Start();

    [OneTimeTearDown]
    public void Stop() => _host?.Dispose();

    [Test]
    public void Executes_as_the_host([Values(64, 32)] int bits, [Values] EngineKind kind)
    {
        var encodings = EncodingCatalog.For(bits).Where(IsChosen).ToArray();
        Assert.That(encodings.Where(static encoding => InstructionTable.Find(encoding.Code) is null), Is.Empty, "encodings that are not implemented");
        int seed = Setting("X86_SEED", TestContext.CurrentContext.Random.Next());
        int cases = Setting("X86_CASES", kind is EngineKind.Reference ? SampleCases : SampleCases / CompiledShare);
        using var ours = new GuestProcessor(kind);
        var failures = new Failures();
        var notCompared = new Dictionary<ProcessorDifference, int>();
        foreach (var batch in new CaseGenerator(seed, bits, encodings).Cases(OperandsPerInstruction).Take(cases).Chunk(HostProcessor.Batch))
        {
            var results = _host.Run(Array.ConvertAll(batch, static tested => tested.Start));
            for (int i = 0; i < batch.Length; i++)
            {
                var result = ours.Run(batch[i].Start);
                if (ProcessorDifference.Find(batch[i], results[i].State) is { } known) notCompared[known] = notCompared.GetValueOrDefault(known) + 1;
                else if (Comparison.Difference(batch[i], results[i], result) is { } difference) failures.Add(batch[i], difference);
            }
        }

        TestContext.Out.WriteLine($"X86_SEED={seed}: {cases} cases of {encodings.Length} encodings, {failures.Total} differ, {notCompared.Values.Sum()} are not compared:");
        foreach (var (known, count) in notCompared) TestContext.Out.WriteLine($"  {count}: {known.Reason}");
        if (Environment.GetEnvironmentVariable("X86_FAILURES") is { } path) File.WriteAllText($"{path}.{bits}.{kind}", failures.ToString(int.MaxValue));
        Assert.That(failures.Total, Is.Zero, $"X86_SEED={seed}\n{failures.ToString(Shown)}");
    }

    [Test]
    public void Names_what_is_not_executed([Values(64, 32)] int bits)
    {
        var left = Enum.GetValues<Code>().Select(code => (Code: code, Reason: EncodingCatalog.ReasonToSkip(code, bits)))
            .Where(static entry => entry.Reason is not (null or EncodingCatalog.NoInstruction or EncodingCatalog.OtherMode or EncodingCatalog.OtherProcessors or EncodingCatalog.OtherFeature))
            .GroupBy(static entry => entry.Reason);
        foreach (var group in left) TestContext.Out.WriteLine($"{group.Key}: {string.Join(' ', group.Select(static entry => entry.Code))}");
        Assert.That(left, Is.Not.Empty);
    }

    private static bool IsChosen(OpCodeInfo encoding) =>
        Environment.GetEnvironmentVariable("X86_ONLY") is not { } only || only.Split(',').Any(part =>
            encoding.Code.ToString().Contains(part, StringComparison.OrdinalIgnoreCase)
            || encoding.Code.CpuidFeatures().Any(feature => feature.ToString().Equals(part, StringComparison.OrdinalIgnoreCase)));

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { } value ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>The first failure of each kind, and how many there are.</summary>
    private sealed class Failures
    {
        private readonly Dictionary<string, (string First, int Count)> _kinds = [];

        public int Total => _kinds.Values.Sum(static kind => kind.Count);

        public void Add(GeneratedCase tested, string difference)
        {
            string key = $"{tested.Start.Bits} {tested.Instruction.Code} {string.Join(' ', difference.Split(';').Select(Kind).Distinct())}";
            var (first, count) = _kinds.GetValueOrDefault(key, ($"{Comparison.Describe(tested)}\n    {difference}", 0));
            _kinds[key] = (first, count + 1);
        }

        public string ToString(int most) => string.Join('\n', _kinds.Values.Take(most).Select(static kind => $"{kind.Count} x {kind.First}"));

        // registers and addresses are of one kind each
        private static string Kind(string difference)
        {
            string name = difference.Trim().Split(' ')[0];
            return name.Length > 0 && (char.IsUpper(name[0]) || name[0] is '[' or 'x') ? name[..1] : name;
        }
    }
}
