using Emulator.Core.Bus;

namespace Emulator.Devices;

/// <summary>Lets a guest switch the machine off or start it again by one store. Answers 2-, 4- and 8-byte accesses.</summary>
/// <param name="machine">Takes the requests.</param>
public sealed partial class TestFinisher(IMachineControl machine) : IMmioDevice, IResettable, IStateful<TestFinisherState>
{
    private const int SmallestAccess = sizeof(ushort);
    private const int FailureWithoutCode = 1;

    private readonly IMachineControl _machine = machine;

    /// <inheritdoc/>
    public BusStatus Read(MmioAccess access, out ulong value)
    {
        value = 0;
        return access.Size >= SmallestAccess ? BusStatus.Ok : BusStatus.AccessFault;
    }

    /// <inheritdoc/>
    public BusStatus Write(MmioAccess access, ulong value)
    {
        if (access.Size < SmallestAccess)
        {
            return BusStatus.AccessFault;
        }

        if (access.Offset == FinisherRegister)
        {
            Execute((Command)(ushort)value, access.Size == SmallestAccess ? 0 : (ushort)(value >> CodeShift));
        }

        return BusStatus.Ok;
    }

    /// <inheritdoc/>
    public void Reset()
    {
    }

    /// <inheritdoc/>
    public TestFinisherState Save() => default;

    /// <inheritdoc/>
    public void Restore(TestFinisherState state)
    {
    }

    private void Execute(Command command, int code)
    {
        switch (command)
        {
            case Command.Pass:
                _machine.PowerOff(0);
                break;
            case Command.Fail:
                // A failure that gives no code must not look like success to whoever waits for the machine.
                _machine.PowerOff(code == 0 ? FailureWithoutCode : code);
                break;
            case Command.Reset:
                _machine.RequestReset();
                break;
            default:
                break; // other values mean nothing
        }
    }
}
