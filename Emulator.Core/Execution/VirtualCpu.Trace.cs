using Emulator.Core.Memory;

namespace Emulator.Core.Execution;

/// <content>Showing instructions to a tracer.</content>
// SAFETY: a block's pages are whole, and its bytes lie in them: ByteLength reaches beyond the first only with a second page.
public abstract unsafe partial class VirtualCpu
{
    private void Trace(IInstructionTracer tracer, TranslatedBlock block)
    {
        int length = block.ByteLength;
        int here = (int)Math.Min((ulong)length, GuestPage.Size - (block.Offset & ~GuestPage.Mask));
        Span<byte> code = stackalloc byte[length];
        new ReadOnlySpan<byte>(block.Ram.Pointer + block.Offset, here).CopyTo(code);
        if (block.SecondPage is { } second) new ReadOnlySpan<byte>(second.Ram.Pointer + second.Offset, length - here).CopyTo(code[here..]);
        tracer.Executing(this, code);
    }
}
