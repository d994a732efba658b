using System.Reflection;
using System.Runtime.CompilerServices;
using Emulator.Core.Bus;
using Emulator.Devices.Storage;
using Emulator.Devices.Virtio;
using Emulator.Devices.Work;
using Emulator.Tests.Devices;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Virtio;

/// <summary>The virtio devices behind a slot, for the contract every device keeps; and the same for the device side alone.</summary>
internal sealed class VirtioCases
{
    private const uint WindowSize = 0x1000;

    // Where random addresses hardly ever point: two copies of a device must not differ by what their memories hold.
    private const ulong RamStart = 0x5A5A_0000_0000;

    public static IEnumerable<DeviceCase> All =>
    [
        Case("virtio-blk", static () => new VirtioBlock(new MemoryDisk(64 * 512))),
        Case("virtio-rng", static () => new VirtioEntropy(EntropySource.FromSeed(1))),
        Case("virtio-console", static () => new VirtioConsole(new FakeCharacterHost()), static (transport, random) =>
        {
            var console = (VirtioConsole)transport.Device;
            console.Receive(new byte[random.Next(20)]);
            console.Resize((ushort)random.Next(200), (ushort)random.Next(100));
        }),
        Case("virtio with several queues", static () => new EchoDevice(queues: VirtqueueStates.Capacity)),
    ];

    [TestCase(typeof(VirtioBlock))]
    [TestCase(typeof(VirtioEntropy))]
    [TestCase(typeof(VirtioConsole))]
    [TestCase(typeof(VirtioEndpoint))]
    public void The_device_side_keeps_its_mutable_state_in_one_field(Type type)
    {
        var fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(static field => !field.IsInitOnly);
        Assert.That(fields.Select(static field => field.Name), Is.EqualTo(new[] { "_state" }));

        Type state = type.GetInterfaces()
            .Single(static face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IStateful<>))
            .GetGenericArguments()[0];
        MethodInfo query = typeof(RuntimeHelpers).GetMethod(nameof(RuntimeHelpers.IsReferenceOrContainsReferences))!.MakeGenericMethod(state);
        Assert.That(query.Invoke(null, null), Is.False);
    }

    private static DeviceCase Case(string name, Func<IVirtioDevice> create, Action<VirtioMmioTransport, Random>? stir = null) =>
        DeviceCase.Of<VirtioMmioTransport, VirtioMmioState>(
            environment => new VirtioMmioTransport(
                create(), new ArrayGuestMemory(RamStart, 64 * 1024), environment.Line(), WorkQueue.CreateInline()),
            WindowSize,
            [.. Enum.GetValues<VirtioMmioRegister>().Select(static register => (uint)register)],
            stir,
            name);
}
