using System.Reflection.Emit;
using Emulator.Core.FloatingPoint;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Cil;

/// <content>
/// Floating point on the host's hardware, inline: rounding to nearest even, results that can signal nothing but inexact. Everything
/// else (NaN, infinities, tiny results, other formats and directions) leaves the region or calls <see cref="Execution.FloatOperations"/>.
/// </content>
internal sealed partial class RegionEmitter
{
    private const long Inexact = (long)FloatFlags.Inexact;
    private FloatLocals? _single;
    private FloatLocals? _double;
    private LocalBuilder? _exactSum;
    private readonly LocalBuilder? _allExact; // for singles: ones while the inexact flag is clear, and every result has to be looked at; else zeros
    private readonly LocalBuilder? _limit; // for doubles: zero while it is clear, else the largest number

    private static bool HasArithmetic(RegionPlan plan, FloatFormat format)
    {
        if (plan.CallsFloat) return false;
        foreach (var block in plan.Blocks)
        {
            foreach (var instruction in block.Ir.Instructions)
            {
                bool isArithmetic = instruction.Opcode is >= Opcode.FAdd and <= Opcode.FMulAdd;
                if (isArithmetic && FloatSpec.Unpack(instruction.Immediate).Format == format) return true;
            }
        }

        return false;
    }

    /// <summary>Emits an operation inline if that pays.</summary>
    /// <returns>False when it has to be called.</returns>
    private bool TryEmitFloat(IrInstruction instruction)
    {
        if (_plan.CallsFloat) return false;
        var spec = FloatSpec.Unpack(instruction.Immediate);
        const FloatVariant known = FloatVariant.Boxed | FloatVariant.NegateProduct | FloatVariant.NegateAddend | FloatVariant.Quiet;
        if (spec.Format == FloatFormat.Binary16 || (spec.Variant & ~known) != 0) return false;
        var locals = LocalsOf(spec.Format);
        switch (instruction.Opcode)
        {
            case >= Opcode.FAdd and <= Opcode.FMulAdd when spec.Rounding == RoundingMode.NearestEven:
                EmitArithmetic(instruction, spec, locals);
                return true;
            case Opcode.FMin or Opcode.FMax:
                EmitExtremum(instruction, spec, locals);
                return true;
            case Opcode.FCompare:
                EmitCompare(instruction, spec, locals);
                return true;
            case Opcode.FToInteger when spec.Rounding is RoundingMode.NearestEven or RoundingMode.TowardZero:
                EmitToInteger(instruction, spec, locals);
                return true;
            case Opcode.IntegerToF when spec.Rounding == RoundingMode.NearestEven:
                EmitFromInteger(instruction, spec);
                return true;
            case Opcode.FConvert when spec.Source != FloatFormat.Binary16 && spec.Source != spec.Format && spec.Rounding == RoundingMode.NearestEven:
                EmitConvert(instruction, spec);
                return true;
            default:
                return false;
        }
    }

    private void EmitArithmetic(IrInstruction instruction, FloatSpec spec, FloatLocals f)
    {
        var rare = StepStub(instruction);
        var operands = instruction.Info.Operands;
        bool hasB = operands.HasFlag(OpcodeOperands.B);
        LoadOperand(f, spec, rare, instruction.A, f.X, negate: instruction.Opcode == Opcode.FMulAdd && spec.Variant.HasFlag(FloatVariant.NegateProduct));
        if (hasB) LoadOperand(f, spec, rare, instruction.B, f.Y, negate: instruction.Opcode == Opcode.FSub);
        if (operands.HasFlag(OpcodeOperands.C)) LoadOperand(f, spec, rare, instruction.C, f.Z, negate: spec.Variant.HasFlag(FloatVariant.NegateAddend));
        Il.Emit(OpCodes.Ldloc, f.X);
        if (hasB) Il.Emit(OpCodes.Ldloc, f.Y);
        switch (instruction.Opcode)
        {
            case Opcode.FAdd or Opcode.FSub: Il.Emit(OpCodes.Add); break;
            case Opcode.FMul: Il.Emit(OpCodes.Mul); break;
            case Opcode.FDiv: Il.Emit(OpCodes.Div); break;
            case Opcode.FSqrt: f.EmitSqrt(Il); break;
            default:
                Il.Emit(OpCodes.Ldloc, f.Z);
                f.EmitFusedMultiplyAdd(Il);
                break;
        }

        Il.Emit(OpCodes.Stloc, f.R);
        var zero = Il.DefineLabel();
        var done = Il.DefineLabel();
        var look = Il.DefineLabel();
        bool isSum = instruction.Opcode is Opcode.FAdd or Opcode.FSub; // whose tiny results are exact
        int minimum = isSum ? 0 : 2;
        if (f.IsDouble)
        {
            f.EmitBranchUnlessWithin(Il, minimum, _limit!, look);
        }
        else
        {
            f.EmitBits(Il, f.R);
            f.EmitBranchUnlessPlain(Il, minimum, look, never: _allExact);
        }

        Il.MarkLabel(done);
        StoreFloatResult(f, spec);
        LocalUses += 20;
        _stubs.Add(() =>
        {
            LocalUses += 20;
            Il.MarkLabel(look);
            f.EmitBits(Il, f.R);
            f.EmitBranchUnlessPlain(Il, minimum, isSum ? rare : zero);
            EmitExactness(instruction.Opcode, f, done, rare);
            EmitNoteInexact();
            Il.Emit(OpCodes.Br, done);
            if (isSum) return;
            Il.MarkLabel(zero);
            EmitZeroResult(instruction.Opcode, f, done, rare);
        });
    }

