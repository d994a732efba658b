using Emulator.Core.Bus;

namespace Emulator.Tests.Devices;

/// <summary>Register accesses as a driver writes them.</summary>
internal static class MmioExtensions
{
    public static ulong ReadOk(this IMmioDevice device, uint offset, int size)
    {
        if (device.Read(new MmioAccess(offset, size), out ulong value) != BusStatus.Ok)
        {
            Assert.Fail($"a read of {size} bytes at {offset:x} faulted");
        }

        return value;
    }

    public static void WriteOk(this IMmioDevice device, uint offset, int size, ulong value)
    {
        if (device.Write(new MmioAccess(offset, size), value) != BusStatus.Ok)
        {
            Assert.Fail($"a write of {size} bytes at {offset:x} faulted");
        }
    }

    public static uint Read32(this IMmioDevice device, uint offset) => (uint)device.ReadOk(offset, 4);

    public static void Write32(this IMmioDevice device, uint offset, uint value) => device.WriteOk(offset, 4, value);

    public static ulong Read64(this IMmioDevice device, uint offset) => device.ReadOk(offset, 8);

    public static void Write64(this IMmioDevice device, uint offset, ulong value) => device.WriteOk(offset, 8, value);

    public static byte Read8(this IMmioDevice device, uint offset) => (byte)device.ReadOk(offset, 1);

    public static void Write8(this IMmioDevice device, uint offset, byte value) => device.WriteOk(offset, 1, value);
}
