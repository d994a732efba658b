using System.CommandLine;
using System.CommandLine.Parsing;
using Emulator.Cli.Commands;
using Emulator.Cli.Images;
using Emulator.Core.Loading;
using Emulator.Machines;

namespace Emulator.Cli;

/// <summary>The whole tool: from arguments to an exit status.</summary>
internal static class CliApplication
{
    private static readonly (string Name, Func<CliStreams, Command> Create)[] Commands =
    [
        (RunCommand.Name, RunCommand.Create),
        ("machines", MachinesCommand.Create),
        ("devices", DevicesCommand.Create),
        ("images", ImagesCommand.Create),
        ("bench", BenchCommand.Create),
        ("disasm", DisasmCommand.Create),
    ];

    /// <summary>Runs one command line.</summary>
    /// <returns>The exit status.</returns>
    public static int Run(IReadOnlyList<string> arguments, CliStreams streams)
    {
        try
        {
            // Without response files and bundling, a value that begins with @ or - is itself.
            var parsed = CommandLineParser.Parse(CreateRoot(arguments, streams), arguments, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
            if (parsed.Errors.Count > 0 && parsed.Action is not (FullHelpAction or VersionAction))
            {
                throw new CommandLineException($"{parsed.Errors[0].Message.TrimEnd('.')} ({CommandPath(parsed.CommandResult)} --help lists what there is)");
            }

            var configuration = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null, // a run ends its machine itself
            };
            if (parsed.Action is FullHelpAction or VersionAction) configuration.Output = streams.Out;
            return parsed.Invoke(configuration);
        }
        catch (CommandLineException exception)
        {
            return Complain(streams, exception, ExitStatus.BadCommandLine);
        }
        catch (Exception exception) when (exception is InputException or ImageException or ImageFormatException or MachineConfigurationException or IOException or UnauthorizedAccessException)
        {
            return Complain(streams, exception, ExitStatus.UnusableInput);
        }
        catch (Exception exception)
        {
            streams.Error.WriteLine($"emu: internal fault: {exception}");
            return ExitStatus.InternalFault;
        }
    }

    private static Command CreateRoot(IReadOnlyList<string> arguments, CliStreams streams)
    {
        // Not a HelpOption: that one looks its description up in resources, which costs a start more than parsing does.
        var help = new Option<bool>("--help", "-h", "/h", "-?", "/?")
        {
            Description = "Show help and usage information",
            Arity = ArgumentArity.Zero,
            Recursive = true,
            Action = new FullHelpAction(),
        };

        // Not a RootCommand: that is called after the process, which is not always ours.
        var root = new Command("emu", "A system emulator. Without arguments it boots a small RISC-V guest that it brings along; leave it with Ctrl-A X.")
        {
            new Option<bool>("--version") { Description = "Show the version", Action = new VersionAction() },
            help,
        };

        // A command line that begins with a command needs no other.
        string first = arguments.Count > 0 ? arguments[0] : "";
        var named = Array.Find(Commands, command => command.Name == first);
        foreach (var command in named.Create is null ? Commands : [named]) root.Add(command.Create(streams));
        root.SetAction(_ => DemoCommand.Run(streams));
        return root;
    }

    private static string CommandPath(SymbolResult result) =>
        result is CommandResult command ? $"{(command.Parent is null ? "" : CommandPath(command.Parent) + " ")}{command.Command.Name}" : "emu";

    private static int Complain(CliStreams streams, Exception exception, int status)
    {
        streams.Error.WriteLine($"emu: {exception.Message.ReplaceLineEndings(" ")}");
        return status;
    }
}
