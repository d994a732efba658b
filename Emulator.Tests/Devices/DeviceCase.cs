using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Emulator.Core.Bus;

namespace Emulator.Tests.Devices;

/// <summary>One device as <see cref="DeviceContractTests"/> sees it.</summary>
/// <param name="Name">Shown as the test's name.</param>
/// <param name="DeviceType">The class the reflection test looks at.</param>
/// <param name="WindowSize">Bytes of registers; accesses lie wholly inside.</param>
/// <param name="Registers">Offsets worth most of the accesses; others are drawn from the whole window.</param>
/// <param name="Create">Builds the device as at power-on.</param>
internal sealed record DeviceCase(
    string Name,
    Type DeviceType,
    uint WindowSize,
    uint[] Registers,
    Func<DeviceEnvironment, DeviceCase.Instance> Create)
{
    /// <summary>A case for a device class.</summary>
    /// <param name="create">Builds the device from fakes; called several times per test.</param>
    /// <param name="windowSize">As in the machine's memory map.</param>
    /// <param name="registers">Offsets of registers.</param>
    /// <param name="stir">Something the outside does to the device at a random moment: input arrives, a source line moves.</param>
    /// <param name="name">When one class has several cases.</param>
    public static DeviceCase Of<TDevice, TState>(
        Func<DeviceEnvironment, TDevice> create,
        uint windowSize,
        uint[] registers,
        Action<TDevice, Random>? stir = null,
        string? name = null)
        where TDevice : class, IMmioDevice, IResettable, IStateful<TState>
        where TState : struct, IEquatable<TState> =>
        new(name ?? typeof(TDevice).Name, typeof(TDevice), windowSize, registers, environment =>
        {
            TDevice device = create(environment);
            return new Instance(
                device,
                device.Reset,
                () => device.Save(),
                state => device.Restore((TState)state),
                RandomState<TState>,
                random => stir?.Invoke(device, random));
        });

    public override string ToString() => Name;

    // A state read from a damaged snapshot: any bits at all.
    private static object RandomState<TState>(Random random)
        where TState : struct
    {
        TState state = default;
        if (!RuntimeHelpers.IsReferenceOrContainsReferences<TState>())
        {
            random.NextBytes(MemoryMarshal.CreateSpan(ref Unsafe.As<TState, byte>(ref state), Unsafe.SizeOf<TState>()));
        }

        return state;
    }

    /// <summary>A device with the type of its state erased; saved states compare by <see cref="object.Equals(object?)"/>.</summary>
    internal sealed record Instance(
        IMmioDevice Mmio,
        Action Reset,
        Func<object> Save,
        Action<object> Restore,
        Func<Random, object> RandomState,
        Action<Random> Stir);
}
