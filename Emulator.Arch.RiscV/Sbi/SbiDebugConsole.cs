using Emulator.Core.Memory;

namespace Emulator.Arch.RiscV.Sbi;

/// <summary>Debug console (SBI 2.0 chapter 12). Buffers are in physical memory.</summary>
internal sealed class SbiDebugConsole(ISupervisorConsole console) : SbiExtension(0x4442_434e, "DBCN")
{
    private const int HalfBits = 32;

    /// <summary>A call moves no more than this; the guest calls again for the rest.</summary>
    private const int MaximumBytes = 4096;

    private enum FunctionId : ulong
    {
        ConsoleWrite,
        ConsoleRead,
        ConsoleWriteByte,
    }

    public override SbiResult Call(SbiCall call) => (FunctionId)call.Function switch
    {
        FunctionId.ConsoleWrite => Write(call),
        FunctionId.ConsoleRead => Read(call),
        FunctionId.ConsoleWriteByte => WriteByte(call),
        _ => SbiError.NotSupported,
    };

    private SbiResult Write(SbiCall call)
    {
        if (!TryGetBuffer(call, out var address, out int length)) return SbiError.InvalidParameter;
        Span<byte> bytes = stackalloc byte[length];
        if (!call.Hart.MemorySystem.TryRead(address, bytes)) return SbiError.InvalidParameter;
        return SbiResult.Of((ulong)console.Write(bytes));
    }

    private SbiResult Read(SbiCall call)
    {
        if (!TryGetBuffer(call, out var address, out int length)) return SbiError.InvalidParameter;

        // Nothing is taken from the console before it is known that it can be delivered.
        if (!call.Hart.MemorySystem.TryGetWritableSpan(address, length, out _)) return SbiError.InvalidParameter;
        Span<byte> bytes = stackalloc byte[length];
        int count = console.Read(bytes);
        call.Hart.MemorySystem.TryWrite(address, bytes[..count]);
        return SbiResult.Of((ulong)count);
    }

    private SbiResult WriteByte(SbiCall call)
    {
        byte value = (byte)call.Argument(0);
        return console.Write([value]) == 1 ? SbiResult.Success : SbiError.Failed;
    }

    private static bool TryGetBuffer(SbiCall call, out GuestPhysicalAddress address, out int length)
    {
        ulong high = call.Argument(2);
        length = (int)Math.Min(call.Argument(0), MaximumBytes);
        address = new GuestPhysicalAddress(call.Hart.Isa.Is64 ? call.Argument(1) : call.Argument(1) | (high << HalfBits));
        return !call.Hart.Isa.Is64 || high == 0;
    }
}
