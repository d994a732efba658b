using System.Reflection.Emit;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Cil;

/// <content>
/// Registers that a region mostly computes doubles with: their locals are doubles, so that a chain of operations does not go to and fro
/// between the two kinds of host registers. What else uses them sees their bits, which moving a double does not change.
/// </content>
internal sealed partial class RegionEmitter
{
    private CellSet _doubles;

    private static CellSet FindDoubles(RegionPlan plan)
    {
        if (plan.CallsFloat) return default;
        var balance = new Dictionary<int, int>(); // by slot index: uses as a double less others
        foreach (var block in plan.Blocks)
        {
            foreach (var instruction in block.Ir.Instructions) Weigh(instruction, balance);
        }

        var doubles = default(CellSet);
        foreach (var (index, weight) in balance)
        {
            if (weight > 0) doubles.Add(new Slot((ushort)index));
        }

        return doubles;
    }

    private static void Weigh(IrInstruction instruction, Dictionary<int, int> balance)
    {
        bool isFloat = instruction.Opcode is >= Opcode.FAdd and <= Opcode.FClassify;
        var spec = isFloat ? FloatSpec.Unpack(instruction.Immediate) : default;
        bool takesDoubles = isFloat && instruction.Opcode != Opcode.IntegerToF
            && (instruction.Opcode == Opcode.FConvert ? spec.Source : spec.Format) == FloatFormat.Binary64;
        bool givesDouble = isFloat && instruction.Opcode is not (Opcode.FCompare or Opcode.FToInteger or Opcode.FClassify) && spec.Format == FloatFormat.Binary64;
        Add(instruction.A, takesDoubles);
        if (instruction.Opcode != Opcode.Store64) Add(instruction.B, takesDoubles);
        if (instruction.Info.Operands.HasFlag(OpcodeOperands.C)) Add(instruction.C, takesDoubles);
        if (instruction.Opcode != Opcode.Load64) Add(instruction.Destination, givesDouble);

        void Add(Slot slot, bool isDouble)
        {
            if (!slot.IsGuest || slot.IsVector) return;
            balance.TryGetValue(slot.Index, out int before);
            balance[slot.Index] = before + (isDouble ? 1 : -1);
        }
    }

    private bool IsDouble(Slot slot) => slot.IsGuest && _doubles.Contains(slot);

    /// <summary>Pushes a register as a double.</summary>
    private void LoadDouble(Slot slot)
    {
        if (!IsDouble(slot))
        {
            LoadSlot(slot);
            FloatLocals.EmitDoubleFromBits(Il);
            return;
        }

        LocalUses++;
        Il.Emit(OpCodes.Ldloc, LocalOf(slot));
    }

    /// <summary>Pops a double into the destination of the operation at hand.</summary>
    private void StoreDoubleResult()
    {
        if (!IsDouble(_current.Destination))
        {
            Il.Emit(OpCodes.Call, FloatLocals.DoubleBits);
            StoreResult();
            return;
        }

        LocalUses++;
        Il.Emit(OpCodes.Stloc, LocalOf(_current.Destination));
        MarkWritten(_current.Destination);
    }
}
