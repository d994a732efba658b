using System.Text;
using Emulator.Machines.DeviceTree;

namespace Emulator.Tests.DeviceTree;

[TestFixture]
public sealed class DeviceTreeCompilerTests
{
    private const int RandomTrees = 40;

    private const string Source = """
        /dts-v1/;
        /memreserve/ 0x80000000 0x1000;
        / {
            #address-cells = <1>;
            #size-cells = <1>;
            list = "one", "two";
            empty;
            mixed = "text", <1 2>, [00 ff 7f];
            wide = /bits/ 64 <0x123456789abcdef0>;
            odd = [01 02 03];
            intc: controller@1000 { reg = <0x1000 0x10>; phandle = <7>; };
            user@2000 { reg = <0x2000 0x10>; parent = <&intc>; target = <&other>; };
            other: other { label = "nobody \"quoted\" \\ here"; };
        };
        """;

    [Test]
    public void Our_blob_is_taken_without_warnings()
    {
        (byte[] text, string warnings) = Dtc.Run("-I dtb -O dts", SampleTrees.Machine().ToBlob());
        Assert.That(warnings, Is.Empty);
        Assert.That(Encoding.UTF8.GetString(text), Does.Contain("compatible = \"sifive,clint0\\0riscv,clint0\";"));
    }

    [Test]
    public void Our_text_compiles_to_the_same_tree_without_warnings()
    {
        DeviceTreeDocument tree = SampleTrees.Machine();

        // In source dtc wants references to have labels; numbers are what a blob has.
        (byte[] blob, string warnings) = Dtc.Run("-W no-interrupts_extended_property -I dts -O dtb", Encoding.UTF8.GetBytes(tree.ToSource()));
        Assert.That(warnings, Is.Empty);
        Assert.That(DeviceTreeDocument.Parse(blob, "dtc").ToBlob(), Is.EqualTo(tree.ToBlob()));
    }

    [Test]
    public void Random_trees_survive_blob_and_text()
    {
        for (int seed = 1; seed <= RandomTrees; seed++)
        {
            DeviceTreeDocument tree = SampleTrees.Random(new Random(seed));
            byte[] blob = tree.ToBlob();
            (byte[] fromBlob, _) = Dtc.Run("-q -q -f -I dtb -O dtb", blob);
            (byte[] fromText, _) = Dtc.Run($"-q -q -f -I dts -O dtb -b {tree.BootProcessor}", Encoding.UTF8.GetBytes(tree.ToSource()));
            Assert.That(DeviceTreeDocument.Parse(fromBlob, "dtc").ToBlob(), Is.EqualTo(blob), $"seed {seed}, through the blob");
            Assert.That(DeviceTreeDocument.Parse(fromText, "dtc").ToBlob(), Is.EqualTo(blob), $"seed {seed}, through text:\n{tree.ToSource()}");
        }
    }

    [TestCase("-V 17")]
    [TestCase("-V 16")]
    [TestCase("-V 17 -p 1024")]
    [TestCase("-V 17 -S 8192 -@ -H both")]
    public void A_compiled_tree_is_parsed(string options)
    {
        (byte[] blob, _) = Dtc.Run($"-q -I dts -O dtb -b 3 {options}", Encoding.UTF8.GetBytes(Source));
        DeviceTreeDocument tree = DeviceTreeDocument.Parse(blob, "dtc");
        Assert.Multiple(() =>
        {
            Assert.That(tree.BootProcessor, Is.EqualTo(3));
            Assert.That(tree.Reservations.Select(static r => (r.Address.Value, r.Size)), Is.EqualTo(new[] { (0x8000_0000UL, 0x1000UL) }));
            Assert.That(tree.Root.Properties.Select(static p => p.Name).Take(7), Is.EqualTo(
                new[] { "#address-cells", "#size-cells", "list", "empty", "mixed", "wide", "odd" }));
            Assert.That(Property(tree, "/", "list").TryGetStrings(out string[] list) && list is ["one", "two"]);
            Assert.That(Property(tree, "/", "empty").Value.IsEmpty);
            Assert.That(Property(tree, "/", "mixed").Value.Length, Is.EqualTo(5 + 8 + 3));
            Assert.That(Property(tree, "/", "wide").TryGetUInt64s(out ulong[] wide) && wide is [0x123456789abcdef0]);
            Assert.That(Property(tree, "/", "odd").TryGetCells(out _), Is.False);
            Assert.That(Property(tree, "/user", "parent").TryGetCells(out uint[] parent) && parent is [7]);
            Assert.That(Property(tree, "/user@2000", "target").TryGetCells(out uint[] target));
            Assert.That(tree.FindByPhandle(target.Single())?.Path, Is.EqualTo("/other"));
            Assert.That(Property(tree, "/other", "label").TryGetString(out string label) && label == "nobody \"quoted\" \\ here");
        });
    }

    private static DeviceTreeProperty Property(DeviceTreeDocument tree, string path, string name) =>
        tree.Find(path)!.TryGetProperty(name, out var property) ? property : throw new AssertionException($"{path} {name}");
}
