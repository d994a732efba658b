using System.Reflection.Emit;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Running;
using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Backends.Cil;
using Emulator.Core.Bus;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;
using Emulator.Core.Optimizer;

namespace Emulator.Benchmarks;

/// <summary>
/// BenchmarkDotNet over the parts that guest code goes through: decode, lift, optimise, emit; and over what it then does: TLB probe, TLB
/// miss, bus. Times are for one instruction or one access.
/// </summary>
public class PartBenchmarks : IDisposable
{
    private const int Instructions = 8;
    private const int Accesses = 1024;
    private const ulong CodeStart = 0x8000_0000;
    private const ulong DataStart = 0x9000_0000;
    private const ulong DeviceStart = 0x1000_0000;
    private const int Size = sizeof(ulong);
    private const int Pages = 4096; // more than a TLB has entries
    private const ulong PageSize = 4096;

    // add, addi, ld, sd, slli, c.add, c.addi, xor
    private static readonly byte[] Code =
    [
        0x33, 0x05, 0xb5, 0x00, 0x13, 0x05, 0x15, 0x00, 0x83, 0x35, 0x81, 0x00, 0x23, 0x38, 0xb1, 0x00,
        0x93, 0x15, 0x35, 0x00, 0x2e, 0x95, 0x05, 0x05, 0x33, 0x45, 0xb5, 0x00,
    ];

    private static readonly uint Mode = new RiscVMode(Privilege.Machine, RiscVMmuIndex.Machine, IsFloatOn: true, 0).Pack();

    private readonly RiscVArchitecture _architecture = new(IsaConfiguration.Max);
    private readonly IrBuilder _builder = new();
    private readonly MemorySystem _memory = new();
    private readonly RiscVHart _hart;
    private readonly TranslationCache _cache;
    private readonly IrBlock _lifted;
    private readonly IrInstruction[] _improved;
    private readonly RegionPlan _plan;
    private readonly uint[] _words = [0x00b50533, 0x00150513, 0x00813583, 0x00b13823, 0x00351593, 0x952e, 0x0505, 0x00b54533];
    private ulong _next;

    /// <summary>Prepares what the parts work on.</summary>
    public PartBenchmarks()
    {
        _memory.AddRam("code", new GuestPhysicalAddress(CodeStart), PageSize);
        _memory.AddRam("data", new GuestPhysicalAddress(DataStart), Pages * PageSize);
        _memory.AddDevice("device", new GuestPhysicalAddress(DeviceStart), PageSize, new NullDevice());
        _memory.TryWrite(new GuestPhysicalAddress(CodeStart), Code);
        _hart = new RiscVHart(_architecture, _memory, 0, new RiscVHartEnvironment(HartGroup.CreateClock(new EngineOptions { IsDeterministic = true })));
        var world = new World { IsSingleThreaded = true };
        var options = new EngineOptions { Kind = EngineKind.Jit };
        _cache = new TranslationCache(_architecture, _memory, world, options, new ExecutionCounters());
        _hart.Attach(world, _cache);
        _hart.Reset();
        _memory.TryGetCode(new GuestPhysicalAddress(CodeStart), out var ram, out ulong offset);
        var block = _cache.FindOrTranslate(new FetchPlace(new GuestPhysicalAddress(CodeStart), ram!, offset), null, Mode, isSingle: false)!;
        _plan = RegionPlanner.Plan(_cache, block, Instructions)!;
        _lifted = new TranslationPipeline(_architecture, new EngineOptions { Optimises = false }).Translate(Code, 0, Mode, onlyOne: false)!;
        _improved = new IrInstruction[_lifted.Instructions.Length];
    }

    /// <summary>Frees the guest.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _hart.Dispose();
        _cache.Dispose();
        _memory.Dispose();
        GC.SuppressFinalize(this);
    }

    internal static int Run(string[] args)
    {
        BenchmarkSwitcher.FromAssembly(typeof(PartBenchmarks).Assembly).Run(args);
        return 0;
    }

    /// <summary>Which row an instruction is.</summary>
    [Benchmark(OperationsPerInvoke = Instructions)]
    public int Decode()
    {
        int found = 0;
        foreach (uint word in _words) found += _architecture.Decoder.Find(word) is null ? 0 : 1;
        return found;
    }

    /// <summary>Bytes to IR.</summary>
    [Benchmark(OperationsPerInvoke = Instructions)]
    public int Lift()
    {
        _builder.Begin(0, Mode);
        int offset = 0;
        while (offset < Code.Length)
        {
            _architecture.TryLift(_builder, Code.AsSpan(offset));
            offset += _builder.InstructionLength;
        }

        return offset;
    }

    /// <summary>All passes.</summary>
    [Benchmark(OperationsPerInvoke = Instructions)]
    public int Optimise()
    {
        _lifted.Instructions.CopyTo(_improved);
        return Passes.Run(_improved);
    }

    /// <summary>IR to CIL, without the runtime's compiler.</summary>
    [Benchmark(OperationsPerInvoke = Instructions)]
    public int Emit() => Generate().GetILGenerator().ILOffset;

    /// <summary>CIL to host code by the runtime's compiler, together with <see cref="Emit"/>.</summary>
    [Benchmark(OperationsPerInvoke = Instructions)]
    public nint EmitAndCompile() => new NativeCode(Generate()).Address;

    /// <summary>An access by the slow path's own look into the TLB that finds its page.</summary>
    [Benchmark(OperationsPerInvoke = Accesses)]
    public ulong TlbHit() => LoadEach(Size);

    /// <summary>An access to a page that the TLB does not have: translation, protection, refill.</summary>
    [Benchmark(OperationsPerInvoke = Accesses)]
    public ulong TlbMiss()
    {
        _next = (_next + (Accesses * PageSize)) % (Pages * PageSize);
        return LoadEach(PageSize, _next);
    }

    /// <summary>A device's register over the bus.</summary>
    [Benchmark(OperationsPerInvoke = Accesses)]
    public ulong BusDevice() => ReadEach(DeviceStart);

    /// <summary>RAM over the bus, as a walk of page tables reads it.</summary>
    [Benchmark(OperationsPerInvoke = Accesses)]
    public ulong BusRam() => ReadEach(DataStart);

    private DynamicMethod Generate()
    {
        var method = NativeCode.CreateMethod("part");
        new RegionEmitter(method.GetILGenerator(), _plan, _architecture, false, null, static _ => 0).Emit();
        return method;
    }

    private ulong LoadEach(ulong stride, ulong start = 0)
    {
        ulong sum = 0;
        for (ulong i = 0; i < Accesses; i++)
        {
            _hart.TryLoad(new GuestVirtualAddress(DataStart + start + (i * stride % (Pages * PageSize))), Size, (int)RiscVMmuIndex.Machine, out ulong value);
            sum += value;
        }

        return sum;
    }

    private ulong ReadEach(ulong address)
    {
        ulong sum = 0;
        for (int i = 0; i < Accesses; i++)
        {
            _memory.TryRead(new GuestPhysicalAddress(address), sizeof(uint), out ulong value);
            sum += value;
        }

        return sum;
    }

    private sealed class NullDevice : IMmioDevice
    {
        public BusStatus Read(MmioAccess access, out ulong value)
        {
            value = access.Offset;
            return BusStatus.Ok;
        }

        public BusStatus Write(MmioAccess access, ulong value) => BusStatus.Ok;
    }
}
