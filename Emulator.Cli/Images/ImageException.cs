namespace Emulator.Cli.Images;

/// <summary>A guest image that cannot be found, pulled or made. The message is for the user: what, where, and what to do about it.</summary>
internal class ImageException(string message, Exception? innerException = null) : InputException(message, innerException);

/// <summary>The packages' archive does not answer, or has not got what it should have: trying again later may help.</summary>
internal sealed class ArchiveUnavailableException(string message, Exception? innerException = null) : ImageException(message, innerException);
