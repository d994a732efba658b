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
    /// <remarks>Waits here: as asynchronous methods the way up to the program's start takes milliseconds to compile.</remarks>
    public static int Run(RunPlan plan, CliStreams streams)
    {
        using var stop = new StopRequests();
        var machine = Create(plan, streams, stop);
        var cpuBefore = Environment.CpuUsage.TotalTime;
        if (plan.Timeout is { } limit) stop.StopAfter(limit);
        ReleaseImages();
        machine.Start();
        Task.WaitAny(machine.Completion, stop.Requested);
        machine.Stop();
        if (!machine.Completion.Wait(StopGrace))
        {
            streams.Error.WriteLine($"emu: internal fault: the machine did not stop within {StopGrace.TotalSeconds} s");
            return ExitStatus.InternalFault;
        }

        return Finish(plan, machine, Environment.CpuUsage.TotalTime - cpuBefore, stop, streams);
    }

    private static int Finish(RunPlan plan, VirtualMachine machine, TimeSpan cpu, StopRequests stop, CliStreams streams)
    {
        string statistics = plan.ShowsStatistics ? Statistics.Collect(machine, machine.Elapsed, cpu) : "";
        var exit = machine.Completion.Result;
        try
        {
            plan.Signature?.Write(machine.Memory);
        }
        finally
        {
            // The console has all of the guest's output, and a terminal is itself again, before anything else is said.
            Task.WaitAny([machine.DisposeAsync().AsTask()], exit.End == MachineEnd.Stopped ? StoppedCloseGrace : CloseGrace);
        }

        if (plan.ShowsStatistics) streams.Error.Write(statistics);
        if (exit.Fault is MachineConfigurationException) streams.Error.WriteLine($"emu: {exit.Fault.Message}");
        else if (exit.Fault is not null) streams.Error.WriteLine($"emu: internal fault: {exit.Fault}");
        return exit.End switch
        {
            MachineEnd.PowerOff => ExitStatus.OfGuest(exit.Code),
            MachineEnd.InternalFault => ExitStatus.InternalFault,
            _ => stop.Requested.Result,
        };
    }

    private static VirtualMachine Create(RunPlan plan, CliStreams streams, StopRequests stop)
    {
        var serial = OpenSerial(plan.Serial, streams, stop);
        try
        {
            return VirtualMachine.Create(plan.Description, serial);
        }
        catch (Exception exception)
        {
            // A terminal must be itself again before anything is said.
            if (serial is IAsyncDisposable disposable) disposable.DisposeAsync().AsTask().GetAwaiter().GetResult();
            if (exception is not OutOfMemoryException) throw;
            throw new InputException($"--memory: this host cannot give {plan.Description.Memory} bytes; expected less", exception);
        }
    }

    private static IDuplexPipe OpenSerial(string name, CliStreams streams, StopRequests stop)
    {
        if (name == Stdio) return streams.OpenConsole(stop.Leave);
        try
        {
            return TransportSpecification.OpenAsync(name == NoSerial ? NullTransport : name).GetAwaiter().GetResult();
        }
        catch (FormatException exception)
        {
            throw new CommandLineException($"--serial {exception.Message}");
        }
    }
}
