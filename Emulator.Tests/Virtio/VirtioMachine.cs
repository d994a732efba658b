using Emulator.Devices.Virtio;
using Emulator.Devices.Work;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Virtio;

/// <summary>A device on a virtio-mmio slot with memory, an interrupt line and a driver.</summary>
internal sealed class VirtioMachine
{
    public const ulong RamStart = 0x8000_0000;
    public const int RamSize = 1 << 20;

    public VirtioMachine(IVirtioDevice device, IWorkQueue? work = null, int ramSize = RamSize)
    {
        Memory = new ArrayGuestMemory(RamStart, ramSize);
        Work = work ?? WorkQueue.CreateInline();
        Transport = new VirtioMmioTransport(device, Memory, Line, Work);
        Driver = new TestDriver(Transport, Memory);
    }

    public ArrayGuestMemory Memory { get; }

    public FakeInterruptLine Line { get; } = new();

    public IWorkQueue Work { get; }

    public VirtioMmioTransport Transport { get; }

    public TestDriver Driver { get; }
}
