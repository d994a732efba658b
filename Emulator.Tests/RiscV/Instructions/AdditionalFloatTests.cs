using System.Numerics;
using Emulator.Core.FloatingPoint;
using Emulator.Tests.FloatingPoint;
using Emulator.Tests.RiscV.Oracle;
using Emulator.Tests.RiscV.Privileged;

namespace Emulator.Tests.RiscV.Instructions;

/// <summary>Zfa by its definition, the oracle's QEMU being older than it.</summary>
public sealed class AdditionalFloatTests
{
    private const int Seed = 60;
    private const int Count = 500;
    private const ulong Nan = 0x7ff8_0000_0000_0000;
    private const ulong SignalingNan = 0x7ff0_0000_0000_0001;

    private readonly AssemblyLine _line = new("rv64max");

    [OneTimeTearDown]
    public void Stop() => _line.Dispose();

    [Test]
    public void Fli_loads_the_table_of_the_manual()
    {
        double[] table =
        [
            -1, 0, Math.Pow(2, -16), Math.Pow(2, -15), Math.Pow(2, -8), Math.Pow(2, -7), 0.0625, 0.125, 0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625, 0.75, 0.875,
            1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 8, 16, 128, 256, 32768, 65536, double.PositiveInfinity,
        ];
        for (int i = 0; i < table.Length; i++)
        {
            ulong d = i == 1 ? 1ul << 52 : BitConverter.DoubleToUInt64Bits(table[i]);
            ulong s = i == 1 ? 1ul << 23 : BitConverter.SingleToUInt32Bits((float)table[i]);
            ulong h = i == 1 ? 1ul << 10 : BitConverter.HalfToUInt16Bits((Half)table[i]);
            Assert.That(Fli("d", i), Is.EqualTo(d), $"fli.d {i}");
            Assert.That(Fli("s", i), Is.EqualTo(0xffff_ffff_0000_0000 | s), $"fli.s {i}");
            Assert.That(Fli("h", i), Is.EqualTo(0xffff_ffff_ffff_0000 | h), $"fli.h {i}");
        }

        Assert.That(Fli("d", 31), Is.EqualTo(Nan));
        Assert.That(Fli("s", 31), Is.EqualTo(0xffff_ffff_7fc0_0000));
        Assert.That(Fli("h", 31), Is.EqualTo(0xffff_ffff_ffff_7e00));
        Assert.That(Fli("h", 2), Is.EqualTo(0xffff_ffff_ffff_0100), "2^-16 is subnormal");

        ulong Fli(string suffix, int index) => _line.F($"fli.{suffix}", 0, immediate: index).F;
    }

    [Test]
    public void Fminm_and_fmaxm_give_NaN_for_NaN_and_else_what_fmin_and_fmax_give()
    {
        ForEach((a, b) =>
        {
            foreach (string name in (string[])["fmin", "fmax"])
            {
                var plain = _line.F($"{name}.d", a, b);
                var propagating = _line.F($"{name}m.d", a, b);
                bool isNan = IsNan(a) || IsNan(b);
                Assert.That(propagating.F, Is.EqualTo(isNan ? Nan : plain.F), $"{name} {a:x} {b:x}");
                Assert.That(propagating.Fcsr, Is.EqualTo(plain.Fcsr), $"{name} {a:x} {b:x}");
            }
        });
        Assert.That(_line.F("fminm.s", 0xffff_ffff_3f80_0000, 0x3f80_0000).F, Is.EqualTo(0xffff_ffff_7fc0_0000), "not boxed");
    }

