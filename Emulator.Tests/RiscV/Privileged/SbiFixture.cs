using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Sbi;
using Emulator.Core.Bus;

namespace Emulator.Tests.RiscV.Privileged;

/// <summary>Harts that were started by the SBI outside the guest, and its hosts.</summary>
internal sealed class SbiFixture : IDisposable
{
    public const ulong Entry = HartFixture.RamStart + 0x20_0000;
    public const ulong DeviceTree = HartFixture.RamStart + 0x80_0000;
    private const int A0 = 10;

    public SbiFixture(string isa = "rv64max", int harts = 1, bool hasHosts = true)
    {
        Machine = new HartFixture(isa, harts);
        Firmware = new SbiFirmware(Machine.Harts, hasHosts ? Console : null, hasHosts ? Control : null)
        {
            Boot = new SupervisorBoot(Entry, DeviceTree),
        };
        foreach (var hart in Machine.Harts) hart.Reset();
        foreach (var hart in Machine.Harts) Machine.Service(hart);
    }

    public HartFixture Machine { get; }

    public SbiFirmware Firmware { get; }

    public FakeConsole Console { get; } = new();

    public FakeControl Control { get; } = new();

    public RiscVHart Hart => Machine.Hart;

    /// <summary>An ECALL of hart 0.</summary>
    public (long Error, ulong Value) Call(uint extension, ulong function, params ulong[] arguments) => Call(Hart, extension, function, arguments);

    public static (long Error, ulong Value) Call(RiscVHart hart, uint extension, ulong function, params ulong[] arguments)
    {
        hart[RiscVSlots.X(A0 + 7)] = (ulong)(int)extension;
        hart[RiscVSlots.X(A0 + 6)] = function;
        for (int i = 0; i < 6; i++) hart[RiscVSlots.X(A0 + i)] = i < arguments.Length ? arguments[i] : 0xa5a5_a5a5;
        ulong pc = hart.ProgramCounter;
        hart.Raise(ExceptionCause.EnvironmentCallFromSupervisor);
        if (hart.Privilege == Privilege.Supervisor && hart.ProgramCounter == pc + 4) hart.ProgramCounter = pc;
        return ((long)hart[RiscVSlots.X(A0)], hart[RiscVSlots.X(A0 + 1)]);
    }

    public void Dispose() => Machine.Dispose();

    internal sealed class FakeConsole : ISupervisorConsole
    {
        public List<byte> Output { get; } = [];

        public Queue<byte> Input { get; } = new();

        public int Room { get; set; } = int.MaxValue;

        public int Write(ReadOnlySpan<byte> bytes)
        {
            int count = Math.Min(bytes.Length, Room);
            Output.AddRange(bytes[..count]);
            return count;
        }

        public int Read(Span<byte> buffer)
        {
            int count = 0;
            while (count < buffer.Length && Input.TryDequeue(out byte value)) buffer[count++] = value;
            return count;
        }
    }

    internal sealed class FakeControl : IMachineControl
    {
        public List<string> Requests { get; } = [];

        public void PowerOff(int exitCode) => Requests.Add($"off {exitCode}");

        public void RequestReset() => Requests.Add("reset");
    }
}
