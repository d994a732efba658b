using System.Runtime.InteropServices;

namespace Emulator.Core.Execution;

/// <summary>Memory for pre-decoded operations: handed out, never moved, freed all at once.</summary>
// SAFETY: pointers stay good until Dispose; the owner guards Allocate with its lock.
internal sealed unsafe class OpArena : IDisposable
{
    private const int ChunkOps = 32 * 1024;
    private readonly List<nint> _chunks = new(1); // with room: a list of nothing is compiled at run time
    private ThreadedOp* _next;
    private int _left;

    /// <summary>Bytes handed out so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Room for operations, with anything in it.</summary>
    public ThreadedOp* Allocate(int count)
    {
        if (count > _left)
        {
            int size = Math.Max(count, ChunkOps);
            _next = (ThreadedOp*)NativeMemory.AlignedAlloc((nuint)size * (nuint)sizeof(ThreadedOp), 64);
            _left = size;
            _chunks.Add((nint)_next);
        }

        var result = _next;
        _next += count;
        _left -= count;
        Bytes += count * sizeof(ThreadedOp);
        return result;
    }

    public void Dispose()
    {
        foreach (nint chunk in _chunks) NativeMemory.AlignedFree((void*)chunk);
        _chunks.Clear();
        _next = null;
        _left = 0;
    }
}
