using Emulator.Arch.RiscV.Privileged;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Ir;

namespace Emulator.Arch.RiscV.Lifting;

/// <content>Jumps and branches. Without compressed instructions targets must be multiples of four (Unpriv. spec 2.5).</content>
internal readonly partial record struct RiscVLifter
{
    private const int HalfAligned = 2;

    private bool ChecksTargets => !Isa.Has(RiscVExtension.Zca);

    /// <summary>Jumps to a distance from here; <paramref name="rd"/> gets the address of the next instruction.</summary>
    public void Jump(int rd, int displacement)
    {
        if (ChecksTargets && (displacement & HalfAligned) != 0) RaiseMisaligned(displacement, 1);
        SetX(rd, rd == 0 ? 0 : AddressHere(Length));
        Ir.Jump(displacement);
    }

    /// <summary>Jumps to a register plus a displacement, bit 0 cleared; <paramref name="rd"/> gets the address of the next instruction.</summary>
    public void JumpIndirect(int rd, int rs1, int displacement)
    {
        var target = X(rs1);
        long added = displacement;
        if (Is32 || ChecksTargets)
        {
            target = Ir.And(Ir.Add(target, added), ~1L);
            if (Is32) target = Ir.ZeroExtend32(target);
            if (ChecksTargets) Ir.Call(PrivilegedHelpers.MisalignedTarget, target, Ir.And(target, HalfAligned));
            added = 0;
        }
        else if (rd == rs1 && rd != 0)
        {
            // the link overwrites the base
            target = added == 0 ? Ir.Hold(target) : Ir.Add(target, added);
            added = 0;
        }

        if (rd != 0) SetX(rd, AddressHere(Length));
        bool isReturn = rd == 0 && rs1 is AbiRegister.Ra or AbiRegister.T0; // hints of Unpriv. spec 2.5.1
        Ir.JumpIndirect(target, added, 1, isReturn);
    }

    /// <summary>Branches to a distance from here.</summary>
    public void Branch(Opcode branch, int rs1, int rs2, int displacement)
    {
        if (!ChecksTargets || (displacement & HalfAligned) == 0)
        {
            Ir.Branch(branch, X(rs1), X(rs2), displacement);
            return;
        }

        var (a, b) = (X(rs1), X(rs2));
        RaiseMisaligned(displacement, branch switch
        {
            Opcode.BranchEq => Ir.SetEq(a, b),
            Opcode.BranchNe => Ir.SetNe(a, b),
            Opcode.BranchLtS => Ir.SetLtS(a, b),
            Opcode.BranchGeS => Ir.Xor(Ir.SetLtS(a, b), 1),
            Opcode.BranchLtU => Ir.SetLtU(a, b),
            _ => Ir.Xor(Ir.SetLtU(a, b), 1),
        });
        Ir.Jump(Length);
    }

    private void RaiseMisaligned(int displacement, Value condition)
    {
        var target = Ir.CodeAddress(displacement);
        Ir.Call(PrivilegedHelpers.MisalignedTarget, Is32 ? Ir.ZeroExtend32(target) : target, condition);
    }
}
