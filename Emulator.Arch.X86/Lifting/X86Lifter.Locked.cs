using Emulator.Core.Ir;

namespace Emulator.Arch.X86.Lifting;

/// <content>LOCK-prefixed instructions.</content>
internal sealed partial class X86Lifter
{
    /// <summary>True when an operand has to be replaced atomically: memory, with the LOCK prefix.</summary>
    public bool IsLocked(Place place) => Instruction.HasLockPrefix && place.IsMemory;

    /// <summary>One atomic operation on a memory operand; gives the old content, sign-extended.</summary>
    public Value Atomic(Opcode opcode, Place place, Value operand)
    {
        CheckAlignment(place.Address, place.Bytes);
        return Ir.Atomic(opcode, place.Bytes, AsValue(place.Address), operand);
    }

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
        var old = SignExtend(Load(new LinearAddress(address, 0, false) { IsForStore = true }, place.Bytes), place.Bytes);
        var desired = Ir.Hold(compute(old));
        var found = Ir.AtomicCompareExchange(place.Bytes, address, old, desired);
        Ir.RetryUnless(found, old);
        finish(old, desired);
        Ir.Jump(Length);
    }
}
