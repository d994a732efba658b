using System.CommandLine;
using Emulator.Core.Execution;

namespace Emulator.Cli.Options;

/// <summary>What the engines are called on the command line.</summary>
internal static class EngineNames
{
    private const string Expected = "auto, interpreter, reference or jit";

    /// <summary>The option <c>--engine</c>; null when it is not given.</summary>
    public static Option<Given<EngineKind>> Option(string description) => new("--engine")
    {
        HelpName = "NAME",
        Description = $"{description}: {Expected}",
        CustomParser = static result =>
        {
            string text = result.Tokens[^1].Value;
            var kind = Parse(text);
            if (kind is { } given) return new Given<EngineKind>(given);
            result.AddError($"--engine {text}: expected {Expected}");
            return null;
        },
    };

    private static EngineKind? Parse(string text) => text switch
    {
        "auto" => EngineKind.Auto,
        "interpreter" => EngineKind.Interpreter,
        "reference" => EngineKind.Reference,
        "jit" => EngineKind.Jit,
        _ => null,
    };
}
