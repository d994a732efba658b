using System.Text.Json;
using System.Text.Json.Serialization;

namespace Emulator.Cli.Images;

/// <summary>What a pulled image was made of, kept beside it as <c>manifest.json</c>.</summary>
internal sealed record ImageManifest
{
    /// <summary>The layout of this file.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The layout of this file; another one than ours is not read.</summary>
    public required int Format { get; init; }

    /// <summary>The image's name.</summary>
    public required string Name { get; init; }

    /// <summary>The distribution's release and architecture.</summary>
    public required string Distribution { get; init; }

    /// <summary>The kernel's release, as <c>uname -r</c> says it.</summary>
    public required string Kernel { get; init; }

    /// <summary>The kernel's command line.</summary>
    public required string Append { get; init; }

    /// <summary>SHA-256 of our own part: the script the guest starts with and the list of modules.</summary>
    public required string Recipe { get; init; }

    /// <summary>What came from the distribution.</summary>
    public required IReadOnlyList<PackageFile> Packages { get; init; }

    /// <summary>SHA-256 of each file of the image, in hexadecimal.</summary>
    public required IReadOnlyDictionary<string, string> Files { get; init; }

    /// <summary>Reads a manifest; null when there is none that we understand.</summary>
    public static ImageManifest? Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            ImageManifest? manifest = JsonSerializer.Deserialize(file, ImageManifestJson.Default.ImageManifest);
            return manifest?.Format == CurrentFormat ? manifest : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes the manifest.</summary>
    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, ImageManifestJson.Default.ImageManifest) + "\n");
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ImageManifest))]
internal sealed partial class ImageManifestJson : JsonSerializerContext;
