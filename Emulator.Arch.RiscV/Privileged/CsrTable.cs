using Emulator.Arch.RiscV.Isa;

namespace Emulator.Arch.RiscV.Privileged;

/// <summary>The control and status registers of a configuration. The rows are in the other files, by chapter.</summary>
internal sealed partial class CsrTable
{
    private const int Numbers = 4096;
    private const ulong NoEvent = 0;

    private readonly CsrDefinition?[] _byNumber = new CsrDefinition?[Numbers];

    /// <summary>The registers of a configuration.</summary>
    public CsrTable(IsaConfiguration isa)
    {
        var width = isa.Is64 ? BaseWidth.Rv64 : BaseWidth.Rv32;
        foreach (var row in All)
        {
            bool isPresent = isa.Extensions.ContainsAll(row.Needs) && (row.Width == BaseWidth.Any || row.Width == width);
            if (isPresent) _byNumber[row.Number] = row;
        }
    }

    /// <summary>Every row there is.</summary>
    public static IReadOnlyList<CsrDefinition> All { get; } =
    [
        .. FloatingPoint, .. UnprivilegedCounters, .. Supervisor, .. MachineInformation, .. MachineTraps, .. MachineConfiguration,
        .. MachineProtection, .. MachineCounters, .. StateEnables, .. Triggers,
    ];

    /// <summary>The registers that are present, by number.</summary>
    public IEnumerable<CsrDefinition> Present => _byNumber.OfType<CsrDefinition>();

    /// <summary>The register with a number, or null.</summary>
    public CsrDefinition? Find(uint number) => number < Numbers ? _byNumber[number] : null;

    /// <summary>A register of 64 bits: one CSR on RV64, two on RV32.</summary>
    private static CsrDefinition[] Wide(
        int number, int highNumber, string name, Func<RiscVHart, ulong> read, Action<RiscVHart, ulong>? write = null,
        ExtensionSet needs = default, Func<RiscVHart, bool>? guard = null) =>
    [
        new(number, name, read, write) { Half = CsrHalf.Low, Needs = needs, Guard = guard },
        new(highNumber, name + "h", read, write) { Half = CsrHalf.High, Width = BaseWidth.Rv32, Needs = needs, Guard = guard },
    ];

    /// <summary>Registers of each event counter.</summary>
    private static List<CsrDefinition> EventCounters(Func<int, CsrDefinition[]> registers)
    {
        var rows = new List<CsrDefinition>();
        for (int counter = CounterBit.FirstEvent; counter < CounterBit.Count; counter++) rows.AddRange(registers(counter));
        return rows;
    }

    /// <summary>Registers that read as zero and ignore writes, numbered in a row.</summary>
    private static CsrDefinition[] Zeros(int number, string name, int firstIndex, int count, ExtensionSet needs = default) =>
        Numbered.Rows(count, i => new CsrDefinition(number + i, $"{name}{firstIndex + i}", static _ => NoEvent) { Needs = needs });
}
