namespace Emulator.Core.Execution;

/// <summary>An exception that the guest takes. What the numbers mean is the architecture's affair; Core only carries them.</summary>
/// <param name="Code">The architecture's number of the exception.</param>
/// <param name="Value">Its first argument, such as the faulting address.</param>
/// <param name="Value2">Its second argument.</param>
public readonly record struct GuestFault(uint Code, ulong Value = 0, ulong Value2 = 0);

/// <summary>Why memory is accessed.</summary>
public enum AccessKind : byte
{
    /// <summary>A data read.</summary>
    Read,

    /// <summary>A data write, or the read of an atomic read-modify-write.</summary>
    Write,

    /// <summary>An instruction fetch.</summary>
    Execute,
}

/// <summary>A successful address translation.</summary>
/// <param name="Physical">Where the access goes.</param>
/// <param name="CanRead">Reads of the rest of the 4 KiB page would succeed too and may be cached.</param>
/// <param name="CanWrite">Writes likewise.</param>
/// <param name="CanExecute">Fetches likewise.</param>
/// <param name="IsGlobal">The guest says that it is the same in all address spaces.</param>
public readonly record struct AddressTranslation(
    Memory.GuestPhysicalAddress Physical, bool CanRead, bool CanWrite, bool CanExecute, bool IsGlobal = false);
