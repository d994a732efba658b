using System.Runtime.InteropServices;

namespace Emulator.Core.Memory;

/// <summary>What is known about a page of RAM; set bits keep it out of every write TLB, so that a write comes by the slow path.</summary>
[Flags]
internal enum PageFlags : byte
{
    None = 0,

    /// <summary>Translated code came from this page.</summary>
    HasCode = 1,

    /// <summary>Somebody wants to know about writes to this page.</summary>
    Watched = 2,
}

/// <summary>Host memory behind a region of RAM or ROM: page-aligned, zeroed on first touch, freed with the machine.</summary>
// SAFETY: owns the allocation; every access through the class is checked against Length.
internal sealed unsafe class RamBlock : IDisposable
{
    private readonly Lock _change = new();
    private void* _allocation;

    public RamBlock(ulong length)
    {
        if (length == 0 || (length & 0xfff) != 0) throw new ArgumentException($"RAM of {length} bytes: expected a positive multiple of 4096", nameof(length));
        Length = length;
        _allocation = NativeMemory.AllocZeroed((nuint)length + 4096);
        Pointer = (byte*)(((nuint)_allocation + 4095) & ~(nuint)4095);
        Flags = new byte[length >> 12];
        Code = new Execution.CodePage?[length >> 12];
    }

    public byte* Pointer { get; }

    public ulong Length { get; }

    /// <summary>One <see cref="PageFlags"/> a page.</summary>
    public byte[] Flags { get; }

    /// <summary>What was translated from each page; guarded by the translation cache.</summary>
    public Execution.CodePage?[] Code { get; }

    public bool Has(ulong offset, PageFlags flag) => (Volatile.Read(ref Flags[offset >> 12]) & (byte)flag) != 0;

    public bool HasAny(ulong offset) => Volatile.Read(ref Flags[offset >> 12]) != 0;

    public void Set(ulong offset, PageFlags flag)
    {
        lock (_change) Volatile.Write(ref Flags[offset >> 12], (byte)(Flags[offset >> 12] | (byte)flag));
    }

    public void Clear(ulong offset, PageFlags flag)
    {
        lock (_change) Volatile.Write(ref Flags[offset >> 12], (byte)(Flags[offset >> 12] & ~(byte)flag));
    }

    public void Dispose()
    {
        NativeMemory.Free(_allocation);
        _allocation = null;
    }
}
