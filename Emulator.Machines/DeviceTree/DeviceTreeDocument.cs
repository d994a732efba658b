using Emulator.Core.Loading;
using Emulator.Core.Memory;

namespace Emulator.Machines.DeviceTree;

/// <summary>RAM that the guest must leave alone (Devicetree Specification 5.3).</summary>
/// <param name="Address">The first byte.</param>
/// <param name="Size">Bytes; not zero.</param>
public sealed record DeviceTreeReservation(GuestPhysicalAddress Address, ulong Size);

/// <summary>
/// A device tree (Devicetree Specification 0.4): what a guest's kernel is told of its machine. It is built node by node or parsed
/// from a blob (to which it keeps referring), changed, and flattened to the blob that the guest gets. Not for use by several threads at once.
/// </summary>
public sealed class DeviceTreeDocument
{
    private readonly HashSet<uint> _phandles = [];
    private uint _lastPhandle;

    /// <summary>Makes a tree of a root node only.</summary>
    public DeviceTreeDocument() => Root = new DeviceTreeNode(this, parent: null, name: "");

    /// <summary>The root node, <c>/</c>.</summary>
    public DeviceTreeNode Root { get; }

    /// <summary>RAM that the guest must leave alone.</summary>
    public IList<DeviceTreeReservation> Reservations { get; } = [];

    /// <summary>The physical id of the processor that boots.</summary>
    public uint BootProcessor { get; set; }

    /// <summary>Parses a flattened tree.</summary>
    /// <param name="blob">A DTB, version 16 or 17.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <exception cref="ImageFormatException">It is not a whole and valid DTB.</exception>
    public static DeviceTreeDocument Parse(ReadOnlyMemory<byte> blob, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new FlattenedTreeReader(blob, name).Read();
    }

    /// <summary>Reads and parses a file.</summary>
    /// <param name="path">A DTB file.</param>
    /// <exception cref="ImageFormatException">It is not a whole and valid DTB.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a directory.</exception>
    public static DeviceTreeDocument Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream file = File.OpenRead(path);

        // One byte more than is allowed is enough to be refused.
        byte[] content = new byte[FlattenedTree.MaximumSize + 1];
        int length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        return Parse(content.AsMemory(0, length), path);
    }

    /// <summary>Finds a node by its full path.</summary>
    /// <param name="path">
    /// Names from the root, as <c>/soc/serial@10000000</c>; a unit address may be left out where one child only has that name.
    /// </param>
    /// <returns>Null when there is none.</returns>
    public DeviceTreeNode? Find(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!path.StartsWith('/'))
        {
            return null;
        }

        DeviceTreeNode? node = Root;
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            node = node?.FindNode(name);
        }

        return node;
    }

    /// <summary>Finds the node that a phandle stands for.</summary>
    /// <returns>Null when there is none.</returns>
    public DeviceTreeNode? FindByPhandle(uint phandle) =>
        Root.DescendantsAndSelf().FirstOrDefault(node => node.ExistingPhandle == phandle);

    /// <summary>Sets the kernel's command line, <c>/chosen</c> bootargs.</summary>
    public void SetBootArguments(string text) => Root.GetOrAddNode("chosen").SetStrings("bootargs", text);

    /// <summary>Tells the kernel where its initial RAM disk lies, in <c>/chosen</c>.</summary>
    /// <param name="start">The first byte.</param>
    /// <param name="end">The byte behind the last.</param>
    public void SetInitrd(GuestPhysicalAddress start, GuestPhysicalAddress end) =>
        Root.GetOrAddNode("chosen").SetUInt64s("linux,initrd-start", start.Value).SetUInt64s("linux,initrd-end", end.Value);

    /// <summary>Flattens the tree to a DTB, version 17 (Devicetree Specification chapter 5).</summary>
    public byte[] ToBlob() => FlattenedTreeWriter.Write(this);

    /// <summary>The tree as source text, which <c>dtc</c> compiles to an equal tree.</summary>
    public string ToSource() => DeviceTreePrinter.Print(this);

    internal void NotePhandle(uint phandle) => _phandles.Add(phandle);

    internal uint AllocatePhandle()
    {
        do
        {
            _lastPhandle++;
        }
        while (!_phandles.Add(_lastPhandle));
        return _lastPhandle;
    }
}
