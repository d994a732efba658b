using Emulator.Core.Ir;

namespace Emulator.Arch.X86.Lifting;

/// <content>LOCK-prefixed instructions that no single atomic operation does.</content>
internal sealed partial class X86Lifter
{
    /// <summary>
    /// Replaces memory atomically by a function of what it holds: compares and exchanges, and does the whole instruction again if
    /// another processor was faster. Ends the block.
    /// </summary>
    /// <param name="place">A memory operand.</param>
    /// <param name="compute">Gives the new content from the old.</param>
    /// <param name="finish">Sets flags and registers, from the old and the new content.</param>
    public void ReplaceLocked(Place place, Func<Value, Value> compute, Action<Value, Value> finish)
    {
        var address = Ir.Hold(AsValue(place.Address));
        var old = SignExtend(Load(new LinearAddress(address, 0, false), place.Bytes), place.Bytes);
        var desired = Ir.Hold(compute(old));
        var found = Ir.AtomicCompareExchange(place.Bytes, address, old, desired);
        Ir.RetryUnless(found, old);
        finish(old, desired);
        Ir.Jump(Length);
    }
}
