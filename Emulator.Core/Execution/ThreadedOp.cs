using System.Runtime.InteropServices;

namespace Emulator.Core.Execution;

/// <summary>
/// A pre-decoded operation of tier 0: an IR instruction with the address of the code that executes it. The handler of a block's
/// first operation is also the block's address for every link: compiling or dropping a block replaces that one pointer.
/// </summary>
// SAFETY: a plain record; its handler is called only by generated code and the dispatcher.
[StructLayout(LayoutKind.Sequential, Size = 32)]
internal unsafe struct ThreadedOp
{
    /// <summary>Executes this operation and everything after it; gives the operation at which it left, or null.</summary>
    public delegate*<StateBlock*, ThreadedOp*, ThreadedOp*> Handler;

    /// <summary>Offset of the slot that is written; for an Enter that leads to compiled code, nonzero once that was entered.</summary>
    public ushort Destination;
    public ushort A;
    public ushort B;
    public ushort C;

    /// <summary>The IR's immediate; for jumps and branches the target's entry operation, 0 until linked; for Enter the entries left until hot.</summary>
    public long Immediate;

    public ushort PcOffset;
    public ushort InstructionIndex;

    /// <summary>Index of the block in the translation cache.</summary>
    public int Block;

    /// <summary>Replaces the handler in one piece: other harts may be reading it.</summary>
    public void SetHandler(nint address)
    {
        fixed (void* handler = &Handler) Volatile.Write(ref *(nint*)handler, address);
    }
}
