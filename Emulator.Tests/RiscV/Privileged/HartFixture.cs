using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.RiscV.Privileged;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.RiscV.Privileged;

/// <summary>Harts on a bus with RAM and a clock moved by hand; nothing executes unless a test says so.</summary>
internal sealed class HartFixture : IDisposable
{
    public const ulong RamStart = 0x8000_0000;
    public const ulong RamLength = 0x100_0000;

    /// <summary>Entries after which a block is compiled, unless a test says otherwise.</summary>
    public const int LowHeat = 3;

    private readonly World _world = new() { IsSingleThreaded = true };
    private readonly StopSignal _stop = new();

    public HartFixture(string isa = "rv64max", int harts = 1, EngineKind engine = EngineKind.Reference, int hotThreshold = LowHeat)
    {
        Memory.AddRam("ram", new GuestPhysicalAddress(RamStart), RamLength);
        var architecture = new RiscVArchitecture(IsaConfiguration.Parse(isa));
        var environment = new RiscVHartEnvironment(Clock) { Entropy = static () => 0x1234 };
        Harts = [.. Enumerable.Range(0, harts).Select(i => new RiscVHart(architecture, Memory, i, environment))];
        var options = new EngineOptions { Kind = engine, IsDeterministic = true, HotThreshold = hotThreshold };
        Cache = new TranslationCache(architecture, Memory, _world, options, new ExecutionCounters());
        foreach (var hart in Harts) hart.Attach(_world, Cache);
        _stop.Set();
    }

    public MemorySystem Memory { get; } = new();

    public TranslationCache Cache { get; }

    /// <summary>Where the next page table goes.</summary>
    public ulong NextTable { get; set; } = RamStart + 0x10_0000;

    public ManualClock Clock { get; } = new();

    public RiscVHart[] Harts { get; }

    public RiscVHart Hart => Harts[0];

    /// <summary>What the hart's loop does between two instructions when attention was asked for: posted actions, interrupts, waking up.</summary>
    public void Service(RiscVHart hart)
    {
        hart.RequestAttention();
        hart.Run(_stop);
    }

    /// <summary>Executes so many instructions (or exceptions), or until the hart sleeps.</summary>
    public void Run(ulong instructions) => Run(Hart, instructions);

    /// <summary>As <see cref="Run(ulong)"/>, of any hart.</summary>
    public static void Run(RiscVHart hart, ulong instructions)
    {
        hart.LimitTime(hart.TimeSpent + instructions);
        hart.Run(new StopSignal());
    }

    public void Load(ulong address, ReadOnlySpan<byte> bytes) => Memory.TryWrite(new GuestPhysicalAddress(address), bytes);

    /// <summary>PMP lets everything through.</summary>
    public HartFixture OpenProtection()
    {
        foreach (var hart in Harts)
        {
            hart.WritePmpAddress(0, ulong.MaxValue);
            hart.WritePmpConfigs(0, PmpConfig.Napot | PmpConfig.R | PmpConfig.W | PmpConfig.X);
        }

        return this;
    }

    public ulong Read(ulong address, int size)
    {
        if (!Memory.TryRead(new GuestPhysicalAddress(address), size, out ulong value)) Assert.Fail($"read {address:x}");
        return value;
    }

    public void Write(ulong address, int size, ulong value)
    {
        if (!Memory.TryWrite(new GuestPhysicalAddress(address), size, value)) Assert.Fail($"write {address:x}");
    }

    public void Dispose()
    {
        foreach (var hart in Harts) hart.Dispose();
        Cache.Dispose();
        Memory.Dispose();
    }
}

/// <summary>For checks made so often that their message must not be composed before it is needed.</summary>
internal static class Check
{
    public static void Same<T>(T actual, T expected, Func<string> what)
    {
        if (!EqualityComparer<T>.Default.Equals(actual, expected)) Assert.That(actual, Is.EqualTo(expected), what());
    }
}

internal static class HartExtensions
{
    /// <summary>The translation, or the fault.</summary>
    public static (AddressTranslation? Translation, GuestFault Fault) Translate(
        this VirtualCpu hart, ulong address, AccessKind kind, RiscVMmuIndex index, int size = 1)
    {
        bool ok = hart.TryTranslate(new GuestVirtualAddress(address), kind, size, (int)index, out var translation, out var fault);
        return ok ? (translation, default) : (null, fault);
    }

    public static void Raise(this VirtualCpu hart, ExceptionCause cause, ulong value = 0) => hart.DeliverFault(new GuestFault((uint)cause, value));

    public static bool TakeInterrupt(this VirtualCpu hart) => hart.TryDeliverInterrupt();

    public static bool MustWake(this VirtualCpu hart) => hart.HasWakeupEvent;

    public static ulong Csr(this RiscVHart hart, uint number)
    {
        if (!hart.TryReadCsr(number, false, out ulong value)) Assert.Fail($"csr {number:x} cannot be read");
        return value;
    }

    public static void SetCsr(this RiscVHart hart, uint number, ulong value)
    {
        if (!hart.TryWriteCsr(number, value)) Assert.Fail($"csr {number:x} cannot be written");
    }
}
