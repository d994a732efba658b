using System.Diagnostics;
using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Core.Memory;
using Emulator.Machines;
using Emulator.Machines.RiscVVirt;

namespace Emulator.Tests.RiscV.RandomPrograms;

/// <summary>What a machine left in the memory of an image.</summary>
/// <param name="Machine">Which machine.</param>
/// <param name="Memory">The image's memory at the end.</param>
/// <param name="Instructions">How many instructions it executed; 0 where that is not known.</param>
internal sealed record ImageRun(string Machine, byte[] Memory, ulong Instructions)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>Runs an image on one of our engines.</summary>
    public static async Task<ImageRun> OnEngineAsync(EngineOptions engine, string isa, byte[] image)
    {
        string name = $"{engine.Kind}{(engine.IsDeterministic ? "" : ", threads")}";
        await using var machine = VirtualMachine.Create(RiscVVirtMachine.Describe(Layout.RamSize, isa: isa) with
        {
            Kernel = GuestImage.Parse(image, "random programs"),
            Firmware = Firmware.None,
            Engine = engine,
        });
        machine.Start();
        MachineExit exit;
        try
        {
            exit = await machine.Completion.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            exit = new MachineExit(MachineEnd.Stopped, 0);
        }

        Assert.That(exit.End, Is.EqualTo(MachineEnd.PowerOff), $"{name}: {exit.Fault}");
        byte[] memory = new byte[image.Length];
        Assert.That(machine.Memory.TryRead(new GuestPhysicalAddress(Layout.Ram), memory));
        return new ImageRun(name, memory, machine.InstructionCount);
    }

    /// <summary>Runs an image on QEMU, whose memory is a file.</summary>
    public static async Task<ImageRun> OnQemuAsync(SystemOracle oracle, byte[] image)
    {
        string path = Path.Combine(Path.GetTempPath(), $"emulator-test-{Guid.NewGuid():n}");
        try
        {
            using (var file = File.Create(path))
            {
                file.Write(image);
                file.SetLength((long)Layout.RamSize);
            }

            using var process = Process.Start(new ProcessStartInfo(oracle.Program,
            [
                "-machine", "virt,memory-backend=ram", "-m", $"{Layout.RamSize >> 20}M", "-bios", "none", "-cpu", oracle.Cpu,
                "-smp", "1,maxcpus=2", // as with two processors, atomic operations raise the exceptions of stores
                "-object", $"memory-backend-file,id=ram,size={Layout.RamSize},mem-path={path},share=on",
                "-display", "none", "-serial", "none", "-monitor", "none",
            ])
            {
                RedirectStandardError = true,
            })!;
            using var limit = new CancellationTokenSource(Patience);
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                Assert.Fail($"{oracle.Program} did not end");
            }

            Assert.That(process.ExitCode, Is.Zero, await process.StandardError.ReadToEndAsync(CancellationToken.None));
            byte[] memory = new byte[image.Length];
            using (var file = File.OpenRead(path)) await file.ReadExactlyAsync(memory, CancellationToken.None);
            return new ImageRun(oracle.Version, memory, 0);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
