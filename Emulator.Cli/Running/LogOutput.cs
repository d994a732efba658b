using Emulator.Cli.Options;
using Microsoft.Extensions.Logging;

namespace Emulator.Cli.Running;

/// <summary>Logging to standard error, of what the user asked for.</summary>
internal static class LogOutput
{
    /// <summary>Creates the factory; null when nothing is to be logged.</summary>
    public static ILoggerFactory? Create(IReadOnlyCollection<LogRule> rules) => rules.Count == 0 ? null : LoggerFactory.Create(builder =>
    {
        builder.SetMinimumLevel(LogLevel.None);
        foreach (var rule in rules) builder.AddFilter(rule.Category.Length == 0 ? null : rule.Category, rule.Level);
        builder.AddConsole(static options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.AddSimpleConsole(static options =>
        {
            options.SingleLine = true;
            options.TimestampFormat = "HH:mm:ss.fff ";
        });
    });
}
