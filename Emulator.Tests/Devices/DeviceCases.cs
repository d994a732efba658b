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
        CfiFlashTests.Case,
        DebugPortTests.ConsoleCase,
        DebugPortTests.ExitCase,
        GoldfishRtcTests.Case,
        Mc146818Tests.Case,
        PcSystemControlTests.Case,
        Pic8259Tests.Case,
        Pit8254Tests.Case,
        PlicTests.Case,
        TestFinisherTests.Case,
        Uart16550Tests.Case,
        Uart16550Tests.ShiftedCase,
        .. VirtioCases.All,
    ];
}