    // Zero from a zero operand is exact; any other zero, and all that is not plain, is rare.
    private void EmitZeroResult(Opcode opcode, FloatLocals f, Label done, Label rare)
    {
        Il.Emit(OpCodes.Ldloc, f.R);
        f.EmitZero(Il);
        Il.Emit(OpCodes.Bne_Un, rare);
        if (opcode == Opcode.FMulAdd)
        {
            Il.Emit(OpCodes.Ldloc, f.Z);
            f.EmitZero(Il);
            Il.Emit(OpCodes.Bne_Un, rare);
        }

        Il.Emit(OpCodes.Ldloc, f.X);
        f.EmitZero(Il);
        Il.Emit(OpCodes.Beq, done);
        if (opcode is Opcode.FMul or Opcode.FMulAdd)
        {
            Il.Emit(OpCodes.Ldloc, f.Y);
            f.EmitZero(Il);
            Il.Emit(OpCodes.Beq, done);
        }

        Il.Emit(OpCodes.Br, rare);
    }

    // Goes to done when the plain result in R is exact; falls through when it is not. Doubles need a result (or dividend) that is large
    // enough for its error to be a number (HostGate.LeastWithExactError).
    private void EmitExactness(Opcode opcode, FloatLocals f, Label done, Label rare)
    {
        if (f.IsDouble && opcode is not (Opcode.FAdd or Opcode.FSub))
        {
            if (!HostGate.HasFusedMultiplyAdd || opcode == Opcode.FMulAdd)
            {
                Il.Emit(OpCodes.Br, rare);
                return;
            }

            Il.Emit(OpCodes.Ldloc, opcode == Opcode.FMul ? f.R : f.X);
            Il.Emit(OpCodes.Call, FloatLocals.DoubleBits);
            Il.Emit(OpCodes.Ldc_I8, long.MaxValue);
            Il.Emit(OpCodes.And);
            Il.Emit(OpCodes.Ldc_I8, (long)HostGate.LeastWithExactError);
            Il.Emit(OpCodes.Blt, rare);
        }

        switch (opcode)
        {
            case Opcode.FAdd or Opcode.FSub:
                f.EmitBranchUnlessPlain(Il, 0, rare, FloatLocals.FarFromOverflow);
                EmitSumError(f.X, f.Y, f.R, f.T);
                break;
            case Opcode.FMul when f.IsDouble: // fma(x, y, -r)
                Il.Emit(OpCodes.Ldloc, f.X);
                Il.Emit(OpCodes.Ldloc, f.Y);
                EmitNegated(f.R);
                f.EmitFusedMultiplyAdd(Il);
                break;
            case Opcode.FDiv when f.IsDouble: // fma(-r, y, x)
                EmitNegated(f.R);
                Il.Emit(OpCodes.Ldloc, f.Y);
                Il.Emit(OpCodes.Ldloc, f.X);
                f.EmitFusedMultiplyAdd(Il);
                break;
            case Opcode.FSqrt when f.IsDouble: // fma(-r, r, x)
                EmitNegated(f.R);
                Il.Emit(OpCodes.Ldloc, f.R);
                Il.Emit(OpCodes.Ldloc, f.X);
                f.EmitFusedMultiplyAdd(Il);
                break;
            default:
                EmitSingleError(opcode, f);
                break;
        }

        f.EmitZero(Il, isWide: !f.IsDouble && opcode is not (Opcode.FAdd or Opcode.FSub));
        Il.Emit(OpCodes.Beq, done);
    }

