using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Core.Execution;

namespace Emulator.Tests.RiscV.Isa;

/// <summary>A, Zabha and Zacas by their definition: widths, sign extension, registers that coincide, reservations, alignment.</summary>
public sealed class AtomicTests
{
    private const int Seed = 42;

    private static readonly (char Suffix, int Bytes)[] Widths = [('b', 1), ('h', 2), ('w', 4), ('d', 8)];

    private static readonly string[] Operations = ["swap", "add", "xor", "and", "or", "min", "max", "minu", "maxu"];

    [Test]
    public void Operations_replace_and_give_the_old_value([Values("max", "rv32max")] string isa, [ValueSource(nameof(Operations))] string operation)
    {
        using var rig = new HartRig(isa);
        var random = new Random(Seed);
        foreach (var (suffix, bytes) in Widths.Where(width => isa == "max" || width.Bytes < 8))
        {
            for (int n = 0; n < 40; n++)
            {
                ulong old = random.NextPicked();
                ulong operand = Register(isa, random.NextPicked());
                ulong address = HartRig.Data + (ulong)(bytes * random.Next(8));
                byte rd = (byte)(n % 3 == 0 ? 5 : n % 3 == 1 ? 6 : 7);
                rig.Write(HartRig.Data, 8, ulong.MaxValue);
                rig.Write(address, bytes, old);
                (rig[5], rig[6]) = (Register(isa, address), operand);
                var operands = new Operands { Rd = rd, Rs1 = 5, Rs2 = 6, Aq = n % 2 != 0, Rl = n % 5 != 0 };
                Assert.That(rig.Execute($"amo{operation}.{suffix}", operands), Is.Null);
                string what = $"amo{operation}.{suffix} {old:x} {operand:x} rd {rd}";
                Assert.That(rig[rd], Is.EqualTo(Extend(old, bytes)), what);
                Assert.That(rig.Read(address, bytes), Is.EqualTo(Cut(Result(operation, Extend(old, bytes), Extend(operand, bytes), bytes), bytes)), what);
            }
        }
    }

    [Test]
    public void Store_conditional_needs_the_reservation([Values("max", "rv32max")] string isa)
    {
        using var rig = new HartRig(isa);
        foreach (var (suffix, bytes) in Widths.Where(width => width.Bytes >= 4 && (isa == "max" || width.Bytes < 8)))
        {
            var store = new Operands { Rd = 7, Rs1 = 5, Rs2 = 6 };
            rig.Write(HartRig.Data, bytes, 0x8000_0001);
            (rig[5], rig[6]) = (Register(isa, HartRig.Data), 9);
            Assert.That(rig.Execute($"lr.{suffix}", new Operands { Rd = 8, Rs1 = 5, Aq = true, Rl = true }), Is.Null);
            Assert.That(rig[8], Is.EqualTo(Extend(0x8000_0001, bytes)));
            Assert.That(rig.Execute($"sc.{suffix}", store), Is.Null);
            Assert.That((rig[7], rig.Read(HartRig.Data, bytes)), Is.EqualTo((0ul, 9ul)));
            rig[6] = 10;
            rig.Execute($"sc.{suffix}", store);
            Assert.That((rig[7], rig.Read(HartRig.Data, bytes)), Is.EqualTo((1ul, 9ul)), "the reservation has ended");
            rig.Execute($"lr.{suffix}", new Operands { Rd = 8, Rs1 = 5 });
            rig[5] += 8;
            rig.Execute($"sc.{suffix}", store);
            Assert.That(rig[7], Is.EqualTo(1ul), "another address");

            // the source is read before the destination is written
            rig[5] = Register(isa, HartRig.Data);
            rig.Execute($"lr.{suffix}", new Operands { Rd = 5, Rs1 = 5 });
            Assert.That(rig[5], Is.EqualTo(9ul));
        }
    }

    [Test]
    public void Compare_and_swap_compares_its_width([Values("max", "rv32max")] string isa)
    {
        using var rig = new HartRig(isa);
        var random = new Random(Seed);
        foreach (var (suffix, bytes) in Widths.Where(width => isa == "max" || width.Bytes < 8))
        {
            for (int n = 0; n < 60; n++)
            {
                ulong old = random.NextPicked();
                ulong swap = Register(isa, random.NextPicked());
                ulong expected = Register(isa, n % 2 == 0 ? random.NextPicked() : old ^ (bytes == 8 ? 0 : 1ul << (8 * bytes)));
                rig.Write(HartRig.Data, 8, 0);
                rig.Write(HartRig.Data, bytes, old);
                (rig[5], rig[6], rig[8]) = (Register(isa, HartRig.Data), swap, expected);
                Assert.That(rig.Execute($"amocas.{suffix}", new Operands { Rd = 8, Rs1 = 5, Rs2 = 6 }), Is.Null);
                bool equal = Cut(old, bytes) == Cut(expected, bytes);
                Assert.That(rig[8], Is.EqualTo(Extend(old, bytes)), $"{suffix} {old:x} {expected:x}");
                Assert.That(rig.Read(HartRig.Data, bytes), Is.EqualTo(Cut(equal ? swap : old, bytes)), $"{suffix} {old:x} {expected:x}");
            }
        }
    }

