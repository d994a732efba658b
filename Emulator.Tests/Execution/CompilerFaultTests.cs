using System.Buffers.Binary;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;
using Microsoft.Extensions.Logging;

namespace Emulator.Tests.Execution;

/// <summary>A mistake of ours in compiling a region costs the guest speed and nothing else: it is counted, told once, and not tried again.</summary>
[TestFixture]
public sealed class CompilerFaultTests
{
    private const ulong CodeStart = 0x1_0000;
    private const ulong Instructions = 3000;
    private const int Heat = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [TestCase(EngineKind.Jit, 1)]
    [TestCase(EngineKind.Auto, Heat)]
    public void A_hart_that_compiles_goes_on(EngineKind kind, int heat)
    {
        using var memory = LoopMemory();
        var architecture = new LoopArchitecture();
        var counters = new ExecutionCounters();
        var log = new ErrorLog();
        var world = new World { IsSingleThreaded = true };
        var options = new EngineOptions { Kind = kind, IsDeterministic = true, HotThreshold = heat };
        using var cache = new TranslationCache(architecture, memory, world, options, counters, log);
        using var cpu = new ToyCpu(architecture, memory);
        cpu.Attach(world, cache);
        cpu.Reset();
        cpu.LimitTime(Instructions);
        cpu.Run(new StopSignal());
        Assert.That((cpu.InstructionCount, cpu[LoopArchitecture.Counter]), Is.EqualTo((Instructions, Instructions / 2)));
        Assert.That((counters.RegionsFailed, counters.RegionsCompiled), Is.EqualTo((1L, 0L)), "tried once");
        Assert.That(log.Faults, Is.EqualTo(architecture.Thrown));
        Assert.That(log.Faults, Has.Count.EqualTo(1));
        long left = cache.Locked(() => cache.Peek(new BlockKey(CodeStart, 0, false))!.EntriesLeft);
        Assert.That(left, Is.EqualTo(long.MaxValue), "it waits without counting");
    }

    /// <summary>On the compiler's own thread an exception that nobody catches ends the process.</summary>
    [Test]
    public async Task The_compilers_thread_goes_on()
    {
        using var memory = LoopMemory();
        var architecture = new LoopArchitecture();
        var log = new ErrorLog();
        var options = new EngineOptions { HotThreshold = Heat };
        var cpu = new ToyCpu(architecture, memory);
        cpu.Reset();
        using var group = new HartGroup(architecture, memory, options, [cpu], HartGroup.CreateClock(options), log);
        group.Start();
        await log.First.WaitAsync(Patience);
        group.RequestStop();
        Assert.That(await group.Ended.WaitAsync(Patience), Is.Null);
        Assert.That(group.Counters.RegionsFailed, Is.EqualTo(1));
        Assert.That(log.Faults, Has.Count.EqualTo(1));
    }

    // An increment, and a jump back to it.
    private static MemorySystem LoopMemory()
    {
        var memory = new MemorySystem();
        memory.AddRam("code", new GuestPhysicalAddress(CodeStart), GuestPage.Size);
        byte[] jump = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(jump, LoopArchitecture.JumpBack);
        memory.TryWrite(new GuestPhysicalAddress(CodeStart + sizeof(uint)), jump);
        return memory;
    }

    /// <summary>Two instructions. They are lifted once for tier 0, and then once more for a region, where it fails.</summary>
    private sealed class LoopArchitecture : Architecture
    {
        public const uint JumpBack = 1;
        private const int LiftedForTier0 = 2;
        private int _lifted;

        public static Slot Counter => new(StateSlots.FirstGuest);

        public List<Exception> Thrown { get; } = [];

        public override string Name => "loop";

        public override HelperTable Helpers { get; } = new();

        public override int MmuIndexCount => 1;

        public override int MaxInstructionLength => sizeof(uint);

        public override int MmuIndexOf(uint mode) => 0;

        public override (string Text, int Length) Disassemble(ReadOnlySpan<byte> code, ulong address, uint mode) => ("loop", sizeof(uint));

        public override bool TryLift(IrBuilder builder, ReadOnlySpan<byte> code)
        {
            if (code.Length < sizeof(uint)) return false;
            if (++_lifted > LiftedForTier0)
            {
                Thrown.Add(new InvalidOperationException("a mistake of ours"));
                throw Thrown[^1];
            }

            builder.InstructionLength = sizeof(uint);
            if (BinaryPrimitives.ReadUInt32LittleEndian(code) == JumpBack) builder.Jump(-sizeof(uint));
            else builder.Write(Counter, builder.Add(IrBuilder.Read(Counter), 1));
            return true;
        }
    }

    private sealed class ErrorLog : ILogger
    {
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<Exception> Faults { get; } = [];

        public Task First => _first.Task;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Assert.That((logLevel, exception), Is.Not.EqualTo((LogLevel.Error, (Exception?)null)));
            Faults.Add(exception!);
            _first.TrySetResult();
        }
    }
}
