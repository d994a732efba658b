using System.Globalization;
using System.Text;

namespace Emulator.Cli.Images;

/// <summary>
/// Writes the archive an initramfs is ("newc", Linux Documentation/driver-api/early-userspace/buffer-format.rst): for each entry a
/// header of hexadecimal text, its name, its content, each padded to four bytes. Owners are root and times are zero, so that the same
/// content always gives the same archive. Folders that an entry is in are added before it.
/// </summary>
internal sealed class CpioWriter(Stream output)
{
    private const string Magic = "070701";
    private const string Trailer = "TRAILER!!!";
    private const int Alignment = 4;
    private const uint FolderType = 0x4000;
    private const uint CharacterDeviceType = 0x2000;
    private const uint RegularType = 0x8000;
    private const uint LinkType = 0xa000;
    private const uint FolderPermissions = 0b111_101_101;
    private const uint LinkPermissions = 0b111_111_111;

    private readonly HashSet<string> _paths = new(StringComparer.Ordinal);
    private uint _inode;
    private long _written;

    /// <summary>Adds a folder. A path has no slash at its start; permissions are the low twelve bits of a mode.</summary>
    public void Folder(string path, uint permissions = FolderPermissions) => Entry(path, FolderType | permissions, [], links: 2);

    /// <summary>Adds a file.</summary>
    public void File(string path, uint permissions, ReadOnlySpan<byte> content) => Entry(path, RegularType | permissions, content);

    /// <summary>Adds a symbolic link.</summary>
    public void Link(string path, string target) => Entry(path, LinkType | LinkPermissions, Encoding.UTF8.GetBytes(target));

    /// <summary>Adds a character device's node.</summary>
    public void CharacterDevice(string path, uint permissions, uint major, uint minor) =>
        Entry(path, CharacterDeviceType | permissions, [], major: major, minor: minor);

    /// <summary>Writes the entry that ends the archive.</summary>
    public void Finish() => Write(Trailer, inode: 0, mode: 0, [], links: 1, 0, 0);

    private void Entry(string path, uint mode, ReadOnlySpan<byte> content, uint links = 1, uint major = 0, uint minor = 0)
    {
        if (path.Length == 0 || path.Split('/').Any(static part => part is "" or "." or ".."))
        {
            throw new ArgumentException($"'{path}' is no path inside an archive", nameof(path));
        }

        int slash = path.LastIndexOf('/');
        if (slash > 0 && !_paths.Contains(path[..slash]))
        {
            Folder(path[..slash]);
        }

        if (!_paths.Add(path))
        {
            throw new ArgumentException($"'{path}' is in the archive already", nameof(path));
        }

        Write(path, ++_inode, mode, content, links, major, minor);
    }

    private void Write(string name, uint inode, uint mode, ReadOnlySpan<byte> content, uint links, uint major, uint minor)
    {
        byte[] nameBytes = [.. Encoding.UTF8.GetBytes(name), 0];
        const uint Root = 0;
        const uint Time = 0;
        const uint Checksum = 0; // of the format "crc" only
        ReadOnlySpan<uint> fields =
            [inode, mode, Root, Root, links, Time, (uint)content.Length, 0, 0, major, minor, (uint)nameBytes.Length, Checksum];
        StringBuilder header = new(Magic);
        foreach (uint field in fields)
        {
            header.Append(field.ToString("x8", CultureInfo.InvariantCulture));
        }

        Put(Encoding.ASCII.GetBytes(header.ToString()));
        Put(nameBytes);
        Pad();
        Put(content);
        Pad();
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        _written += bytes.Length;
    }

    private void Pad()
    {
        ReadOnlySpan<byte> zeros = stackalloc byte[Alignment];
        Put(zeros[..(int)(-_written & (Alignment - 1))]);
    }
}
