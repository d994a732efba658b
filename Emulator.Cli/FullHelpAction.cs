using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Emulator.Cli.Commands;

namespace Emulator.Cli;

/// <summary>The library's help, and behind it what concerns a command as a whole.</summary>
internal sealed class FullHelpAction : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int status = new HelpAction().Invoke(parseResult);
        if (parseResult.CommandResult.Command.Name == RunCommand.Name) parseResult.InvocationConfiguration.Output.WriteLine(RunCommand.Notes);
        return status;
    }
}
