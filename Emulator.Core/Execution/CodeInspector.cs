using System.Runtime.ExceptionServices;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Core.Execution;

/// <summary>Host code made of guest code.</summary>
/// <param name="Name">The name that the runtime knows the method by, in its events too.</param>
/// <param name="GuestInstructions">Guest instructions in it: from the entry along direct branches within the page.</param>
/// <param name="CilBytes">Bytes of CIL.</param>
/// <param name="Address">Where it begins in this process, as long as the inspector lives.</param>
public sealed record HostCode(string Name, int GuestInstructions, int CilBytes, nint Address);

/// <summary>
/// Translates guest code that no machine runs, as a machine would, for people to look at. Bytes keep the addresses they are given.
/// Not thread-safe.
/// </summary>
// SAFETY: pages are looked at only after the memory system has said that the address is in them.
public sealed unsafe class CodeInspector : IDisposable
{
    private readonly Architecture _architecture;
    private readonly MemorySystem _memory = new();
    private readonly World _world = new() { IsSingleThreaded = true };
    private readonly ExecutionCounters _counters = new();
    private readonly EngineOptions _options;
    private readonly TranslationPipeline _pipeline;
    private TranslationCache? _cache;

    /// <summary>Takes code.</summary>
    /// <param name="architecture">What it is for.</param>
    /// <param name="code">Its bytes.</param>
    /// <param name="address">Where the first one is.</param>
    /// <exception cref="ArgumentException">There is none, or it passes the end of the address space.</exception>
    public CodeInspector(Architecture architecture, ReadOnlySpan<byte> code, GuestVirtualAddress address)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ulong start = address.Value & GuestPage.Mask;
        ulong length = (address.Value - start + (ulong)code.Length + GuestPage.Size - 1) & GuestPage.Mask;
        if (code.IsEmpty || start + length - 1 < start) throw new ArgumentException($"{code.Length} bytes of code at {address}: expected some, inside the address space", nameof(code));
        _architecture = architecture;
        _options = new EngineOptions { Kind = EngineKind.Jit };
        _pipeline = new TranslationPipeline(architecture, _options);
        _memory.AddRam("code", new GuestPhysicalAddress(start), length);
        _memory.TryWrite(new GuestPhysicalAddress(address.Value), code);
    }

    /// <summary>Translates one block as a machine would, but not beyond an address.</summary>
    /// <param name="address">The first instruction.</param>
    /// <param name="end">Instructions that end beyond it are left out.</param>
    /// <param name="mode">The processor's mode, as the architecture packs it.</param>
    /// <returns>Null when not even one instruction is there.</returns>
    public IrBlock? Translate(GuestVirtualAddress address, GuestVirtualAddress end, uint mode)
    {
        ushort inPage = (ushort)(address.Value & ~GuestPage.Mask);
        int rest = (int)Math.Min(GuestPage.Size - inPage, end.Value - address.Value);
        return TranslateBytes(rest, onlyOne: false) ?? TranslateBytes((int)Math.Min((ulong)_architecture.MaxInstructionLength, end.Value - address.Value), onlyOne: true);

        IrBlock? TranslateBytes(int length, bool onlyOne) =>
            _memory.TryGetReadableSpan(new GuestPhysicalAddress(address.Value), length, out var code) ? _pipeline.Translate(code, inPage, mode, onlyOne) : null;
    }

    /// <summary>Regions given up because they would be too large for the optimising compiler.</summary>
    public int RegionsRefused => (int)_counters.RegionsRefused;

    /// <summary>Makes the block that begins at an address ready for the first tier, once.</summary>
    /// <param name="address">The first instruction.</param>
    /// <param name="mode">The processor's mode, as the architecture packs it.</param>
    /// <returns>Guest instructions in it; zero when the first one is not whole.</returns>
    public int Prepare(GuestVirtualAddress address, uint mode) => Find(address, mode)?.InstructionCount ?? 0;

    /// <summary>Drops all that was made ready or compiled. What serves all code stays, as in a machine whose code was rewritten.</summary>
    public void Forget() => _cache?.Clear();

    /// <summary>Compiles the region that begins at an address.</summary>
    /// <param name="address">The first instruction.</param>
    /// <param name="mode">The processor's mode, as the architecture packs it.</param>
    /// <returns>Null when it cannot be compiled: the first instruction is not whole, or crosses a page, or the region would be too large.</returns>
    public HostCode? Compile(GuestVirtualAddress address, uint mode)
    {
        if (Find(address, mode) is not { Straddles: false } block) return null;
        long bytes = _counters.CilBytes;
        long instructions = _counters.InstructionsCompiled;
        _cache!.Regions!.Request(block);
        if (_cache.Regions.Fault is { } fault) ExceptionDispatchInfo.Throw(fault); // no machine has to go on
        return block.Region is { } region
            ? new HostCode(region.Name, (int)(_counters.InstructionsCompiled - instructions), (int)(_counters.CilBytes - bytes), region.Address)
            : null;
    }

    private TranslatedBlock? Find(GuestVirtualAddress address, uint mode)
    {
        _cache ??= new TranslationCache(_architecture, _memory, _world, _options, _counters);
        if (Fetch(new GuestPhysicalAddress(address.Value)) is not { } place) return null;
        var second = Fetch(new GuestPhysicalAddress((address.Value & GuestPage.Mask) + GuestPage.Size));
        return _cache.FindOrTranslate(place, second, mode, isSingle: false);
    }

    private FetchPlace? Fetch(GuestPhysicalAddress address) =>
        _memory.TryGetCode(address, out var ram, out ulong offset) ? new FetchPlace(address, ram, offset) : null;

    /// <summary>Frees the code.</summary>
    public void Dispose()
    {
        _cache?.Dispose();
        _memory.Dispose();
    }
}
