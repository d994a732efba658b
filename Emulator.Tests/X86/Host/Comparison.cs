using System.Globalization;
using System.Text;
using Emulator.Arch.X86;
using Emulator.Arch.X86.Processor;
using Iced.Intel;

namespace Emulator.Tests.X86.Host;

/// <summary>Compares what the host and an engine made of a case.</summary>
internal static class Comparison
{
    private const ulong ComparedFlags = 0x8d5 | Eflags.Df | Eflags.Ac | Eflags.Id;
    private static readonly string[] SegmentNames = ["es", "cs", "ss", "ds", "fs", "gs"];
    private const ulong PresentBit = 1;
    private const int LastNullSelector = 3;
    private const ulong EndOfUserSpace = 0x7fff_ffff_f000;

    /// <summary>The names and values that differ, expected (the host's) first; null when none does.</summary>
    public static string? Difference(GeneratedCase tested, in HostResult host, in HostResult ours)
    {
        var text = new StringBuilder();
        var expected = host.State;
        var got = ours.State;
        bool isFault = expected.Trap != HostState.NoTrap;
        Add(text, "trap", expected.Trap, got.Trap);
        Add(text, "rip", expected.InstructionPointer, got.InstructionPointer);
        if (isFault && expected.Trap == got.Trap)
        {
            Add(text, "error", ErrorOf(expected), ErrorOf(got));
            if (expected.Trap == (uint)X86Exception.PageFault) Add(text, "cr2", expected.Address, got.Address);
        }

        Add(text, "mxcsr", expected.Mxcsr, got.Mxcsr);
        ulong undefined = isFault ? 0 : UndefinedResults.Flags(tested);
        Add(text, "flags", expected.Flags & ComparedFlags & ~undefined, got.Flags & ComparedFlags & ~undefined);
        int registers = tested.Start.Bits == 64 ? 16 : 8;
        for (int i = 0; i < registers; i++)
        {
            ulong compared = UndefinedResults.Compared(tested, expected, i);
            Add(text, (Register.RAX + i).ToString(), expected.Registers[i] & compared, got.Registers[i] & compared);
        }

        for (int i = 0; i < SegmentNames.Length; i++)
        {
            // all are null; the host's kernel makes them 0 when it switches tasks
            bool areNull = expected.Selectors[i] <= LastNullSelector && got.Selectors[i] <= LastNullSelector;
            if (!areNull) Add(text, SegmentNames[i], expected.Selectors[i], got.Selectors[i]);
        }

        for (int i = 0; i < 2 * registers; i++) Add(text, $"xmm{i / 2}.{i % 2}", expected.Vectors[i], got.Vectors[i]);
        if ((isFault || !UndefinedResults.Memory(tested)) && !host.Memory.AsSpan().SequenceEqual(ours.Memory))
        {
            AddMemory(text, host.Memory, ours.Memory);
        }

        return text.Length == 0 ? null : text.ToString();
    }

    /// <summary>The case for a reader: what it executes, and from which state.</summary>
    public static string Describe(GeneratedCase tested)
    {
        var text = new StringBuilder();
        string name = tested.Instruction.IsInvalid ? "(invalid)" : $"{tested.Instruction.Code}: {tested.Instruction}";
        text.Append(CultureInfo.InvariantCulture, $"{tested.Start.Bits}-bit {Convert.ToHexString(tested.Bytes)} at {tested.Start.InstructionPointer:x} {name}");
        text.Append(CultureInfo.InvariantCulture, $"\n      flags {tested.Start.Flags:x} mxcsr {tested.Start.Mxcsr:x}");
        for (int i = 0; i < (tested.Start.Bits == 64 ? 16 : 8); i++)
        {
            if (Uses(tested.Instruction, Register.RAX + i)) text.Append(CultureInfo.InvariantCulture, $" {Register.RAX + i}={tested.Start.Registers[i]:x}");
            if (Uses(tested.Instruction, Register.XMM0 + i)) text.Append(CultureInfo.InvariantCulture, $" xmm{i}={tested.Start.Vectors[(2 * i) + 1]:x16}_{tested.Start.Vectors[2 * i]:x16}");
        }

        for (int i = 0; i < tested.Start.PatchCount; i++)
        {
            var patch = tested.Start.Patches[i];
            ReadOnlySpan<byte> bytes = patch.Bytes;
            text.Append(CultureInfo.InvariantCulture, $" [{patch.Address:x}]={Convert.ToHexString(bytes)}");
        }

        return text.ToString();
    }

    // The kernel shows accesses beyond the user's half of the address space as protection violations; jumps to the data of the host's own
    // program, which the guest does not have, are some.
    private static ulong ErrorOf(in HostState state) =>
        state.Trap == (uint)X86Exception.PageFault && (state.Address >= EndOfUserSpace || state.Address - HostLayout.HostProgram < HostLayout.HostProgramBytes)
            ? state.Error | PresentBit
            : state.Error;

    private static bool Uses(Instruction instruction, Register register)
    {
        if (instruction.IsInvalid) return false;
        var information = new InstructionInfoFactory().GetInfo(instruction);
        foreach (var used in information.GetUsedRegisters())
        {
            if (used.Register.GetFullRegister() == register || (register >= Register.XMM0 && used.Register == register)) return true;
        }

        return false;
    }

    private static void Add(StringBuilder text, string name, ulong expected, ulong got)
    {
        if (expected != got) text.Append(CultureInfo.InvariantCulture, $" {name} {expected:x} not {got:x};");
    }

    private static void AddMemory(StringBuilder text, MemoryDifference[] expected, MemoryDifference[] got)
    {
        var ours = got.ToDictionary(static d => d.Address, static d => d.Value);
        var theirs = expected.ToDictionary(static d => d.Address, static d => d.Value);
        foreach (ulong address in ours.Keys.Union(theirs.Keys).Order())
        {
            ulong before = HostLayout.Content(address);
            Add(text, string.Create(CultureInfo.InvariantCulture, $"[{address:x}]"), theirs.GetValueOrDefault(address, before), ours.GetValueOrDefault(address, before));
        }
    }
}
