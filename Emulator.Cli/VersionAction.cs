using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;

namespace Emulator.Cli;

/// <summary>Prints the version of the tool, whatever process it runs in.</summary>
internal sealed class VersionAction : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var assembly = typeof(VersionAction).Assembly;
        string version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version!.ToString();
        parseResult.InvocationConfiguration.Output.WriteLine($"emu {version}");
        return ExitStatus.Success;
    }
}