    // Products of singles are exact as doubles: the error of a product, quotient or root in doubles is zero exactly if it is.
    private void EmitSingleError(Opcode opcode, FloatLocals f)
    {
        switch (opcode)
        {
            case Opcode.FMul: // x * y - r
                EmitWide(f.X);
                EmitWide(f.Y);
                Il.Emit(OpCodes.Mul);
                EmitWide(f.R);
                break;
            case Opcode.FDiv: // r * y - x
                EmitWide(f.R);
                EmitWide(f.Y);
                Il.Emit(OpCodes.Mul);
                EmitWide(f.X);
                break;
            case Opcode.FSqrt: // r * r - x
                EmitWide(f.R);
                EmitWide(f.R);
                Il.Emit(OpCodes.Mul);
                EmitWide(f.X);
                break;
            default: // (x * y + z) - r, unless the sum of doubles was itself rounded, and then no single equals it
                _exactSum ??= Il.DeclareLocal(typeof(double));
                var product = LocalsOf(FloatFormat.Binary64);
                EmitWide(f.X);
                EmitWide(f.Y);
                Il.Emit(OpCodes.Mul);
                Il.Emit(OpCodes.Stloc, product.X);
                EmitWide(f.Z);
                Il.Emit(OpCodes.Stloc, product.Y);
                Il.Emit(OpCodes.Ldloc, product.X);
                Il.Emit(OpCodes.Ldloc, product.Y);
                Il.Emit(OpCodes.Add);
                Il.Emit(OpCodes.Stloc, _exactSum);
                EmitSumError(product.X, product.Y, _exactSum, product.T);
                Il.Emit(OpCodes.Call, FloatLocals.AbsDouble);
                Il.Emit(OpCodes.Ldloc, _exactSum);
                EmitWide(f.R);
                Il.Emit(OpCodes.Sub);
                Il.Emit(OpCodes.Call, FloatLocals.AbsDouble);
                Il.Emit(OpCodes.Add);
                return;
        }

        Il.Emit(OpCodes.Sub);
    }

    private void EmitWide(LocalBuilder single)
    {
        Il.Emit(OpCodes.Ldloc, single);
        Il.Emit(OpCodes.Conv_R8);
    }

    private void EmitNegated(LocalBuilder local)
    {
        Il.Emit(OpCodes.Ldloc, local);
        Il.Emit(OpCodes.Neg);
    }

    // Pushes HostGate.SumError: with t = sum - (sum - x), (x - t) + (y - (sum - x)).
    private void EmitSumError(LocalBuilder x, LocalBuilder y, LocalBuilder sum, LocalBuilder fromY)
    {
        Il.Emit(OpCodes.Ldloc, sum);
        Il.Emit(OpCodes.Ldloc, x);
        Il.Emit(OpCodes.Sub);
        Il.Emit(OpCodes.Stloc, fromY);
        Il.Emit(OpCodes.Ldloc, x);
        Il.Emit(OpCodes.Ldloc, sum);
        Il.Emit(OpCodes.Ldloc, fromY);
        Il.Emit(OpCodes.Sub);
        Il.Emit(OpCodes.Sub);
        Il.Emit(OpCodes.Ldloc, y);
        Il.Emit(OpCodes.Ldloc, fromY);
        Il.Emit(OpCodes.Sub);
        Il.Emit(OpCodes.Add);
    }