    [Test]
    public void Fround_rounds_as_the_host_and_only_froundnx_signals_inexact([Values] bool signals)
    {
        string name = signals ? "froundnx" : "fround";
        for (int rm = 0; rm < 5; rm++)
        {
            int mode = rm;
            ForEach((a, _) =>
            {
                double x = BitConverter.UInt64BitsToDouble(a);
                ulong expected = IsNan(a) ? Nan : BitConverter.DoubleToUInt64Bits(OnHost(x, mode));
                ulong flags = IsNan(a) ? (IsSignaling(a) ? 16ul : 0) : signals && expected != a ? 1ul : 0;
                var answer = _line.F($"{name}.d", a, rm: mode);
                Check.Same((answer.F, answer.Fcsr), (expected, flags), () => $"{name}.d {a:x} rm {mode}");
            });
            for (int bits = 0; bits < 0x1_0000; bits += 53)
            {
                var x = BitConverter.UInt16BitsToHalf((ushort)bits);
                if (Half.IsNaN(x)) continue;
                ushort expected = BitConverter.HalfToUInt16Bits((Half)OnHost((double)x, mode));
                var answer = _line.F($"{name}.h", 0xffff_ffff_ffff_0000 | (uint)bits, rm: mode);
                Check.Same(((ushort)answer.F, answer.Fcsr), (expected, signals && expected != bits ? 1ul : 0), () => $"{name}.h {bits:x} rm {mode}");
            }
        }
    }

    [Test]
    public void Fcvtmod_keeps_the_low_bits_and_signals_as_fcvt()
    {
        ForEach((a, _) =>
        {
            double x = BitConverter.UInt64BitsToDouble(a);
            ulong expected = double.IsFinite(x) ? (ulong)(int)(uint)(new BigInteger(Math.Truncate(x)) & uint.MaxValue) : 0;
            var answer = _line.F("fcvtmod.w.d", a);
            Assert.That(answer.X, Is.EqualTo(expected), $"{a:x}");
            Assert.That(answer.Fcsr, Is.EqualTo(_line.F("fcvt.w.d", a, rm: 1).Fcsr), $"{a:x}");
        });
    }

    [Test]
    public void Quiet_comparisons_signal_for_signaling_NaNs_alone()
    {
        ForEach((a, b) =>
        {
            foreach (string name in (string[])["flt", "fle"])
            {
                var answer = _line.F($"{name}q.d", a, b);
                Assert.That(answer.X, Is.EqualTo(_line.F($"{name}.d", a, b).X), $"{name}q {a:x} {b:x}");
                Assert.That(answer.Fcsr, Is.EqualTo(IsSignaling(a) || IsSignaling(b) ? 16ul : 0), $"{name}q {a:x} {b:x}");
            }
        });
    }

    [Test]
    public void Rv32_moves_doubles_through_pairs()
    {
        using var line = new AssemblyLine("rv32max");
        Assert.That(line.F("fmvh.x.d", 0x8765_4321_1234_5678).X, Is.EqualTo(0xffff_ffff_8765_4321));
        Assert.That(line.F("fmvp.d.x", 0xffff_ffff_8000_0001, 0xffff_ffff_9000_0002).F, Is.EqualTo(0x9000_0002_8000_0001));
    }

    [Test]
    public void Ctzw_of_a_low_half_of_zero_is_32() => Assert.That(_line.X("ctzw", 1ul << 63), Is.EqualTo(32));

    private static double OnHost(double x, int mode) => (RoundingMode)mode switch
    {
        RoundingMode.NearestEven => Math.Round(x, MidpointRounding.ToEven),
        RoundingMode.TowardZero => Math.Truncate(x),
        RoundingMode.Down => Math.Floor(x),
        RoundingMode.Up => Math.Ceiling(x),
        _ => Math.Round(x, MidpointRounding.AwayFromZero),
    };

    private static bool IsNan(ulong bits) => double.IsNaN(BitConverter.UInt64BitsToDouble(bits));

    private static bool IsSignaling(ulong bits) => IsNan(bits) && (bits & (1ul << 51)) == 0;

    private static void ForEach(Action<ulong, ulong> check)
    {
        check(Nan, SignalingNan);
        check(SignalingNan, 0);
        check(0, 1ul << 63);
        check(1ul << 63, 0);
        var generator = new OperandGenerator(FloatLayout.Binary64, Seed);
        for (int i = 0; i < Count; i++)
        {
            var (a, b, _) = generator.Next(OperandRelation.Pair);
            check(a, b);
        }
    }
}
