using Emulator.Tests.Virtio;

namespace Emulator.Tests.Devices;

/// <summary>
/// The devices <see cref="DeviceContractTests"/> runs over: one line each, built by a method of the file that tests the device.
/// </summary>
internal static class DeviceCases
{
    public static IEnumerable<DeviceCase> All =>
    [
        AclintTests.Case,
        AclintTests.SswiCase,
        GoldfishRtcTests.Case,
        PlicTests.Case,
        TestFinisherTests.Case,
        Uart16550Tests.Case,
        Uart16550Tests.ShiftedCase,
        .. VirtioCases.All,
    ];
}