    // Of equal operands only zeros can differ in a bit, the sign: the lesser has it if any has. NaNs are rare.
    private void EmitExtremum(IrInstruction instruction, FloatSpec spec, FloatLocals f)
    {
        var rare = StepStub(instruction);
        LoadOperand(f, spec, rare, instruction.A, f.X, false);
        LoadOperand(f, spec, rare, instruction.B, f.Y, false);
        var takeX = Il.DefineLabel();
        var takeY = Il.DefineLabel();
        var done = Il.DefineLabel();
        bool isMinimum = instruction.Opcode == Opcode.FMin;
        Il.Emit(OpCodes.Ldloc, f.X);
        Il.Emit(OpCodes.Ldloc, f.Y);
        Il.Emit(OpCodes.Blt, isMinimum ? takeX : takeY);
        Il.Emit(OpCodes.Ldloc, f.X);
        Il.Emit(OpCodes.Ldloc, f.Y);
        Il.Emit(OpCodes.Bgt, isMinimum ? takeY : takeX);
        Il.Emit(OpCodes.Ldloc, f.X);
        Il.Emit(OpCodes.Ldloc, f.Y);
        Il.Emit(OpCodes.Bne_Un, rare);
        f.EmitBits(Il, f.X);
        Il.Emit(OpCodes.Ldloc, f.Bits);
        f.EmitBits(Il, f.Y);
        Il.Emit(OpCodes.Ldloc, f.Bits);
        Il.Emit(isMinimum ? OpCodes.Or : OpCodes.And);
        Il.Emit(OpCodes.Stloc, f.Bits);
        Il.Emit(OpCodes.Br, done);
        Il.MarkLabel(takeX);
        f.EmitBits(Il, f.X);
        Il.Emit(OpCodes.Br, done);
        Il.MarkLabel(takeY);
        f.EmitBits(Il, f.Y);
        Il.MarkLabel(done);
        LocalUses += 20;
        f.EmitPushResult(Il, spec.Variant.HasFlag(FloatVariant.Boxed));
        StoreResult();
    }

    private void EmitCompare(IrInstruction instruction, FloatSpec spec, FloatLocals f)
    {
        var rare = StepStub(instruction);
        LoadOperand(f, spec, rare, instruction.A, f.X, false);
        LoadOperand(f, spec, rare, instruction.B, f.Y, false);
        foreach (var operand in new[] { f.X, f.Y })
        {
            Il.Emit(OpCodes.Ldloc, operand);
            Il.Emit(OpCodes.Ldloc, operand);
            Il.Emit(OpCodes.Bne_Un, rare); // a NaN
        }

        Il.Emit(OpCodes.Ldloc, f.X);
        Il.Emit(OpCodes.Ldloc, f.Y);
        switch (spec.Relation)
        {
            case FloatRelation.Equal: Il.Emit(OpCodes.Ceq); break;
            case FloatRelation.Less: Il.Emit(OpCodes.Clt); break;
            default:
                Il.Emit(OpCodes.Cgt);
                Il.Emit(OpCodes.Ldc_I4_0);
                Il.Emit(OpCodes.Ceq);
                break;
        }

        LocalUses += 8;
        Il.Emit(OpCodes.Conv_U8);
        StoreResult();
    }

    // What certainly fits is converted; the limits themselves are rare.
    private void EmitToInteger(IrInstruction instruction, FloatSpec spec, FloatLocals f)
    {
        var rare = StepStub(instruction);
        var d = LocalsOf(FloatFormat.Binary64);
        LoadOperand(f, spec, rare, instruction.A, f.X, false);
        Il.Emit(OpCodes.Ldloc, f.X);
        Il.Emit(OpCodes.Conv_R8);
        Il.Emit(OpCodes.Stloc, d.Y);
        bool isSigned = spec.Integer is IntegerKind.Int32 or IntegerKind.Int64;
        Il.Emit(OpCodes.Ldloc, d.Y);
        if (isSigned) Il.Emit(OpCodes.Call, FloatLocals.AbsDouble);
        Il.Emit(OpCodes.Ldc_R8, spec.Integer switch
        {
            IntegerKind.Int32 => 2147483648.0,
            IntegerKind.UInt32 => 4294967296.0,
            _ => 9223372036854775808.0, // unsigned: its upper half is rare
        });
        Il.Emit(OpCodes.Bge_Un, rare);
        if (!isSigned)
        {
            Il.Emit(OpCodes.Ldloc, d.Y);
            Il.Emit(OpCodes.Ldc_R8, 0.0);
            Il.Emit(OpCodes.Blt_Un, rare);
        }

        Il.Emit(OpCodes.Ldloc, d.Y);
        if (spec.Rounding == RoundingMode.NearestEven)
        {
            Il.Emit(OpCodes.Call, FloatLocals.RoundDouble);
            if (spec.Integer is IntegerKind.Int32 or IntegerKind.UInt32)
            {
                // rounding may reach the limit
                Il.Emit(OpCodes.Stloc, d.R);
                Il.Emit(OpCodes.Ldloc, d.R);
                Il.Emit(OpCodes.Ldc_R8, spec.Integer == IntegerKind.Int32 ? 2147483647.0 : 4294967295.0);
                Il.Emit(OpCodes.Bgt, rare);
                Il.Emit(OpCodes.Ldloc, d.R);
            }
        }

        Il.Emit(OpCodes.Conv_I8);
        Il.Emit(OpCodes.Stloc, d.Bits);
        var done = Il.DefineLabel();
        var inexact = Il.DefineLabel();
        Il.Emit(OpCodes.Ldloc, d.Bits);
        Il.Emit(OpCodes.Conv_R8);
        Il.Emit(OpCodes.Ldloc, d.Y);
        Il.Emit(OpCodes.Bne_Un, inexact);
        Il.MarkLabel(done);
        Il.Emit(OpCodes.Ldloc, d.Bits);
        if (spec.Integer == IntegerKind.UInt32)
        {
            Il.Emit(OpCodes.Conv_I4); // sign-extended, as results of 32 bits are
            Il.Emit(OpCodes.Conv_I8);
        }

        LocalUses += 16;
        StoreResult();
        _stubs.Add(() =>
        {
            Il.MarkLabel(inexact);
            EmitNoteInexact();
            Il.Emit(OpCodes.Br, done);
        });
    }

