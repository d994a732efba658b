using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Tests.X86.Sse;

/// <summary>RCP and RSQRT: their error bound and their special cases (Intel SDM volume 2).</summary>
[TestFixture]
public sealed class ApproximationTests
{
    private const double Bound = 1.5 / 4096;

    private static readonly (uint Operand, uint Reciprocal, uint Root)[] Specials =
    [
        (0x0000_0000, 0x7f80_0000, 0x7f80_0000),
        (0x8000_0000, 0xff80_0000, 0xff80_0000),
        (0x007f_ffff, 0x7f80_0000, 0x7f80_0000), // denormal numbers count as zero
        (0x8000_0001, 0xff80_0000, 0xff80_0000),
        (0x7f80_0000, 0x0000_0000, 0x0000_0000),
        (0xff80_0000, 0x8000_0000, 0xffc0_0000),
        (0x7fa0_0001, 0x7fe0_0001, 0x7fe0_0001),
        (0xffc1_2345, 0xffc1_2345, 0xffc1_2345),
    ];

    [Test]
    public void Special_operands([ValueSource(nameof(Specials))] (uint Operand, uint Reciprocal, uint Root) special)
    {
        var s = Approximate(BitConverter.UInt32BitsToSingle(special.Operand), 1, 2, 4);
        Assert.That(((uint)s.Xmm[0], (uint)s.Xmm[1]), Is.EqualTo((special.Reciprocal, special.Root)));
        Assert.That(s.Mxcsr, Is.EqualTo(0x1f80u), "they signal nothing");
    }

    [Test]
    public void Error_is_within_the_bound()
    {
        int seed = TestContext.CurrentContext.Random.Next();
        var random = new Random(seed);
        for (int round = 0; round < 20; round++)
        {
            float[] operands = [.. Enumerable.Range(0, 4).Select(_ => (float)((1 + random.NextDouble()) * Math.Pow(2, random.Next(-100, 100))))];
            var s = Approximate(operands);
            for (int i = 0; i < 4; i++)
            {
                double reciprocal = Lane(s.Xmm[0], i) * operands[i];
                double root = (double)Lane(s.Xmm[1], i) * Math.Sqrt(operands[i]);
                Assert.That((Math.Abs(reciprocal - 1), Math.Abs(root - 1)), Is.LessThan((Bound, Bound)).Using<(double, double)>(Larger), $"seed {seed}: {operands[i]}");
            }

            Assert.That((Lane(s.Xmm[2], 0), Lane(s.Xmm[3], 0)), Is.EqualTo((Lane(s.Xmm[0], 0), Lane(s.Xmm[1], 0))));
            Assert.That((s.Xmm[2] >> 32, s.Xmm[3] >> 32), Is.EqualTo((UInt128.Zero, UInt128.Zero)));
        }
    }

    private static int Larger((double A, double B) x, (double A, double B) y) => x.A < y.A && x.B < y.B ? -1 : 1;

    private static float Lane(UInt128 vector, int lane) => BitConverter.UInt32BitsToSingle((uint)(vector >> (32 * lane)));

    private static SseProgram Approximate(params float[] operands) => SseProgram.Of(static a =>
    {
        a.rcpps(xmm0, __xmmword_ptr[rdi]);
        a.rsqrtps(xmm1, __xmmword_ptr[rdi]);
        a.rcpss(xmm2, __dword_ptr[rdi]);
        a.rsqrtss(xmm3, __dword_ptr[rdi]);
    }).WithSingles(0, operands).Run();
}
