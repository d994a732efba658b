namespace Emulator.Cli.Options;

/// <summary>A value that was given; null where none was.</summary>
/// <remarks>In place of a nullable value: for those the parser's generic code is compiled at run time, at every start.</remarks>
/// <param name="Value">The value.</param>
internal sealed record Given<T>(T Value)
    where T : struct;
