using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86;

/// <summary>Names of guest slots, as the IR is printed with.</summary>
internal static class X86SlotNames
{
    private static readonly Dictionary<Slot, string> Names = Build();

    public static string? Of(Slot slot) => Names.GetValueOrDefault(slot);

    private static Dictionary<Slot, string> Build()
    {
        var names = new Dictionary<Slot, string>
        {
            [X86Slots.FlagForm] = "flags.form", [X86Slots.FlagA] = "flags.a", [X86Slots.FlagB] = "flags.b",
            [X86Slots.ControlFlags] = "eflags", [X86Slots.Mxcsr] = "mxcsr",
            [X86Slots.InterruptShadow] = "shadow",
        };
        for (int i = 0; i < 16; i++)
        {
            names[X86Slots.General64(i)] = Lower(Register.RAX + i);
            names[X86Slots.Xmm(i)] = $"xmm{i}";
        }

        for (int i = 0; i < 6; i++) names[X86Slots.SegmentBase(i)] = $"{Lower(Register.ES + i)}.base";
        return names;
    }

    private static string Lower(Register register) => register.ToString().ToLowerInvariant();
}
