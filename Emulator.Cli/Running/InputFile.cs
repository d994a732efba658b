namespace Emulator.Cli.Running;

/// <summary>Opens files the user has named, and says which option it was when that fails.</summary>
internal static class InputFile
{
    /// <summary>Uses a file; what the host has against it becomes one clear line.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="path">The file.</param>
    /// <param name="use">What to do with it.</param>
    /// <exception cref="InputException">It is missing, a directory, forbidden or unreadable.</exception>
    public static T Use<T>(string option, string path, Func<string, T> use)
    {
        if (path.Length == 0) throw new InputException($"{option}: names no file");
        try
        {
            return use(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException($"{option} {path}: no such file", exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new InputException($"{option} {path}: {(Directory.Exists(path) ? "is a directory; expected a file" : "access is not allowed")}", exception);
        }
        catch (IOException exception)
        {
            throw new InputException($"{option} {path}: {exception.Message}", exception);
        }
    }
}
