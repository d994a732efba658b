using Emulator.Core.Backends.Cil;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Threaded;

/// <summary>Differences between operations of one opcode.</summary>
internal enum HandlerForm : byte
{
    /// <summary>None; a jump or branch goes to the entry in its immediate once it is linked.</summary>
    Plain,

    /// <summary>Jump: to another page, by the jump cache. Enter: counts down to hot.</summary>
    Far,

    /// <summary>Jump to a computed address: notes where it goes.</summary>
    Noting,

    /// <summary>Takes the place of a dropped block's Enter: leaves to the dispatcher.</summary>
    Dropped,

    /// <summary>Several loads or stores, see <see cref="AccessRun"/>: Opcode is that of the first.</summary>
    Run,
}

/// <summary>What decides a handler's code.</summary>
/// <param name="Opcode">The operation.</param>
/// <param name="BIsImmediate">Operand B is the immediate.</param>
/// <param name="Form">How a control operation continues.</param>
/// <param name="Detail">MMU index and address size, width, helper or specification; the accesses of a run.</param>
internal readonly record struct HandlerKey(Opcode Opcode, bool BIsImmediate, HandlerForm Form, long Detail)
{
    /// <summary>Equality: the default one is generic code of the framework, compiled at run time and slow at first.</summary>
    public bool Equals(HandlerKey other) =>
        Opcode == other.Opcode && BIsImmediate == other.BIsImmediate && Form == other.Form && Detail == other.Detail;

    /// <summary>Its high bits are the ones to use.</summary>
    public override int GetHashCode()
    {
        long form = ((long)Opcode << 4) | ((long)Form << 1) | (BIsImmediate ? 1L : 0L);
        return (int)unchecked(((ulong)((form << 40) ^ Detail) * 0x9E3779B97F4A7C15) >> 32);
    }

    /// <summary>Operations that it stands for.</summary>
    public int Length => Form == HandlerForm.Run ? AccessRun.LengthOf(this) : 1;

    /// <summary>Its code calls nothing. A call would have a whole sequence save registers.</summary>
    public bool IsInline => Opcode is not (
        Opcode.Fence or (>= Opcode.AtomicSwap and <= Opcode.StoreExclusive) or (>= Opcode.FAdd and <= Opcode.FClassify)
        or Opcode.CallCpu or Opcode.CallPure or Opcode.CallVector or Opcode.CallVectorFloat);

    /// <summary>The operation behind it may be executed after it.</summary>
    public bool GoesOn => Opcode is not (Opcode.Jump or Opcode.JumpIndirect or Opcode.Leave or Opcode.LeaveAtPc);
}

/// <summary>
/// A handler: of one operation, or of a sequence of them which is common enough to have one, with one jump instead of one for each.
/// </summary>
/// <param name="key">The operation, or run of accesses, that is the last part of the sequence.</param>
/// <param name="number">Which it is, of the handlers of one part that sequences may go on with; or <see cref="Alone"/>.</param>
/// <param name="before">The parts before it, when it is a sequence.</param>
internal sealed class Handler(HandlerKey key, int number, Handler? before)
{
    private ushort[] _states = []; // by the number of the operation behind: how many blocks had that; once it is common, its place in the list
    private Handler[] _longer = [];

    /// <summary>The number of an operation that no sequence goes on with.</summary>
    public const int Alone = -1;

    public HandlerKey Key { get; } = key;

    public int Number { get; } = number;

    public Handler? Before { get; } = before;

    /// <summary>Operations it executes.</summary>
    public int Length { get; } = (before?.Length ?? 0) + key.Length;

    /// <summary>Handlers that it takes the place of.</summary>
    public int Parts { get; } = (before?.Parts ?? 0) + 1;

    /// <summary>A sequence may have it before its last operation.</summary>
    public bool MayBeginSequence { get; } = key is { IsInline: true, GoesOn: true };

    /// <summary>A sequence may have it behind its first operation.</summary>
    public bool MayContinueSequence => Number != Alone;

    /// <summary>Its code, made when it is first needed.</summary>
    public NativeCode? Code { get; set; }

    /// <summary>Address of the code; 0 until it is made.</summary>
    public nint Address { get; set; }

    /// <summary>Of a memory access: the code for when the TLB does not have its page.</summary>
    public NativeCode? SlowPath { get; set; }

    /// <summary>Another handler of one operation in the same bucket of the table.</summary>
    public Handler? NextInBucket { get; init; }

    /// <summary>The sequence of one part more, which a block has; null while fewer than <paramref name="common"/> had it.</summary>
    public Handler? Longer(Handler next, int common)
    {
        if (next.Number >= _states.Length) Array.Resize(ref _states, 2 * (next.Number + 1));
        ref ushort state = ref _states[next.Number];
        if (state >= common) return _longer[state - common];
        if (++state < common) return null;
        state += (ushort)_longer.Length;
        return (_longer = [.. _longer, new Handler(next.Key, next.Number, this)])[^1];
    }
}
