using System.Runtime.CompilerServices;
using Emulator.Arch.X86.Flags;
using Emulator.Arch.X86.Instructions.Sse;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Ir;

namespace Emulator.Arch.X86;

/// <summary>
/// The one table of helpers. Classes that hold helpers register them in their static fields; they are listed here, so that the table
/// is complete, and the same in every run, before the first instruction is lifted.
/// </summary>
internal static class X86Helpers
{
    private static readonly HelperTable Filling = new();

    private static readonly Type[] Holders =
    [
        typeof(InterruptHelpers),
        typeof(SegmentLoadHelpers),
        typeof(ControlHelpers),
        typeof(IdentificationHelpers),
        typeof(PortHelpers),
        typeof(FlagHelpers),
        typeof(FaultHelpers),
        typeof(SegmentHelpers),
        typeof(Instructions.StackHelpers),
        typeof(SseMoves),
        typeof(PackedInteger),
        typeof(PackedShifts),
        typeof(Shuffles),
        typeof(SseFloatRow),
        typeof(SseArithmetic),
        typeof(SseRoots),
        typeof(SseComparison),
        typeof(SseConversion),
        typeof(SseToInteger),
        typeof(SseSystem),
        typeof(Instructions.DivisionHelpers),
        typeof(Instructions.BitManipulationHelpers),
        typeof(Instructions.CrcHelpers),
        typeof(Instructions.DecimalHelpers),
        typeof(Instructions.ExchangeHelpers),
        typeof(Instructions.StringHelpers),
    ];

    /// <summary>The complete table.</summary>
    public static HelperTable Table { get; } = Fill();

    public static Helper Register(PureHelper method) => Filling.Add(method);

    public static Helper Register(VectorHelper method) => Filling.Add(method);

    public static Helper Register(VectorFloatHelper method) => Filling.Add(method);

    public static Helper Register(CpuHelper method, HelperEffects effects) => Filling.Add(method, effects);

    private static HelperTable Fill()
    {
        foreach (var holder in Holders) RuntimeHelpers.RunClassConstructor(holder.TypeHandle);
        return Filling;
    }
}
