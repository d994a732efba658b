using Emulator.Core.Loading;
using Emulator.Core.Memory;
using Emulator.Machines.DeviceTree;

namespace Emulator.Tests.DeviceTree;

[TestFixture]
public sealed class DeviceTreeTests
{
    [Test]
    public void Random_trees_survive_the_blob([Range(1, 200)] int seed)
    {
        DeviceTreeDocument tree = SampleTrees.Random(new Random(seed));
        byte[] blob = tree.ToBlob();
        DeviceTreeDocument parsed = DeviceTreeDocument.Parse(blob, "tree");
        Assert.That(parsed.ToBlob(), Is.EqualTo(blob));
        Assert.That(parsed.ToSource(), Is.EqualTo(tree.ToSource()));
    }

    [Test]
    public void Values_are_read_as_they_were_set()
    {
        DeviceTreeDocument tree = new();
        tree.Root.SetCells("cells", 1, 0xffff_fffe).SetUInt64s("numbers", 0x1_0000_0000).SetStrings("strings", "a", "", "b").SetStrings("one", "x")
            .SetEmpty("empty").SetBytes("bytes", new byte[] { 9, 8, 7 });
        DeviceTreeNode root = DeviceTreeDocument.Parse(tree.ToBlob(), "tree").Root;
        Assert.Multiple(() =>
        {
            Assert.That(root.TryGetProperty("cells", out var p) && p.TryGetCells(out uint[] c) && c is [1, 0xffff_fffe]);
            Assert.That(p!.TryGetUInt64s(out ulong[] n) && n is [0x1_ffff_fffe]);
            Assert.That(root.TryGetProperty("numbers", out p) && p.TryGetUInt64s(out n) && n is [0x1_0000_0000]);
            Assert.That(root.TryGetProperty("strings", out p) && p.TryGetStrings(out string[] s) && s is ["a", "", "b"]);
            Assert.That(p!.TryGetString(out string text) || text.Length > 0, Is.False);
            Assert.That(root.TryGetProperty("one", out p) && p.TryGetString(out text) && text == "x");
            Assert.That(root.TryGetProperty("empty", out p) && p.Value.IsEmpty && p.TryGetCells(out c) && c.Length == 0 && !p.TryGetString(out _));
            Assert.That(root.TryGetProperty("bytes", out p) && !p.TryGetCells(out _) && !p.TryGetUInt64s(out _) && !p.TryGetStrings(out _));
            Assert.That(root.TryGetProperty("none", out _), Is.False);
        });
    }

    [Test]
    public void Properties_keep_their_place_when_replaced()
    {
        DeviceTreeDocument tree = new();
        tree.Root.SetCells("a", 1).SetCells("b", 2).SetCells("c", 3).SetCells("b", 4);
        Assert.That(tree.Root.Properties.Select(static p => p.Name), Is.EqualTo(new[] { "a", "b", "c" }));
        Assert.That(tree.Root.RemoveProperty("a"));
        Assert.That(tree.Root.RemoveProperty("a"), Is.False);
        Assert.That(tree.Root.Properties.Select(static p => p.Name), Is.EqualTo(new[] { "b", "c" }));
    }

    [Test]
    public void Names_in_the_blob_are_shared()
    {
        DeviceTreeDocument one = new();
        one.Root.AddNode("a").SetCells("interrupt-parent", 1);
        DeviceTreeDocument two = new();
        two.Root.AddNode("a").SetCells("interrupt-parent", 1);
        two.Root.AddNode("b").SetCells("interrupt-parent", 1);

        // A node is begin, name and end; its property tag, length, name and value.
        Assert.That(two.ToBlob(), Has.Length.EqualTo(one.ToBlob().Length + 12 + 16));
    }

    [Test]
    public void Nodes_are_found_by_path()
    {
        DeviceTreeDocument tree = SampleTrees.Machine();
        Assert.Multiple(() =>
        {
            Assert.That(tree.Find("/"), Is.SameAs(tree.Root));
            Assert.That(tree.Find("/soc/serial@10000000")?.Path, Is.EqualTo("/soc/serial@10000000"));
            Assert.That(tree.Find("/soc/serial")?.Path, Is.EqualTo("/soc/serial@10000000"));
            Assert.That(tree.Find("/cpus/cpu@1/interrupt-controller")?.Parent?.Name, Is.EqualTo("cpu@1"));
            Assert.That(tree.Find("/cpus/cpu"), Is.Null, "which of the two?");
            Assert.That(tree.Find("/soc/serial@10000001"), Is.Null);
            Assert.That(tree.Find("/nowhere/serial"), Is.Null);
            Assert.That(tree.Find("soc"), Is.Null);
            Assert.That(tree.Root.RemoveNode("soc"));
            Assert.That(tree.Find("/soc/serial"), Is.Null);
        });
    }

