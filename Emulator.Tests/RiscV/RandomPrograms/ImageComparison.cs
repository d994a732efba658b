using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Emulator.Tests.RiscV.RandomPrograms;

/// <summary>Compares what two machines left of an image, slot by slot, and says what differs by name.</summary>
internal static class ImageComparison
{
    private const ulong FloatDirty = 3 << 13;
    private const ulong IsDirty64 = 1ul << 63;
    private const ulong IsDirty32 = 1ul << 31;
    private const int CauseWord = 0;
    private const int ValueWord = 2;
    private const int StatusWord = 3;
    private const ulong MisalignedFetch = 0;
    private const ulong Breakpoint = 3;
    private const ulong LoadAccess = 5;
    private const ulong StoreAccess = 7;
    private const int Shown = 12;

    private static readonly string[] Logged = ["cause", "pc", "value", "status", "hash of registers", "mip", "fcsr"];

    /// <summary>The differences in each program that has some.</summary>
    public static IEnumerable<string> Differences(ImageRun left, ImageRun right, int seed, bool is64)
    {
        for (int program = 0; Layout.FirstSlot + ((program + 1) * Layout.SlotSize) <= left.Memory.Length; program++)
        {
            byte[] ours = Slot(left, program, is64);
            byte[] theirs = Slot(right, program, is64);
            if (ours.AsSpan().SequenceEqual(theirs)) continue;
            yield return $"program {program}, seed {unchecked(seed + program)}, at {Layout.SlotAddress(program):x}, {left.Machine} / {right.Machine}:\n{Describe(ours, theirs)}";
        }
    }

    /// <summary>Traps that a program took, to M and to S.</summary>
    public static (ulong Machine, ulong Supervisor) Traps(ImageRun run)
    {
        ulong machine = 0;
        ulong supervisor = 0;
        for (int at = Layout.FirstSlot; at < run.Memory.Length; at += Layout.SlotSize)
        {
            machine += Read(run.Memory, at + Layout.Context + ContextLayout.TrapCount);
            supervisor += Read(run.Memory, at + Layout.SupervisorContext + SupervisorContextLayout.TrapCount);
        }

        return (machine, supervisor);
    }

    // Without what a machine is free in: FS may be Dirty earlier than it must (Priv. spec 3.1.6.6), so it is shown as Dirty wherever it is not
    // Off; the value of a breakpoint or a misaligned jump may be 0 or the instruction's address (3.1.16). QEMU splits a misaligned access
    // where protection is finer than a page into aligned ones, and gives the address of such a one when it faults.
    private static byte[] Slot(ImageRun run, int program, bool is64)
    {
        byte[] slot = run.Memory.AsSpan(Layout.FirstSlot + (program * Layout.SlotSize), Layout.SlotSize).ToArray();
        for (int i = 0; i < ContextLayout.MaxTraps; i++) Normalise(Layout.Context + ContextLayout.Log + (i * ContextLayout.LogEntry));
        for (int i = 0; i < SupervisorContextLayout.MaxTraps; i++) Normalise(Layout.SupervisorContext + SupervisorContextLayout.Log + (i * ContextLayout.LogEntry));
        foreach (int csr in (ReadOnlySpan<int>)[CsrNumber.Mtval, CsrNumber.Stval])
        {
            slot.AsSpan(Layout.Context + ContextLayout.FinalCsrs + (Array.IndexOf(CsrNumber.Final, csr) * Layout.Word), Layout.Word).Clear();
        }

        return slot;

        void Normalise(int entry)
        {
            ulong cause = Read(slot, entry + (CauseWord * Layout.Word));
            var value = slot.AsSpan(entry + (ValueWord * Layout.Word), Layout.Word);
            if (cause is MisalignedFetch or Breakpoint) value.Clear();
            if (cause is LoadAccess or StoreAccess) value[0] &= unchecked((byte)~(Layout.Word - 1));
            var at = slot.AsSpan(entry + (StatusWord * Layout.Word));
            ulong status = BinaryPrimitives.ReadUInt64LittleEndian(at);
            if ((status & FloatDirty) != 0) BinaryPrimitives.WriteUInt64LittleEndian(at, status | FloatDirty | (is64 ? IsDirty64 : IsDirty32));
        }
    }

    private static string Describe(byte[] ours, byte[] theirs)
    {
        var text = new StringBuilder();
        int shown = 0;
        for (int at = 0; at < ours.Length; at += Layout.Word)
        {
            ulong a = Read(ours, at);
            ulong b = Read(theirs, at);
            if (a == b) continue;
            if (++shown > Shown) return text.Append(CultureInfo.InvariantCulture, $"  and more\n").ToString();
            text.Append(CultureInfo.InvariantCulture, $"  {Name(ours, at)}: {a:x} / {b:x}\n");
        }

        return text.ToString();
    }

    private static string Name(byte[] slot, int at)
    {
        if (at is >= Layout.Context and < Layout.SupervisorContext)
        {
            int offset = at - Layout.Context;
            if (offset == 0) return "hash of registers at all traps";
            if (offset < ContextLayout.Floats) return $"x{offset / Layout.Word}";
            if (offset < ContextLayout.TrapCount) return $"f{(offset - ContextLayout.Floats) / Layout.Word}";
            if (offset == ContextLayout.TrapCount) return "number of traps";
            if (offset is >= ContextLayout.FinalCsrs and < ContextLayout.Log)
            {
                int index = (offset - ContextLayout.FinalCsrs) / Layout.Word;
                return index < CsrNumber.Final.Length ? $"csr {CsrNumber.Final[index]:x}" : $"context {offset:x}";
            }

            if (offset >= ContextLayout.Log) return LogName(slot, "trap", Layout.Context + ContextLayout.Log, at);
        }

        if (at >= Layout.SupervisorContext + SupervisorContextLayout.Log && at < Layout.Window)
        {
            return LogName(slot, "S trap", Layout.SupervisorContext + SupervisorContextLayout.Log, at);
        }

        return at switch
        {
            < Layout.CodeSize => $"code {at:x}",
            < Layout.Window => $"S {at:x}",
            < Layout.Tables => $"window {at - Layout.Window:x}",
            _ => $"tables {at - Layout.Tables:x}",
        };
    }

    private static string LogName(byte[] slot, string kind, int log, int at)
    {
        int trap = (at - log) / ContextLayout.LogEntry;
        int word = (at - log) % ContextLayout.LogEntry / Layout.Word;
        int entry = log + (trap * ContextLayout.LogEntry);
        return $"{kind} {trap} (cause {Read(slot, entry):x} pc {Read(slot, entry + Layout.Word):x} value {Read(slot, entry + (2 * Layout.Word)):x}) {(word < Logged.Length ? Logged[word] : word)}";
    }

    private static ulong Read(byte[] memory, int at) => BinaryPrimitives.ReadUInt64LittleEndian(memory.AsSpan(at));
}
