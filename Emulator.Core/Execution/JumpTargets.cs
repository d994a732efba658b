using Emulator.Core.Memory;

namespace Emulator.Core.Execution;

/// <summary>
/// Where a jump to a computed address went in tier 0: the low bits of addresses, in the room of an operation behind it. Harts write without
/// asking each other: what is read is a guess.
/// </summary>
// SAFETY: the operation is one that the arena gave out for this.
internal static unsafe class JumpTargets
{
    /// <summary>How many are kept.</summary>
    public const int Count = 16;

    private const ushort None = ushort.MaxValue;

    /// <summary>There are none yet.</summary>
    public static void Clear(ThreadedOp* targets)
    {
        for (int i = 0; i < Count; i++) ((ushort*)targets)[i] = None;
    }

    /// <summary>The page offsets of those there are, each once.</summary>
    public static List<int> Read(ThreadedOp* targets)
    {
        var offsets = new List<int>();
        for (int i = 0; i < Count; i++)
        {
            ushort target = ((ushort*)targets)[i];
            int offset = target & (int)~GuestPage.Mask;
            if (target != None && !offsets.Contains(offset)) offsets.Add(offset);
        }

        return offsets;
    }
}
