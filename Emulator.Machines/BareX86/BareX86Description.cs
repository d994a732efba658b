using System.Collections.Immutable;

namespace Emulator.Machines.BareX86;

/// <summary>A port whose bytes are written to the host (<c>debugcon</c>).</summary>
/// <param name="Port">The port.</param>
/// <param name="Path">The file, which is created or emptied; <see cref="StandardOutput"/> for standard output.</param>
public sealed record DebugOutput(ushort Port, string Path)
{
    /// <summary>Stands for standard output in place of a path.</summary>
    public const string StandardOutput = "-";
}

/// <summary>
/// The board <c>bare-x86</c>: a processor, RAM, a ROM below 4 GiB whose end is seen below 1 MiB too, and the few chips of a PC that every
/// program expects: interrupt controllers, timer, serial line, A20 gate, reset and power-off, debug ports. It starts at the reset vector.
/// </summary>
/// <remarks>
/// Without a ROM, <see cref="MachineDescription.Kernel"/> says what runs: a program with a Multiboot header (version 1) is started as that
/// specification says, with the initial RAM disk as its module; another ELF program in flat protected mode (32 bits), or in long mode with
/// the memory mapped one to one and SSE on (64 bits), EAX and EBX being as for Multiboot; a file of 512 bytes that ends in 55 AA is a boot
/// sector, started in real mode at 0:7C00 without any firmware services. Without a kernel, too, the embedded guest runs.
/// </remarks>
public sealed record BareX86Description : MachineDescription
{
    /// <inheritdoc/>
    public override string Name => "bare-x86";

    /// <summary>A ROM image, up to 16 MiB, or null. Its last byte is at 0xffffffff, and its last 128 KiB end at 0xfffff, too.</summary>
    public ReadOnlyMemory<byte>? Bios { get; init; }

    /// <summary>A port that ends the machine: writing v gives the exit code (v &lt;&lt; 1) | 1. Null for none.</summary>
    public ushort? DebugExit { get; init; }

    /// <summary>Ports whose bytes are written to the host.</summary>
    public ImmutableArray<DebugOutput> DebugOutputs { get; init; } = [];

    internal override IMachineBoard Build(MachineContext context) => BareX86Board.Create(this, context);
}

/// <summary>The entry to the board <c>bare-x86</c>.</summary>
public static class BareX86Machine
{
    /// <summary>Describes a machine; refine it with <c>with { ... }</c>.</summary>
    /// <param name="memory">RAM in bytes; 0 for the default of 128 MiB.</param>
    public static BareX86Description Describe(ulong memory = 0) => new() { Memory = memory == 0 ? 128.MiB() : memory };
}
