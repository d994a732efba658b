namespace Emulator.Core.Bus;

/// <summary>One access of a processor to a device's registers.</summary>
/// <param name="Offset">Bytes from the start of the device's window; the whole access lies inside the window.</param>
/// <param name="Size">1, 2, 4 or 8 bytes. The offset need not be a multiple of it.</param>
public readonly record struct MmioAccess(uint Offset, int Size);

/// <summary>What the bus answers to a processor. A guest's mistake is a value, never an exception.</summary>
public enum BusStatus : byte
{
    /// <summary>The access took place.</summary>
    Ok,

    /// <summary>Nothing answers there, or not to such an access; the processor takes an access fault.</summary>
    AccessFault,
}

/// <summary>
/// A chip with registers in the physical address space. Members are called by hart threads, several at a time: a device guards
/// its own state with one lock and calls nothing outside (interrupt line, host back end) while it holds that lock.
/// </summary>
public interface IMmioDevice
{
    /// <summary>Reads a register. Never throws, whatever the guest asks.</summary>
    /// <param name="access">Where and how wide.</param>
    /// <param name="value">The bits read, zero-extended; 0 unless the status is Ok.</param>
    BusStatus Read(MmioAccess access, out ulong value);

    /// <summary>Writes a register. Never throws, whatever the guest asks.</summary>
    /// <param name="access">Where and how wide.</param>
    /// <param name="value">The bits to write, zero-extended.</param>
    BusStatus Write(MmioAccess access, ulong value);
}

/// <summary>An interrupt input of a controller or a processor, seen from the chip that drives it.</summary>
public interface IInterruptLine
{
    /// <summary>Drives the level. Idempotent; may be called from any thread.</summary>
    void Set(bool asserted);
}

/// <summary>A device that can return to its state at power-on.</summary>
public interface IResettable
{
    /// <summary>Returns to the power-on state. Called while no hart runs.</summary>
    void Reset();
}

/// <summary>
/// A device whose whole mutable state is one value: what a snapshot carries. Outputs such as interrupt lines are derived from it
/// and driven again by <see cref="Restore"/>.
/// </summary>
/// <typeparam name="TState">A record struct with value equality.</typeparam>
public interface IStateful<TState>
    where TState : struct, IEquatable<TState>
{
    /// <summary>The state at this moment. Called while no hart runs.</summary>
    TState Save();

    /// <summary>Takes a saved state and recomputes every output. Called while no hart runs.</summary>
    void Restore(TState state);
}
