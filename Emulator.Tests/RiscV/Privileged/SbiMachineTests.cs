using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Arch.RiscV.Sbi;
using Emulator.Core.Bus;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using static Emulator.Tests.RiscV.Privileged.GuestProgram;

namespace Emulator.Tests.RiscV.Privileged;

/// <summary>Harts that execute: calls in which they wait for one another end, whatever the timing.</summary>
[TestFixture]
public sealed class SbiMachineTests
{
    private const uint Hsm = 0x48_534d;
    private const uint Rfence = 0x5246_4e43;
    private const uint Ipi = 0x73_5049;
    private const uint Srst = 0x5352_5354;
    private const ulong RamStart = 0x8000_0000;
    private const ulong RamLength = 0x10_0000;
    private const ulong Boot = RamStart + 0x1000;
    private const ulong Worker = RamStart + 0x2000;
    private const ulong Handler = RamStart + 0x3000;
    private const uint Done = 0x8000_8000;
    private const int Rounds = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Test]
    public async Task Harts_fence_and_interrupt_one_another_and_all_finish(
        [Values(EngineKind.Auto, EngineKind.Interpreter)] EngineKind kind, [Values] bool isDeterministic, [Values("rv64gc_sstc", "rv32gc")] string isa)
    {
        const int Harts = 3;
        var control = new Control();
        var architecture = new RiscVArchitecture(IsaConfiguration.Parse(isa));
        var options = new EngineOptions { Kind = kind, IsDeterministic = isDeterministic, HotThreshold = 20 };
        using var memory = new MemorySystem();
        memory.AddRam("ram", new GuestPhysicalAddress(RamStart), RamLength);
        var clock = HartGroup.CreateClock(options);
        var harts = Enumerable.Range(0, Harts).Select(i => new RiscVHart(architecture, memory, i, new RiscVHartEnvironment(clock))).ToArray();
        Put(memory, BootProgram(architecture, Harts));
        Put(memory, WorkerProgram(architecture));
        Put(memory, HandlerProgram(architecture));
        using var group = new HartGroup(architecture, memory, options, harts, clock);
        _ = new SbiFirmware(harts, null, control) { Boot = new SupervisorBoot(Boot, 0) };
        foreach (var hart in harts) hart.Reset();
        group.Start();
        var finished = await Task.WhenAny(control.Off, group.Ended, Task.Delay(Patience));
        string state = string.Join("; ", harts.Select(h => $"hart {h.Index} pc {h.ProgramCounter:x} halted {h.IsHalted} {h.Registers.Sleep} {h.Registers.RunState}"));
        Assert.That(finished, Is.SameAs(control.Off), state);
        Assert.That(await control.Off, Is.Zero);
        group.RequestStop();
        Assert.That(await group.Ended, Is.Null);
        Assert.That(memory.TryRead(new GuestPhysicalAddress(Done), 4, out ulong workers), Is.True);
        Assert.That(workers, Is.EqualTo(Harts - 1));
    }

    // Starts the others, works itself, waits for them by interrupts, switches off.
    private static (ulong, byte[]) BootProgram(RiscVArchitecture architecture, int harts)
    {
        var p = new GuestProgram(architecture, Boot);
        SetHandler(p);
        for (int i = 1; i < harts; i++)
        {
            p.Emit("addi", A0, 0, immediate: i).Load(A1, (uint)Worker).Emit("addi", A2, 0).Call(Hsm, 0);
        }

        FenceLoop(p);
        p.Emit("addi", S0, 0, immediate: harts - 1).Load(S1, Done);
        ulong wait = p.Here;
        p.Emit("wfi").Emit("lw", T0, S1).Branch("bne", T0, S0, wait);
        p.Emit("addi", A0, 0).Emit("addi", A1, 0).Call(Srst, 0);
        return (Boot, p.Bytes);
    }

    // Works, says that it is done, wakes hart 0, stops.
    private static (ulong, byte[]) WorkerProgram(RiscVArchitecture architecture)
    {
        var p = new GuestProgram(architecture, Worker);
        SetHandler(p);
        FenceLoop(p);
        p.Load(S1, Done).Emit("addi", T0, 0, immediate: 1).Emit("amoadd.w", 0, S1, T0);
        p.Emit("addi", A0, 0, immediate: 1).Emit("addi", A1, 0).Call(Ipi, 0);
        p.Call(Hsm, 1);
        return (Worker, p.Bytes);
    }

    // Software interrupts are on. A wakeup between the look at memory and WFI is kept by sip, which the handler clears: it counts on WFI
    // being looked at again by the next one, so the handler leaves the bit pending and turns interrupts off instead.
    private static (ulong, byte[]) HandlerProgram(RiscVArchitecture architecture)
    {
        var p = new GuestProgram(architecture, Handler);
        p.Load(T1, (uint)Mstatus.Spie).Emit("csrrc", 0, T1, csr: 0x100).Emit("sret");
        return (Handler, p.Bytes);
    }

    private static void SetHandler(GuestProgram p) =>
        p.Load(T0, (uint)Handler).Emit("csrrw", 0, T0, csr: 0x105).Emit("csrrsi", immediate: 2, csr: 0x104).Emit("csrrsi", immediate: 2, csr: 0x100);

    private static void FenceLoop(GuestProgram p)
    {
        p.Emit("addi", S0, 0, immediate: Rounds);
        ulong loop = p.Here;
        p.Emit("addi", A0, 0).Emit("addi", A1, 0, immediate: -1).Emit("addi", A2, 0).Emit("addi", A3, 0).Call(Rfence, 1);
        p.Emit("addi", A0, 0).Emit("addi", A1, 0, immediate: -1).Call(Rfence, 0);
        p.Emit("addi", S0, S0, immediate: -1).Branch("bne", S0, 0, loop);
    }

    private static void Put(MemorySystem memory, (ulong Address, byte[] Code) program) =>
        Assert.That(memory.TryWrite(new GuestPhysicalAddress(program.Address), program.Code), Is.True);

    private sealed class Control : IMachineControl
    {
        private readonly TaskCompletionSource<int> _off = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<int> Off => _off.Task;

        public void PowerOff(int exitCode) => _off.TrySetResult(exitCode);

        public void RequestReset() => _off.TrySetException(new InvalidOperationException("a reset was not asked for"));
    }
}
