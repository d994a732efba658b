using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Ir;
using Emulator.Tests.RiscV.Oracle;

namespace Emulator.Tests.RiscV.Instructions;

/// <summary>What the mode does to floating-point instructions: mstatus.FS and frm (Priv. spec 3.1.6.6, Unpriv. spec 20.2).</summary>
public sealed class FloatStateTests
{
    private static readonly string[] ReadOnly =
        ["fsh", "fsw", "fsd", "fmv.x.h", "fmv.x.w", "fmv.x.d", "fmvh.x.d", "fclass.h", "fclass.s", "fclass.d"];

    private readonly SingleInstruction _rv64 = new(new RiscVArchitecture(IsaConfiguration.Max));
    private readonly SingleInstruction _rv32 = new(new RiscVArchitecture(IsaConfiguration.Max32));

    private IEnumerable<(SingleInstruction Engine, InstructionDefinition Row, uint Bits)> FloatRows()
    {
        var random = new Random(3);
        return
            from engine in (SingleInstruction[])[_rv64, _rv32]
            from row in engine.Architecture.Decoder.Rows
            where row.Encoding.Length == 4 && row.Format.Fields.OfType<RegisterField>().Any(field => field.IsFloat)
            select (engine, row, row.Random(random));
    }

    [OneTimeTearDown]
    public void Stop()
    {
        _rv64.Dispose();
        _rv32.Dispose();
    }

    [Test]
    public void Without_state_every_one_is_illegal()
    {
        foreach (var (engine, row, bits) in FloatRows())
        {
            Assert.That(SingleInstruction.IsIllegal(engine.Lift(bits, isFloatOn: false)), row.Mnemonic);
        }
    }

    [Test]
    public void State_is_marked_dirty_by_all_that_may_write_it()
    {
        foreach (var (engine, row, bits) in FloatRows())
        {
            bool marks = engine.Lift(bits).Instructions.Any(i => i.Opcode == Opcode.Const && i.Destination == RiscVSlots.FloatDirty && i.Immediate == 1);
            Assert.That(marks, Is.EqualTo(!ReadOnly.Contains(row.Mnemonic)), row.Mnemonic);
        }
    }

    [Test]
    public void Reserved_rounding_modes_are_illegal()
    {
        foreach (var (engine, row, bits) in FloatRows())
        {
            if (!row.Format.Fields.Any(field => field.Role == OperandRole.Rm)) continue;
            uint plain = bits & ~(7u << 12);
            for (uint rm = 0; rm < 5; rm++) Assert.That(SingleInstruction.IsIllegal(engine.Lift(plain | (rm << 12), 7)), Is.False, row.Mnemonic);
            for (uint rm = 5; rm < 7; rm++) Assert.That(SingleInstruction.IsIllegal(engine.Lift(plain | (rm << 12))), row.Mnemonic);
            for (uint frm = 0; frm < 8; frm++)
            {
                Assert.That(SingleInstruction.IsIllegal(engine.Lift(plain | (7u << 12), frm)), Is.EqualTo(frm > 4), $"{row.Mnemonic} frm {frm}");
            }
        }
    }

    [Test]
    public void Dynamic_rounding_is_that_of_the_mode()
    {
        using var line = new AssemblyLine("rv64gc");
        var request = new InstructionRequest { Instruction = line.Encode("fdiv.d", rm: 7) };
        request.F[1] = BitConverter.DoubleToUInt64Bits(1);
        request.F[2] = BitConverter.DoubleToUInt64Bits(3);
        ulong down = BitConverter.DoubleToUInt64Bits(1.0 / 3);
        request.Fcsr = 2 << 5;
        Assert.That(line.Engine.Execute(request).F, Is.EqualTo(down));
        request.Fcsr = 3 << 5;
        Assert.That(line.Engine.Execute(request).F, Is.EqualTo(down + 1));
    }
}
