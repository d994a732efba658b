using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Emulator.Machines.DeviceTree;

/// <summary>
/// A node of a device tree: properties and child nodes, both in order and with names of their own. Methods that set a property
/// replace the one of that name in its place, or add one at the end, and return the node.
/// </summary>
public sealed class DeviceTreeNode
{
    private const string PhandleName = "phandle";
    private const string OldPhandleName = "linux,phandle";
    private readonly DeviceTreeDocument _document;
    private readonly OrderedDictionary<string, DeviceTreeProperty> _properties = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, DeviceTreeNode> _children = new(StringComparer.Ordinal);

    internal DeviceTreeNode(DeviceTreeDocument document, DeviceTreeNode? parent, string name)
    {
        _document = document;
        Parent = parent;
        Name = name;
        Depth = parent is null ? 0 : parent.Depth + 1;
    }

    /// <summary>The name with its unit address, as <c>serial@10000000</c>; empty for the root.</summary>
    public string Name { get; }

    /// <summary>The node it is a child of; null for the root.</summary>
    public DeviceTreeNode? Parent { get; }

    /// <summary>The properties, in order.</summary>
    public IReadOnlyList<DeviceTreeProperty> Properties => _properties.Values;

    /// <summary>The child nodes, in order.</summary>
    public IReadOnlyList<DeviceTreeNode> Children => _children.Values;

    /// <summary>The names from the root on, as <c>/soc/serial@10000000</c>.</summary>
    public string Path => Parent is null ? "/" : Parent.Parent is null ? $"/{Name}" : $"{Parent.Path}/{Name}";

    /// <summary>
    /// The number by which properties of other nodes refer to this one (Devicetree Specification 2.3.3). Asking for it gives the
    /// node one, with a property of that name, when it has none.
    /// </summary>
    public uint Phandle
    {
        get
        {
            if (ExistingPhandle is { } existing)
            {
                return existing;
            }

            uint phandle = _document.AllocatePhandle();
            SetCells(PhandleName, phandle);
            return phandle;
        }
    }

    internal uint? ExistingPhandle => PhandleIn(PhandleName) ?? PhandleIn(OldPhandleName);

    internal int Depth { get; }

    /// <summary>Adds a child node at the end.</summary>
    /// <param name="name">Letters, digits and <c>,._+-</c>, with <c>@</c> before the unit address if there is one.</param>
    /// <exception cref="ArgumentException">The name is not one, or is taken, or the tree would be too deep.</exception>
    public DeviceTreeNode AddNode(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (WhyNotNode(name) is { } reason)
        {
            throw new ArgumentException($"'{name}' cannot be a node of '{Path}': {reason}", nameof(name));
        }

        DeviceTreeNode child = new(_document, this, name);
        _children.Add(name, child);
        return child;
    }

    /// <summary>The child node of a name, added at the end when there is none.</summary>
    /// <exception cref="ArgumentException">The name is not one, or the tree would be too deep.</exception>
    public DeviceTreeNode GetOrAddNode(string name) => FindNode(name) ?? AddNode(name);

    /// <summary>Finds a child node.</summary>
    /// <param name="name">Its name; the unit address may be left out where one child only has that name.</param>
    /// <returns>Null when there is none.</returns>
    public DeviceTreeNode? FindNode(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_children.TryGetValue(name, out DeviceTreeNode? exact))
        {
            return exact;
        }

