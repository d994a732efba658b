using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Emulator.Cli;

/// <summary>The library's help, and behind it what concerns a command as a whole.</summary>
/// <param name="help">The library's.</param>
/// <param name="notes">Text for the commands that have some.</param>
internal sealed class FullHelpAction(HelpAction help, IReadOnlyDictionary<Command, string> notes) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int status = help.Invoke(parseResult);
        if (notes.TryGetValue(parseResult.CommandResult.Command, out string? text)) parseResult.InvocationConfiguration.Output.WriteLine(text);
        return status;
    }
}
