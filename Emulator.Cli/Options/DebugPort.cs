using Emulator.Machines.BareX86;

namespace Emulator.Cli.Options;

/// <summary>Ports as <c>--debug-exit</c> and <c>--debugcon</c> take them.</summary>
internal static class DebugPort
{
    /// <summary>Reads a port.</summary>
    public static bool TryParse(string text, out ushort port)
    {
        bool isPort = Numbers.TryParse(text, out ulong number) && number <= ushort.MaxValue;
        port = isPort ? (ushort)number : (ushort)0;
        return isPort;
    }

    /// <summary>Reads <c>PORT=FILE</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="error">What is wrong with it, or null.</param>
    public static DebugOutput? ParseOutput(string text, out string? error)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals > 0 && equals < text.Length - 1 && TryParse(text[..equals], out ushort port))
        {
            error = null;
            return new DebugOutput(port, text[(equals + 1)..]);
        }

        error = $"--debugcon {text}: expected PORT=FILE such as 0xe9=log.txt, or - for standard output in place of FILE";
        return null;
    }
}