    [Test]
    public void Phandles_are_given_once_and_never_twice_the_same()
    {
        DeviceTreeDocument tree = new();
        DeviceTreeNode explicitOne = tree.Root.AddNode("a").SetCells("phandle", 2);
        DeviceTreeNode old = tree.Root.AddNode("old").SetCells("linux,phandle", 3);
        DeviceTreeNode b = tree.Root.AddNode("b");
        DeviceTreeNode c = tree.Root.AddNode("c");
        tree.Root.SetReferences("all", b, c, b, explicitOne, old);
        Assert.That(tree.Root.TryGetProperty("all", out var all) && all.TryGetCells(out uint[] cells) && cells is [1, 4, 1, 2, 3]);

        DeviceTreeDocument parsed = DeviceTreeDocument.Parse(tree.ToBlob(), "tree");
        Assert.That(parsed.Root.AddNode("d").Phandle, Is.EqualTo(5));
        Assert.That(parsed.FindByPhandle(4)?.Name, Is.EqualTo("c"));
        Assert.That(parsed.FindByPhandle(6), Is.Null);
        Assert.Throws<ArgumentException>(() => parsed.Root.SetReferences("x", b));
    }

    [Test]
    public void A_given_tree_is_patched_for_boot()
    {
        DeviceTreeDocument tree = DeviceTreeDocument.Parse(SampleTrees.Machine().ToBlob(), "file.dtb");
        tree.SetBootArguments("console=ttyS0 root=/dev/vda");
        tree.SetInitrd(new GuestPhysicalAddress(0x8800_0000), new GuestPhysicalAddress(0x8812_3456));
        DeviceTreeNode chosen = DeviceTreeDocument.Parse(tree.ToBlob(), "patched").Find("/chosen")!;
        Assert.That(chosen.TryGetProperty("bootargs", out var p) && p.TryGetString(out string text) && text == "console=ttyS0 root=/dev/vda");
        Assert.That(chosen.TryGetProperty("linux,initrd-start", out p) && p.TryGetUInt64s(out ulong[] start) && start is [0x8800_0000]);
        Assert.That(chosen.TryGetProperty("linux,initrd-end", out p) && p.TryGetUInt64s(out ulong[] end) && end is [0x8812_3456]);
        Assert.That(chosen.TryGetProperty("stdout-path", out _));

        DeviceTreeDocument bare = new();
        bare.SetBootArguments("quiet");
        Assert.That(bare.Find("/chosen"), Is.Not.Null);
    }

    [TestCase("")]
    [TestCase("a/b")]
    [TestCase("a b")]
    [TestCase("@1")]
    [TestCase("a@")]
    [TestCase("a@1@2")]
    [TestCase("é")]
    [TestCase("taken")]
    public void Bad_node_names_are_refused(string name)
    {
        DeviceTreeDocument tree = new();
        tree.Root.AddNode("taken");
        Assert.Throws<ArgumentException>(() => tree.Root.AddNode(name));
    }

    [TestCase("")]
    [TestCase("a\0")]
    [TestCase("a\"b")]
    [TestCase("a@1")]
    public void Bad_property_names_are_refused(string name) =>
        Assert.Throws<ArgumentException>(() => new DeviceTreeDocument().Root.SetEmpty(name));

    [Test]
    public void Other_impossible_things_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new DeviceTreeDocument().Root.SetStrings("a", "x\0y"));
        DeviceTreeNode node = new DeviceTreeDocument().Root;
        for (int i = 0; i < 64; i++)
        {
            node = node.AddNode("n");
        }

        Assert.Throws<ArgumentException>(() => node.AddNode("n"));
        Assert.That(DeviceTreeDocument.Parse(Root(node).ToBlob(), "deep").Root.DescendantsAndSelf().Count(), Is.EqualTo(65));
    }

    [Test]
    public void Files_are_read_and_bounded()
    {
        string path = Path.GetTempFileName();
        try
        {
            byte[] blob = SampleTrees.Machine().ToBlob();
            File.WriteAllBytes(path, [.. blob, .. new byte[100]]);
            Assert.That(DeviceTreeDocument.Load(path).ToBlob(), Is.EqualTo(blob));
            File.WriteAllBytes(path, new byte[5 * 1024 * 1024]);
            Assert.That(Assert.Throws<ImageFormatException>(() => DeviceTreeDocument.Load(path)).FileName, Is.EqualTo(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static DeviceTreeDocument Root(DeviceTreeNode node)
    {
        // The document of a node is known to it alone; a copy of the chain serves as well.
        DeviceTreeDocument copy = new();
        DeviceTreeNode end = copy.Root;
        for (DeviceTreeNode? n = node; n?.Parent is not null; n = n.Parent)
        {
            end = end.AddNode(n.Name);
        }

        return copy;
    }
}
