namespace Emulator.Cli;

/// <summary>The command line makes no sense; the message is one line that says what and what was expected.</summary>
internal sealed class CommandLineException(string message) : Exception(message);

/// <summary>A file or option cannot be used; the message is one line that says which, why and what was expected.</summary>
internal class InputException(string message, Exception? innerException = null) : Exception(message, innerException);
