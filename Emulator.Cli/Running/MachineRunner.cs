using System.IO.Pipelines;
using Emulator.Devices.Host;
using Emulator.Machines;

namespace Emulator.Cli.Running;

/// <summary>Runs a machine from power-on to its end, whoever brings that about.</summary>
internal static class MachineRunner
{
    private const string Stdio = "stdio";
    private const string NoSerial = "none";
    private const string NullTransport = "null";

    // A machine stops within moments: whatever takes longer is a fault of ours.
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    // A guest's last words wait for a slow reader, unless somebody wants an end now.
    private static readonly TimeSpan CloseGrace = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan StoppedCloseGrace = TimeSpan.FromMilliseconds(700);
    private const long LargeHeap = 16 << 20;

    // The kernel's bytes are in guest memory, and no part of ours any more; for a small one it is not worth the time.
    private static void ReleaseImages()
    {
        if (GC.GetTotalMemory(forceFullCollection: false) > LargeHeap) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
    }

    /// <summary>Runs it.</summary>
    /// <returns>The exit status.</returns>
    public static async Task<int> RunAsync(RunPlan plan, CliStreams streams)
    {
        using var stop = new StopRequests();
        var machine = await CreateAsync(plan, streams, stop);
        var cpuBefore = Environment.CpuUsage.TotalTime;
        if (plan.Timeout is { } limit) stop.StopAfter(limit);
        ReleaseImages();
        machine.Start();
        await Task.WhenAny(machine.Completion, stop.Requested);
        machine.Stop();
        try
        {
            await machine.Completion.WaitAsync(StopGrace);
        }
        catch (TimeoutException)
        {
            streams.Error.WriteLine($"emu: internal fault: the machine did not stop within {StopGrace.TotalSeconds} s");
            return ExitStatus.InternalFault;
        }

        return await FinishAsync(plan, machine, Environment.CpuUsage.TotalTime - cpuBefore, stop, streams);
    }

    private static async Task<int> FinishAsync(RunPlan plan, VirtualMachine machine, TimeSpan cpu, StopRequests stop, CliStreams streams)
    {
        string statistics = plan.ShowsStatistics ? Statistics.Collect(machine, machine.Elapsed, cpu) : "";
        var exit = await machine.Completion;
        try
        {
            plan.Signature?.Write(machine.Memory);
        }
        finally
        {
            // The console has all of the guest's output, and a terminal is itself again, before anything else is said.
            await Task.WhenAny(machine.DisposeAsync().AsTask(), Task.Delay(exit.End == MachineEnd.Stopped ? StoppedCloseGrace : CloseGrace));
        }

        await streams.Error.WriteAsync(statistics);
        if (exit.Fault is MachineConfigurationException) await streams.Error.WriteLineAsync($"emu: {exit.Fault.Message}");
        else if (exit.Fault is not null) await streams.Error.WriteLineAsync($"emu: internal fault: {exit.Fault}");
        return exit.End switch
        {
            MachineEnd.PowerOff => ExitStatus.OfGuest(exit.Code),
            MachineEnd.InternalFault => ExitStatus.InternalFault,
            _ => await stop.Requested,
        };
    }

    private static async Task<VirtualMachine> CreateAsync(RunPlan plan, CliStreams streams, StopRequests stop)
    {
        var serial = await OpenSerialAsync(plan.Serial, streams, stop);
        try
        {
            return VirtualMachine.Create(plan.Description, serial);
        }
        catch (Exception exception)
        {
            // A terminal must be itself again before anything is said.
            if (serial is IAsyncDisposable disposable) await disposable.DisposeAsync();
            if (exception is not OutOfMemoryException) throw;
            throw new InputException($"--memory: this host cannot give {plan.Description.Memory} bytes; expected less", exception);
        }
    }

    private static async Task<IDuplexPipe> OpenSerialAsync(string name, CliStreams streams, StopRequests stop)
    {
        if (name == Stdio) return streams.OpenConsole(stop.Leave);
        try
        {
            return await TransportSpecification.OpenAsync(name == NoSerial ? NullTransport : name);
        }
        catch (FormatException exception)
        {
            throw new CommandLineException($"--serial {exception.Message}");
        }
    }
}
