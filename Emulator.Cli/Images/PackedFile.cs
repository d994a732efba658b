using System.IO.Compression;

namespace Emulator.Cli.Images;

/// <summary>Files that a distribution may have packed, by their names' ending.</summary>
internal static class PackedFile
{
    // .NET has no xz. apt's helper, which every host with apt has, prints a file unpacked if there is no xz program.
    private const string AptHelper = "/usr/lib/apt/apt-helper";

    /// <summary>Reads a file, unpacked.</summary>
    /// <exception cref="ImageException">It cannot be unpacked here.</exception>
    public static async Task<byte[]> ReadAsync(string path, CancellationToken cancellation)
    {
        using MemoryStream content = new();
        switch (Path.GetExtension(path))
        {
            case ".xz":
                await UnpackXzAsync(path, content, cancellation);
                break;
            case ".gz":
                await using (GZipStream unpacked = new(File.OpenRead(path), CompressionMode.Decompress))
                {
                    await unpacked.CopyToAsync(content, cancellation);
                }

                break;
            default:
                return await File.ReadAllBytesAsync(path, cancellation);
        }

        return content.ToArray();
    }

    private static async Task UnpackXzAsync(string path, MemoryStream content, CancellationToken cancellation)
    {
        (string program, string[] arguments) = HostTool.Find("xz") is { } xz ? (xz, new[] { "--decompress", "--stdout", path })
            : File.Exists(AptHelper) ? (AptHelper, ["cat-file", path])
            : throw new ImageException("this host has no xz: install xz-utils");
        try
        {
            await HostTool.RunAsync(program, arguments, new(Path.GetDirectoryName(path)!), content, cancellation);
        }
        catch (HostToolException exception)
        {
            throw new ImageException($"cannot unpack {path}: {exception.Message}", exception);
        }
    }
}