        DeviceTreeNode[] alike = name.Contains('@', StringComparison.Ordinal)
            ? []
            : [.. _children.Values.Where(child => child.Name.StartsWith(name + '@', StringComparison.Ordinal)).Take(2)];
        return alike is [DeviceTreeNode only] ? only : null;
    }

    /// <summary>Removes a child node with all that is below it.</summary>
    /// <param name="name">Its full name.</param>
    /// <returns>False when there is none.</returns>
    public bool RemoveNode(string name) => _children.Remove(name);

    /// <summary>Finds a property.</summary>
    /// <returns>False when there is none of that name.</returns>
    public bool TryGetProperty(string name, [MaybeNullWhen(false)] out DeviceTreeProperty property) => _properties.TryGetValue(name, out property);

    /// <summary>Removes a property.</summary>
    /// <returns>False when there is none of that name.</returns>
    public bool RemoveProperty(string name) => _properties.Remove(name);

    /// <summary>Sets a property without a value, whose presence is its meaning.</summary>
    /// <exception cref="ArgumentException">The name is not one.</exception>
    public DeviceTreeNode SetEmpty(string name) => SetBytes(name, default);

    /// <summary>Sets a property of 32-bit cells; a reference to a node is its <see cref="Phandle"/>.</summary>
    /// <exception cref="ArgumentException">The name is not one.</exception>
    public DeviceTreeNode SetCells(string name, params ReadOnlySpan<uint> cells)
    {
        byte[] value = new byte[cells.Length * sizeof(uint)];
        for (int i = 0; i < cells.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(value.AsSpan(i * sizeof(uint)), cells[i]);
        }

        return SetBytes(name, value);
    }

    /// <summary>Sets a property of 64-bit numbers, two cells each, such as a reg where both cell counts are 2.</summary>
    /// <exception cref="ArgumentException">The name is not one.</exception>
    public DeviceTreeNode SetUInt64s(string name, params ReadOnlySpan<ulong> numbers)
    {
        byte[] value = new byte[numbers.Length * sizeof(ulong)];
        for (int i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(value.AsSpan(i * sizeof(ulong)), numbers[i]);
        }

        return SetBytes(name, value);
    }

    /// <summary>Sets a property of one string or a list of them.</summary>
    /// <exception cref="ArgumentException">The name is not one, or a string has a zero character.</exception>
    public DeviceTreeNode SetStrings(string name, params string[] strings)
    {
        ArgumentNullException.ThrowIfNull(strings);
        List<byte> value = [];
        foreach (string text in strings)
        {
            if (text.Contains('\0', StringComparison.Ordinal))
            {
                throw new ArgumentException($"a string of '{name}' has a zero character, which ends strings", nameof(strings));
            }

            value.AddRange(Encoding.UTF8.GetBytes(text));
            value.Add(0);
        }

        return SetBytes(name, value.ToArray());
    }

    /// <summary>Sets a property of references to nodes, giving them phandles as needed.</summary>
    /// <exception cref="ArgumentException">The name is not one, or a node is of another tree.</exception>
    public DeviceTreeNode SetReferences(string name, params ReadOnlySpan<DeviceTreeNode> nodes)
    {
        uint[] cells = new uint[nodes.Length];
        for (int i = 0; i < nodes.Length; i++)
        {
            cells[i] = nodes[i]._document == _document
                ? nodes[i].Phandle
                : throw new ArgumentException($"'{nodes[i].Path}' is a node of another tree", nameof(nodes));
        }

        return SetCells(name, cells);
    }

    /// <summary>Sets a property to bytes as they are. They are referred to, not copied.</summary>
    /// <exception cref="ArgumentException">The name is not one.</exception>
    public DeviceTreeNode SetBytes(string name, ReadOnlyMemory<byte> value)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!DeviceTreeNames.IsPropertyName(name))
        {
            throw new ArgumentException($"'{name}' cannot be a property of '{Path}': {DeviceTreeNames.PropertyRule}", nameof(name));
        }

        _properties[name] = new DeviceTreeProperty(name, value);
        if (name is PhandleName or OldPhandleName && ExistingPhandle is { } phandle)
        {
            _document.NotePhandle(phandle);
        }

        return this;
    }

    /// <summary>The node and all below it, parents first.</summary>
    public IEnumerable<DeviceTreeNode> DescendantsAndSelf() => [this, .. Children.SelectMany(static child => child.DescendantsAndSelf())];

    /// <summary>The path.</summary>
    public override string ToString() => Path;

    /// <summary>Why there can be no child of that name, or null when there can.</summary>
    internal string? WhyNotNode(string name) =>
        !DeviceTreeNames.IsNodeName(name) ? DeviceTreeNames.NodeRule
        : _children.ContainsKey(name) ? "there is one already"
        : Depth >= DeviceTreeNames.MaximumDepth ? $"nodes may be {DeviceTreeNames.MaximumDepth} deep"
        : null;

    private uint? PhandleIn(string name) =>
        TryGetProperty(name, out var property) && property.TryGetCells(out uint[] cells) && cells is [uint value] ? value : null;
}
