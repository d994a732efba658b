using Emulator.Arch.RiscV.Sbi;
using Emulator.Core.Bus;
using Emulator.Devices;

namespace Emulator.Machines.RiscVVirt;

/// <summary>The SBI's console on the machine's serial line: input is taken from the UART's FIFO, as firmware in the guest would.</summary>
internal sealed class UartConsole(Uart16550 uart, ICharacterHost host) : ISupervisorConsole
{
    private const uint ReceiveBuffer = 0;
    private const uint LineStatus = 5;
    private const ulong DataReady = 1;

    public int Write(ReadOnlySpan<byte> bytes)
    {
        host.Write(bytes);
        return bytes.Length;
    }

    public int Read(Span<byte> buffer)
    {
        int count = 0;
        while (count < buffer.Length && TryRead(out buffer[count])) count++;
        return count;
    }

    private bool TryRead(out byte character)
    {
        character = 0;
        uart.Read(new MmioAccess(LineStatus, 1), out ulong status);
        if ((status & DataReady) == 0) return false;
        uart.Read(new MmioAccess(ReceiveBuffer, 1), out ulong value);
        character = (byte)value;
        return true;
    }
}
