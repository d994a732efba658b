using System.Buffers.Binary;
using Emulator.Core.Loading;
using Emulator.Machines.DeviceTree;
using Emulator.Tests.Loading;

namespace Emulator.Tests.DeviceTree;

[TestFixture]
public sealed class HostileDeviceTreeTests
{
    [Test]
    public void Spoiled_blobs_parse_or_are_refused([Values(1, 2)] int harts) =>
        HostileBytes.Attack(SampleTrees.Machine(harts).ToBlob(), randomCases: 6000, memoryLimit: 2 * 1024 * 1024, static bad =>
        {
            // What is accepted must be as good as what we make ourselves.
            DeviceTreeDocument tree = DeviceTreeDocument.Parse(bad, "spoiled");
            tree.SetBootArguments("quiet");
            Assert.That(DeviceTreeDocument.Parse(tree.ToBlob(), "again").ToSource(), Is.EqualTo(tree.ToSource()));
        });

    [TestCase(0x00, 0xd00dfeecu, "0xd00dfeec")]
    [TestCase(0x04, 0x7fff_ffffu, "a total size of 0x7fffffff")]
    [TestCase(0x08, 0xffff_fffcu, "a structure block")]
    [TestCase(0x08, 0x39u, "a structure block")]
    [TestCase(0x0c, 0xffff_ffffu, "a strings block")]
    [TestCase(0x10, 0x2cu, "a reservation block")]
    [TestCase(0x14, 15u, "version 15")]
    [TestCase(0x18, 18u, "version 17, compatible with 18")]
    [TestCase(0x20, 0xffff_ffffu, "a strings block of 0xffffffff bytes")]
    [TestCase(0x24, 0xffff_ffffu, "a structure block of 0xffffffff bytes")]
    [TestCase(0x24, 0x8u, "a token of 0x4 bytes that passes the structure's end")]
    public void A_bad_header_is_named(int at, uint value, string found)
    {
        byte[] blob = new DeviceTreeDocument().ToBlob();
        BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(at), value);
        Assert.That(Assert.Throws<ImageFormatException>(() => DeviceTreeDocument.Parse(blob, "tree")).Found, Does.StartWith(found));
    }

    [Test]
    public void Too_short_files_are_named()
    {
        Assert.That(Found([]), Is.EqualTo("0 bytes"));
        Assert.That(Found([0xd0, 0x0d, 0xfe, 0xed]), Is.EqualTo("the end of the file"));
    }

    [Test]
    public void Bad_structures_are_named()
    {
        Assert.That(Found(Blob(1, 0, 2)), Does.StartWith("the end token of 0x4 bytes"), "no end");
        Assert.That(Found(Blob(9)), Is.EqualTo("token 0x9"), "no root");
        Assert.That(Found(Blob(3, 0, 0)), Is.EqualTo("token 0x3"), "property outside");
        Assert.That(Found(Blob(2)), Is.EqualTo("token 0x2"), "end outside");
        Assert.That(Found(Blob(1, 0, 7)), Is.EqualTo("token 0x7"), "unknown token");
        Assert.That(Found(Blob(1, 0x61000000, 2, 9)), Is.EqualTo("a root node named 'a'"));
        Assert.That(Found(Blob(1, 0x61616161)), Is.EqualTo("a node name without end"));
        Assert.That(Found(Blob(1, 0, 2, 1, 0, 2, 9)), Does.StartWith("token 0x1 behind the root"));
        Assert.That(Found(Blob(1, 0, 1, 0x61000000, 2, 1, 0x61000000, 2, 2, 9)), Is.EqualTo("a node 'a' in '/'"), "twice");
        Assert.That(Found(Blob(1, 0, 1, 0, 2, 2, 9)), Is.EqualTo("a node '' in '/'"));
        Assert.That(Found(Blob(1, 0, 3, 0, 0, 3, 0, 0, 2, 9)), Does.StartWith("a second property 'p'"));
        Assert.That(Found(Blob(1, 0, 1, 0x61000000, 2, 3, 0, 0, 2, 9)), Does.StartWith("property 'p' behind child nodes"));
        Assert.That(Found(Blob(1, 0, 3, 0, 9, 2, 9)), Does.StartWith("a property with its name at 0x9"));
        Assert.That(Found(Blob(1, 0, 3, 0xffff_ffff, 0, 2, 9)), Does.StartWith("property 'p' of 0xffffffff bytes"));
        Assert.DoesNotThrow(() => DeviceTreeDocument.Parse(Blob(4, 1, 0, 4, 3, 0, 0, 4, 2, 4, 9), "tree"), "no-operations anywhere");
    }

    [Test]
    public void Depth_is_bounded()
    {
        uint[] deep = [1, 0, .. Enumerable.Repeat(new uint[] { 1, 0x61000000 }, 65).SelectMany(static t => t), .. Enumerable.Repeat(2u, 66), 9];
        ImageFormatException e = Assert.Throws<ImageFormatException>(() => DeviceTreeDocument.Parse(Blob(deep), "tree"));
        Assert.That(e.Expected, Is.EqualTo("nodes may be 64 deep"));
    }

    [Test]
    public void A_long_name_seen_from_many_places_costs_little()
    {
        byte[] strings = [.. Enumerable.Repeat((byte)'a', 300_000), 0];
        uint[] structure = [1, 0, .. Enumerable.Range(0, 100_000).SelectMany(static i => new uint[] { 3, 0, (uint)i }), 2, 9];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ImageFormatException>(() => DeviceTreeDocument.Parse(Blob(structure, strings), "tree"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(10_000_000));
    }

    private static string Found(byte[] blob) => Assert.Throws<ImageFormatException>(() => DeviceTreeDocument.Parse(blob, "tree"))!.Found;

    private static byte[] Blob(params uint[] structure) => Blob(structure, "p\0"u8.ToArray());

    private static byte[] Blob(uint[] structure, byte[] strings)
    {
        const int Reservations = 0x28;
        const int Structure = Reservations + 16;
        int names = Structure + (structure.Length * 4);
        uint[] header =
        [
            0xd00dfeed, (uint)(names + strings.Length), Structure, (uint)names, Reservations, 17, 16, 0, (uint)strings.Length, (uint)structure.Length * 4,
        ];
        byte[] blob = new byte[names + strings.Length];
        for (int i = 0; i < header.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(i * 4), header[i]);
        }

        for (int i = 0; i < structure.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(Structure + (i * 4)), structure[i]);
        }

        strings.CopyTo(blob, names);
        return blob;
    }
}