    // Up to 53 bits are exact as a double, and a double rounds once to a single.
    private void EmitFromInteger(IrInstruction instruction, FloatSpec spec)
    {
        const long limit = 1L << 53;
        var rare = StepStub(instruction);
        var d = LocalsOf(FloatFormat.Binary64);
        var f = LocalsOf(spec.Format);
        LoadA();
        if (spec.Integer == IntegerKind.Int32) Il.Emit(OpCodes.Conv_I4);
        if (spec.Integer == IntegerKind.UInt32) Il.Emit(OpCodes.Conv_U4);
        Il.Emit(spec.Integer == IntegerKind.UInt32 ? OpCodes.Conv_U8 : OpCodes.Conv_I8);
        Il.Emit(OpCodes.Stloc, d.Bits);
        if (spec.Integer is IntegerKind.Int64 or IntegerKind.UInt64)
        {
            Il.Emit(OpCodes.Ldloc, d.Bits);
            if (spec.Integer == IntegerKind.Int64)
            {
                Il.Emit(OpCodes.Ldc_I8, limit);
                Il.Emit(OpCodes.Add);
            }

            Il.Emit(OpCodes.Ldc_I8, spec.Integer == IntegerKind.Int64 ? 2 * limit : limit);
            Il.Emit(OpCodes.Bgt_Un, rare);
        }

        Il.Emit(OpCodes.Ldloc, d.Bits);
        Il.Emit(OpCodes.Conv_R8);
        Il.Emit(OpCodes.Stloc, d.X);
        LocalUses += 8;
        EmitNarrowed(spec, f, d);
    }

    private void EmitConvert(IrInstruction instruction, FloatSpec spec)
    {
        var rare = StepStub(instruction);
        var source = LocalsOf(spec.Source);
        var d = LocalsOf(FloatFormat.Binary64);
        var f = LocalsOf(spec.Format);
        LoadOperand(source, spec with { Format = spec.Source }, rare, instruction.A, source.X, false);
        if (!source.IsDouble)
        {
            Il.Emit(OpCodes.Ldloc, source.X);
            Il.Emit(OpCodes.Ldloc, source.X);
            Il.Emit(OpCodes.Bne_Un, rare); // a NaN
            EmitWide(source.X);
            Il.Emit(OpCodes.Stloc, d.X);
        }

        LocalUses += 8;
        EmitNarrowed(spec, f, d, rare);
    }

