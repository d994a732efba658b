using System.Runtime.InteropServices;
using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Bus;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.Guards;

/// <summary>A hart's thread allocates nothing while a guest does the same over and over: no pauses for the garbage collector.</summary>
[TestFixture]
public sealed class AllocationTests
{
    private const ulong Code = 0x8000_0000;
    private const ulong Handler = Code + 0x88;
    private const ulong Data = 0x8001_0000;
    private const ulong Device = 0x1000_0000;
    private const ulong DataLength = 8 << 20;
    private const int MostRounds = 40;
    private const int SteadyRounds = 3;
    private const uint Mtvec = 0x305;
    private const uint Mstatus = 0x300;
    private const ulong FloatInitial = 1 << 13;

    // Goes over more pages than a TLB has entries, computes, calls, traps, faults, accesses across pages, flushes one and all address spaces; then the device.
    private static readonly uint[] Program =
    [
        0x000084b7, // lui s1, 8
        0x0014849b, // addiw s1, s1, 1
        0x01049493, // slli s1, s1, 16: the data
        0x10000937, // lui s2, 0x10000: the device
        0x000089b7, // lui s3, 8
        0x0819899b, // addiw s3, s3, 129
        0x01099993, // slli s3, s3, 16: the data's end
        0x00000413, // li s0, 0
        0xd2207553, // fcvt.d.l fa0, zero
        0x00048313, // 24: mv t1, s1
        0x00033383, // 28: ld t2, 0(t1)
        0x008383b3, // add t2, t2, s0
        0x00733423, // sd t2, 8(t1)
        0x00733e2f, // amoadd.d t3, t2, (t1)
        0x00001eb7, // lui t4, 1
        0x01d30333, // add t1, t1, t4
        0xff3364e3, // bltu t1, s3, 28
        0xd22475d3, // fcvt.d.l fa1, s0
        0x02b57553, // fadd.d fa0, fa0, fa1
        0x1ab57653, // fdiv.d fa2, fa0, fa1
        0x034000ef, // jal 84
        0x00000073, // ecall
        0x0014a383, // lw t2, 1(s1)
        0x7ff48f93, // addi t6, s1, 2047
        0x7fffb383, // ld t2, 2047(t6)
        0x13d00073, // sfence.vma zero, t4
        0x00403383, // ld t2, 4(zero)
        0x12000073, // sfence.vma
        0x00140413, // addi s0, s0, 1
        0x03f47393, // andi t2, s0, 63
        0xfa0396e3, // bnez t2, 24
        0x00892023, // sw s0, 0(s2)
        0xfa5ff06f, // j 24
        0x00008067, // 84: ret
        0x34102f73, // 88: csrr t5, mepc
        0x004f0f13, // addi t5, t5, 4
        0x341f1073, // csrw mepc, t5
        0x30200073, // mret
    ];

    [Test]
    public void Steady_work_allocates_nothing([Values] EngineKind kind, [Values] bool isDeterministic) =>
        Assert.That(Rounds(kind, isDeterministic, allocates: false)[^SteadyRounds..], Is.All.Zero);

    [Test]
    public void What_is_allocated_on_the_way_is_seen() =>
        Assert.That(Rounds(EngineKind.Auto, isDeterministic: false, allocates: true)[^SteadyRounds..], Is.All.GreaterThanOrEqualTo(sizeof(long)));

    // What each round of the program allocated, until some rounds in a row allocated nothing.
    private static long[] Rounds(EngineKind kind, bool isDeterministic, bool allocates)
    {
        using var memory = new MemorySystem();
        memory.AddRam("code", new GuestPhysicalAddress(Code), 4096);
        memory.AddRam("data", new GuestPhysicalAddress(Data), DataLength);
        memory.TryWrite(new GuestPhysicalAddress(Code), MemoryMarshal.AsBytes(Program.AsSpan()));
        var stop = new StopSignal();
        var device = new StoppingDevice(stop, allocates);
        memory.AddDevice("device", new GuestPhysicalAddress(Device), 4096, device);
        var architecture = new RiscVArchitecture(IsaConfiguration.Max);
        var world = new World { IsSingleThreaded = isDeterministic };
        using var cache = new TranslationCache(architecture, memory, world, new EngineOptions { Kind = kind, IsDeterministic = isDeterministic, HotThreshold = 100 }, new ExecutionCounters());
        using var hart = new RiscVHart(architecture, memory, 0, new RiscVHartEnvironment(new ManualClock()));
        hart.Attach(world, cache);
        hart.Reset();
        Assert.That(hart.TryWriteCsr(Mtvec, Handler));
        Assert.That(hart.TryWriteCsr(Mstatus, FloatInitial));
        hart.ProgramCounter = Code;
        hart.LimitTime(long.MaxValue);
        device.Hart = hart;
        var rounds = new List<long>();
        while (rounds.Count < MostRounds && (rounds.Count < SteadyRounds || rounds.TakeLast(SteadyRounds).Any(static bytes => bytes != 0)))
        {
            stop.Clear();
            world.Enter();
            long before = GC.GetAllocatedBytesForCurrentThread();
            hart.Run(stop);
            rounds.Add(GC.GetAllocatedBytesForCurrentThread() - before);
            world.Exit();
        }

        Assert.That(device.Writes, Is.EqualTo(rounds.Count), "each round ends at the device");
        return [.. rounds];
    }

    private sealed class StoppingDevice(StopSignal stop, bool allocates) : IMmioDevice
    {
        private byte[] _last = [];

        public VirtualCpu? Hart { get; set; }

        public int Writes { get; private set; }

        public BusStatus Read(MmioAccess access, out ulong value)
        {
            value = (ulong)_last.Length;
            return BusStatus.Ok;
        }

        public BusStatus Write(MmioAccess access, ulong value)
        {
            if (allocates) _last = new byte[access.Size];
            Writes++;
            stop.Set();
            Hart!.RequestAttention();
            return BusStatus.Ok;
        }
    }
}
