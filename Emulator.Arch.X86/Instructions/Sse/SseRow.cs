using Emulator.Arch.X86.Lifting;
using Emulator.Core.Ir;
using Iced.Intel;

namespace Emulator.Arch.X86.Instructions.Sse;

/// <summary>Rows of instructions on XMM registers; all of them raise #UD or #NM where the system has not made these available.</summary>
internal static class SseRow
{
    /// <summary>A mnemonic with a body of its own.</summary>
    public static InstructionRow Of(Mnemonic mnemonic, Lift lift) => new(mnemonic, Guard(lift));

    /// <summary>One encoding with a body of its own.</summary>
    public static InstructionRow Of(Code code, Lift lift) => new(code, Guard(lift));

    /// <summary>The first operand becomes a function of both.</summary>
    public static InstructionRow Binary(Mnemonic mnemonic, VectorHelper method)
    {
        var helper = X86Helpers.Register(method);
        return Of(mnemonic, l => l.Ir.WriteVector(l.XmmSlot(0), l.Ir.Call(helper, IrBuilder.ReadVector(l.XmmSlot(0)), l.ReadVector(1))));
    }

    /// <summary>The first operand becomes a function of both and an immediate byte.</summary>
    public static InstructionRow BinaryImmediate(Mnemonic mnemonic, VectorHelper method)
    {
        var helper = X86Helpers.Register(method);
        return Of(mnemonic, l =>
        {
            var result = l.Ir.Call(helper, IrBuilder.ReadVector(l.XmmSlot(0)), l.ReadVector(1), l.Instruction.Immediate8);
            l.Ir.WriteVector(l.XmmSlot(0), result);
        });
    }

    /// <summary>The first operand becomes a function of the second and an immediate byte.</summary>
    public static InstructionRow UnaryImmediate(Mnemonic mnemonic, VectorHelper method)
    {
        var helper = X86Helpers.Register(method);
        return Of(mnemonic, l =>
        {
            var source = l.ReadVector(1);
            l.Ir.WriteVector(l.XmmSlot(0), l.Ir.Call(helper, source, source, l.Instruction.Immediate8));
        });
    }

    /// <summary>A general register becomes a function of a vector register.</summary>
    public static InstructionRow ToGeneral(Mnemonic mnemonic, VectorHelper method)
    {
        var helper = X86Helpers.Register(method);
        return Of(mnemonic, l =>
        {
            var source = IrBuilder.ReadVector(l.XmmSlot(1));
            l.Write(0, l.Ir.VectorLow(l.Ir.Call(helper, source, source)));
        });
    }

    // Intel SDM volume 3, 13.1: #UD without CR4.OSFXSR or with CR0.EM comes before #NM
    private static Lift Guard(Lift lift) => l =>
    {
        if (!l.Mode.Has(X86Mode.Sse) || UsesMmx(l.Instruction)) l.Fault(X86Exception.InvalidOpcode);
        else if (l.Mode.Has(X86Mode.TaskSwitched)) l.Fault(X86Exception.DeviceNotAvailable);
        else lift(l);
    };

    // There is no x87 unit, so there are no MMX registers either.
    private static bool UsesMmx(in Instruction instruction)
    {
        for (int i = 0; i < instruction.OpCount; i++)
        {
            if (instruction.GetOpKind(i) == OpKind.Register && instruction.GetOpRegister(i).IsMM()) return true;
        }

        return false;
    }
}