    // The double in d.X, in the format of the result; from anything but integers it may not fit.
    private void EmitNarrowed(FloatSpec spec, FloatLocals f, FloatLocals d, Label? rare = null)
    {
        var done = Il.DefineLabel();
        Il.Emit(OpCodes.Ldloc, d.X);
        if (!f.IsDouble) Il.Emit(OpCodes.Conv_R4);
        Il.Emit(OpCodes.Stloc, f.R);
        f.EmitBits(Il, f.R);
        if (!f.IsDouble)
        {
            if (rare is { } label)
            {
                Il.Emit(OpCodes.Ldloc, d.X);
                Il.Emit(OpCodes.Ldc_R8, 0.0);
                Il.Emit(OpCodes.Beq, done);
                f.EmitBranchUnlessPlain(Il, 2, label);
            }

            var inexact = Il.DefineLabel();
            EmitWide(f.R);
            Il.Emit(OpCodes.Ldloc, d.X);
            Il.Emit(OpCodes.Bne_Un, inexact);
            _stubs.Add(() =>
            {
                Il.MarkLabel(inexact);
                EmitNoteInexact();
                Il.Emit(OpCodes.Br, done);
            });
        }

        Il.MarkLabel(done);
        LocalUses += 12;
        StoreFloatResult(f, spec);
    }

    // The number in R, its bits in Bits.
    private void StoreFloatResult(FloatLocals f, FloatSpec spec)
    {
        if (f.IsDouble)
        {
            Il.Emit(OpCodes.Ldloc, f.R);
            StoreDoubleResult();
            return;
        }

        f.EmitPushResult(Il, spec.Variant.HasFlag(FloatVariant.Boxed));
        StoreResult();
    }

    private void LoadOperand(FloatLocals f, FloatSpec spec, Label rare, Slot operand, LocalBuilder target, bool negate)
    {
        if (f.IsDouble)
        {
            LoadDouble(operand);
            if (negate) Il.Emit(OpCodes.Neg);
            Il.Emit(OpCodes.Stloc, target);
            LocalUses++;
            return;
        }

        LoadSlot(operand);
        if (spec.Variant.HasFlag(FloatVariant.Boxed))
        {
            Il.Emit(OpCodes.Stloc, _address);
            Il.Emit(OpCodes.Ldloc, _address);
            Il.Emit(OpCodes.Ldc_I4, 32);
            Il.Emit(OpCodes.Shr);
            Il.Emit(OpCodes.Ldc_I4_M1);
            Il.Emit(OpCodes.Conv_I8);
            Il.Emit(OpCodes.Bne_Un, rare); // not boxed: the default NaN
            Il.Emit(OpCodes.Ldloc, _address);
        }

        f.EmitFromBits(Il);
        if (negate) Il.Emit(OpCodes.Neg);
        Il.Emit(OpCodes.Stloc, target);
        LocalUses += 3;
    }

    // To be done at entries, and after what may have cleared the flag.
    private void EmitLookAtInexact()
    {
        if (_allExact is not null)
        {
            LoadInexact();
            Il.Emit(OpCodes.Ldc_I4, (int)Inexact);
            Il.Emit(OpCodes.Sub);
            Il.Emit(OpCodes.Stloc, _allExact);
        }

        if (_limit is null) return;
        LoadInexact();
        Il.Emit(OpCodes.Conv_R8);
        Il.Emit(OpCodes.Ldc_R8, double.MaxValue / Inexact);
        Il.Emit(OpCodes.Mul);
        Il.Emit(OpCodes.Stloc, _limit);
    }

    private void LoadInexact()
    {
        LoadStateSlot(StateSlots.FloatFlags);
        Il.Emit(OpCodes.Conv_I4);
        Il.Emit(OpCodes.Ldc_I4, (int)Inexact);
        Il.Emit(OpCodes.And);
    }

    private void EmitNoteInexact()
    {
        LoadStateAddress(StateSlots.FloatFlags * 8);
        LoadStateSlot(StateSlots.FloatFlags);
        Il.Emit(OpCodes.Ldc_I8, Inexact);
        Il.Emit(OpCodes.Or);
        Il.Emit(OpCodes.Stind_I8);
        if (_allExact is not null)
        {
            Il.Emit(OpCodes.Ldc_I4_0);
            Il.Emit(OpCodes.Stloc, _allExact);
        }

        if (_limit is null) return;
        Il.Emit(OpCodes.Ldc_R8, double.MaxValue);
        Il.Emit(OpCodes.Stloc, _limit);
    }

    private FloatLocals LocalsOf(FloatFormat format) => format == FloatFormat.Binary64
        ? _double ??= new FloatLocals(Il, isDouble: true)
        : _single ??= new FloatLocals(Il, isDouble: false);
}