    [TestCase("max", "amocas.q", 8)]
    [TestCase("rv32max", "amocas.d", 4)]
    public void Pairs_are_compared_whole(string isa, string mnemonic, int half)
    {
        using var rig = new HartRig(isa);
        ulong low = Register(isa, 0x8123_4567);
        ulong high = Register(isa, 0xf765_4321);
        for (int n = 0; n < 4; n++)
        {
            rig.Write(HartRig.Data, half, low);
            rig.Write(HartRig.Data + (ulong)half, half, high);
            rig[5] = Register(isa, HartRig.Data);
            (rig[8], rig[9]) = (low + (ulong)(n & 1), high + (ulong)(n >> 1));
            (rig[10], rig[11]) = (3, 4);
            Assert.That(rig.Execute(mnemonic, new Operands { Rd = 8, Rs1 = 5, Rs2 = 10 }), Is.Null);
            Assert.That((rig[8], rig[9]), Is.EqualTo((low, high)));
            Assert.That(rig.Read(HartRig.Data, half), Is.EqualTo(n == 0 ? 3 : Cut(low, half)));
            Assert.That(rig.Read(HartRig.Data + (ulong)half, half), Is.EqualTo(n == 0 ? 4 : Cut(high, half)));
        }

        // x0 stands for a pair of zeros and takes no result
        rig[1] = 77;
        rig.Write(HartRig.Data, 8, 0);
        rig.Write(HartRig.Data + 8, 8, 0);
        Assert.That(rig.Execute(mnemonic, new Operands { Rd = 0, Rs1 = 5, Rs2 = 10 }), Is.Null);
        Assert.That((rig[1], rig.Read(HartRig.Data, half), rig.Read(HartRig.Data + (ulong)half, half)), Is.EqualTo((77ul, 3ul, 4ul)));
        (rig[8], rig[9]) = (3, 4);
        Assert.That(rig.Execute(mnemonic, new Operands { Rd = 8, Rs1 = 5, Rs2 = 0 }), Is.Null);
        Assert.That((rig.Read(HartRig.Data, half), rig.Read(HartRig.Data + (ulong)half, half)), Is.EqualTo((0ul, 0ul)));

        rig[5] += (ulong)half;
        var fault = new GuestFault((uint)ExceptionCause.StoreAddressMisaligned, HartRig.Data + (ulong)half);
        Assert.That(rig.Execute(mnemonic, new Operands { Rd = 8, Rs1 = 5, Rs2 = 10 }), Is.EqualTo(fault));
    }

    [Test]
    public void Odd_pairs_are_reserved()
    {
        using var rig = new HartRig("max");
        uint bits = rig.Encode("amocas.q", new Operands { Rd = 8, Rs1 = 5, Rs2 = 10 });
        Assert.That(rig.Execute(bits | (1 << 7))?.Code, Is.EqualTo((uint)ExceptionCause.IllegalInstruction));
        Assert.That(rig.Execute(bits | (1 << 20))?.Code, Is.EqualTo((uint)ExceptionCause.IllegalInstruction));
    }

    [Test]
    public void Misaligned_addresses_fault_and_change_nothing()
    {
        using var rig = new HartRig("max");
        (rig[5], rig[6], rig[7]) = (HartRig.Data + 2, 1, 55);
        var store = new GuestFault((uint)ExceptionCause.StoreAddressMisaligned, HartRig.Data + 2);
        var load = new GuestFault((uint)ExceptionCause.LoadAddressMisaligned, HartRig.Data + 2);
        Assert.That(rig.Execute("amoadd.w", new Operands { Rd = 7, Rs1 = 5, Rs2 = 6 }), Is.EqualTo(store));
        Assert.That(rig.Execute("sc.w", new Operands { Rd = 7, Rs1 = 5, Rs2 = 6 }), Is.EqualTo(store));
        Assert.That(rig.Execute("amocas.d", new Operands { Rd = 7, Rs1 = 5, Rs2 = 6 }), Is.EqualTo(store));
        Assert.That(rig.Execute("lr.w", new Operands { Rd = 7, Rs1 = 5 }), Is.EqualTo(load));
        Assert.That((rig[7], rig.Read(HartRig.Data, 8)), Is.EqualTo((55ul, 0ul)));
    }

    private static ulong Register(string isa, ulong value) => isa == "rv32max" ? (ulong)(int)value : value;

    private static ulong Cut(ulong value, int bytes) => bytes == 8 ? value : value & ((1ul << (8 * bytes)) - 1);

    private static ulong Extend(ulong value, int bytes) => (ulong)((long)(value << (64 - (8 * bytes))) >> (64 - (8 * bytes)));

    private static ulong Result(string operation, ulong a, ulong b, int bytes) => operation switch
    {
        "swap" => b,
        "add" => a + b,
        "xor" => a ^ b,
        "and" => a & b,
        "or" => a | b,
        "min" => (ulong)Math.Min((long)a, (long)b),
        "max" => (ulong)Math.Max((long)a, (long)b),
        "minu" => Math.Min(Cut(a, bytes), Cut(b, bytes)),
        _ => Math.Max(Cut(a, bytes), Cut(b, bytes)),
    };
}

/// <summary>Numbers that are often at the limits of some width.</summary>
internal static class PickedNumbers
{
    private static readonly ulong[] Limits =
        [0, 1, ulong.MaxValue, 0x7f, 0x80, 0x7fff, 0x8000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000];

    public static ulong NextPicked(this Random random) =>
        random.Next(3) == 0 ? (ulong)random.NextInt64(long.MinValue, long.MaxValue) : Limits[random.Next(Limits.Length)];
}
