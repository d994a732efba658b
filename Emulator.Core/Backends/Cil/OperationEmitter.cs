using System.Buffers.Binary;
using System.Numerics;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.Intrinsics;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Cil;

/// <summary>
/// Emits the CIL of pure operations, once for both tiers: tier 0 finds operands through the pre-decoded operation, tier 1 in locals;
/// the derived class says how.
/// </summary>
internal abstract class OperationEmitter(ILGenerator il)
{
    protected const int WordShiftMask = 31;

    private LocalBuilder? _scratch;

    /// <summary>Where the code goes.</summary>
    protected ILGenerator Il { get; } = il;

    /// <summary>Pushes operand A, 64 bits.</summary>
    public abstract void LoadA();

    /// <summary>Pushes operand B or the immediate in its place, 64 bits.</summary>
    public abstract void LoadB();

    /// <summary>Pushes operand C, 64 bits.</summary>
    public abstract void LoadC();

    /// <summary>Pushes the immediate, 64 bits.</summary>
    public abstract void LoadImmediate();

    /// <summary>Pops the result, 64 bits, into the destination.</summary>
    public abstract void StoreResult();

    /// <summary>Pushes vector operand A.</summary>
    public abstract void LoadVectorA();

    /// <summary>Pushes vector operand B.</summary>
    public abstract void LoadVectorB();

    /// <summary>Pops the result, a vector, into the destination.</summary>
    public abstract void StoreVectorResult();

    /// <summary>Pushes the pointer to the state block.</summary>
    public void LoadState() => Il.Emit(OpCodes.Ldarg_0);

    /// <summary>Pushes the address of a field of the state block.</summary>
    public void LoadStateAddress(int offset)
    {
        LoadState();
        Il.Emit(OpCodes.Ldc_I4, offset);
        Il.Emit(OpCodes.Conv_I);
        Il.Emit(OpCodes.Add);
    }

    /// <summary>Pushes the 64 bits of a slot in the state block.</summary>
    public void LoadStateSlot(int slot)
    {
        LoadStateAddress(slot * 8);
        Il.Emit(OpCodes.Ldind_I8);
    }

    /// <summary>Emits an operation that <see cref="OpcodeInfo.IsPure"/>, or one of floating point, with its result stored.</summary>
    public void EmitComputation(IrInstruction instruction, HelperTable helpers)
    {
        switch (instruction.Opcode)
        {
            case Opcode.Const:
                LoadImmediate();
                break;
            case Opcode.Copy:
                LoadA();
                break;
            case Opcode.CodeAddress:
                LoadStateSlot(StateSlots.CodePage);
                LoadImmediate();
                Il.Emit(OpCodes.Add);
                break;
            case Opcode.ShlAdd:
                LoadA();
                LoadImmediate();
                Il.Emit(OpCodes.Conv_I4);
                Il.Emit(OpCodes.Shl);
                LoadB();
                Il.Emit(OpCodes.Add);
                break;
            case Opcode.Select:
                EmitSelect();
                break;
            case Opcode.CallPure:
                LoadA();
                LoadB();
                LoadC();
                Il.Emit(OpCodes.Call, helpers[checked((int)instruction.Immediate)].Method);
                break;
            case >= Opcode.FAdd and <= Opcode.FClassify:
                EmitFloat(instruction);
                break;
            case >= Opcode.VectorCopy and <= Opcode.CallVectorFloat:
                EmitVector(instruction, helpers);
                break;
            case >= Opcode.SignExtend8 and <= Opcode.ByteSwap:
                LoadA();
                EmitUnary(instruction.Opcode);
                break;
            default:
                EmitBinary(instruction.Opcode);
                break;
        }

        if (instruction.Info.DIsVector) StoreVectorResult();
        else StoreResult();
    }

    private void EmitVector(IrInstruction instruction, HelperTable helpers)
    {
        switch (instruction.Opcode)
        {
            case Opcode.VectorPack when instruction.B == Slot.Zero:
                LoadA();
                Il.Emit(OpCodes.Call, Static(typeof(CilHelpers), nameof(CilHelpers.PackLow), typeof(ulong)));
                break;
            case Opcode.VectorPack:
                LoadA();
                LoadB();
                Il.Emit(OpCodes.Call, Static(typeof(CilHelpers), nameof(CilHelpers.Pack), typeof(ulong), typeof(ulong)));
                break;
            case Opcode.VectorCopy:
                LoadVectorA();
                break;
            case Opcode.VectorLow:
                LoadVectorA();
                Il.Emit(OpCodes.Call, Static(typeof(CilHelpers), nameof(CilHelpers.Low), typeof(Vector128<byte>)));
                break;
            case Opcode.VectorHigh:
                LoadVectorA();
                Il.Emit(OpCodes.Call, Static(typeof(CilHelpers), nameof(CilHelpers.High), typeof(Vector128<byte>)));
                break;
            default:
                var (helper, constant) = VectorCall.Unpack(instruction.Immediate);
                LoadVectorA();
                LoadVectorB();
                Il.Emit(OpCodes.Ldc_I4, constant);
                if (instruction.Opcode == Opcode.CallVectorFloat) LoadStateAddress(StateSlots.FloatFlags * 8);
                Il.Emit(OpCodes.Call, helpers[helper].Method);
                break;
        }
    }

    private void EmitFloat(IrInstruction instruction)
    {
        var operands = instruction.Info.Operands;
        LoadA();
        if (operands.HasFlag(OpcodeOperands.B)) LoadB();
        else Il.Emit(OpCodes.Ldc_I8, 0L);
        if (operands.HasFlag(OpcodeOperands.C)) LoadC();
        else Il.Emit(OpCodes.Ldc_I8, 0L);
        LoadImmediate();
        LoadStateAddress(StateSlots.FloatFlags * 8);
        Il.Emit(OpCodes.Call, FloatOperations.MethodFor(instruction.Opcode, instruction.Immediate));
    }

    private void EmitSelect()
    {
        _scratch ??= Il.DeclareLocal(typeof(long));
        var end = Il.DefineLabel();
        LoadC();
        Il.Emit(OpCodes.Stloc, _scratch);
        LoadA();
        Il.Emit(OpCodes.Brfalse, end);
        LoadB();
        Il.Emit(OpCodes.Stloc, _scratch);
        Il.MarkLabel(end);
        Il.Emit(OpCodes.Ldloc, _scratch);
    }

    private void EmitBinary(Opcode opcode)
    {
        LoadA();
        switch (opcode)
        {
            case Opcode.Add: Combine(OpCodes.Add); break;
            case Opcode.Sub: Combine(OpCodes.Sub); break;
            case Opcode.And: Combine(OpCodes.And); break;
            case Opcode.Or: Combine(OpCodes.Or); break;
            case Opcode.Xor: Combine(OpCodes.Xor); break;
            case Opcode.AndNot: CombineNot(OpCodes.And); break;
            case Opcode.OrNot: CombineNot(OpCodes.Or); break;
            case Opcode.XorNot: CombineNot(OpCodes.Xor); break;
            case Opcode.Mul: Combine(OpCodes.Mul); break;
            case Opcode.Shl: Shift(OpCodes.Shl); break;
            case Opcode.ShrU: Shift(OpCodes.Shr_Un); break;
            case Opcode.ShrS: Shift(OpCodes.Shr); break;
            case Opcode.RotL: Rotate(nameof(BitOperations.RotateLeft), typeof(ulong)); break;
            case Opcode.RotR: Rotate(nameof(BitOperations.RotateRight), typeof(ulong)); break;
            case Opcode.SetEq: Compare(OpCodes.Ceq); break;
            case Opcode.SetLtS: Compare(OpCodes.Clt); break;
            case Opcode.SetLtU: Compare(OpCodes.Clt_Un); break;
            case Opcode.SetNe:
                LoadB();
                Il.Emit(OpCodes.Ceq);
                Il.Emit(OpCodes.Ldc_I4_0);
                Compare2(OpCodes.Ceq);
                break;
            case Opcode.MinS: CallBinary(typeof(Math), nameof(Math.Min), typeof(long)); break;
            case Opcode.MaxS: CallBinary(typeof(Math), nameof(Math.Max), typeof(long)); break;
            case Opcode.MinU: CallBinary(typeof(Math), nameof(Math.Min), typeof(ulong)); break;
            case Opcode.MaxU: CallBinary(typeof(Math), nameof(Math.Max), typeof(ulong)); break;
            case Opcode.Add32: Combine(OpCodes.Add); Extend32(); break;
            case Opcode.Sub32: Combine(OpCodes.Sub); Extend32(); break;
            case Opcode.Mul32: Combine(OpCodes.Mul); Extend32(); break;
            case Opcode.Shl32: Shift32(OpCodes.Shl, OpCodes.Conv_I4); break;
            case Opcode.ShrU32: Shift32(OpCodes.Shr_Un, OpCodes.Conv_U4); break;
            case Opcode.ShrS32: Shift32(OpCodes.Shr, OpCodes.Conv_I4); break;
            case Opcode.RotL32: Rotate32(nameof(BitOperations.RotateLeft)); break;
            case Opcode.RotR32: Rotate32(nameof(BitOperations.RotateRight)); break;
            case Opcode.MulHighS or Opcode.MulHighU: CallBinary(typeof(CilHelpers), OpcodeTable.Of(opcode).Name, typeof(ulong)); break;
            default: CallBinary(typeof(IrEvaluator), OpcodeTable.Of(opcode).Name, typeof(ulong)); break; // MulHighSU and divisions
        }
    }

    private void EmitUnary(Opcode opcode)
    {
        switch (opcode)
        {
            case Opcode.SignExtend8: Extend(OpCodes.Conv_I1, OpCodes.Conv_I8); break;
            case Opcode.SignExtend16: Extend(OpCodes.Conv_I2, OpCodes.Conv_I8); break;
            case Opcode.SignExtend32: Extend32(); break;
            case Opcode.ZeroExtend8: Extend(OpCodes.Conv_U1, OpCodes.Conv_U8); break;
            case Opcode.ZeroExtend16: Extend(OpCodes.Conv_U2, OpCodes.Conv_U8); break;
            case Opcode.ZeroExtend32: Extend(OpCodes.Conv_U4, OpCodes.Conv_U8); break;
            case Opcode.LeadingZeros: Count(nameof(BitOperations.LeadingZeroCount), typeof(ulong)); break;
            case Opcode.TrailingZeros: Count(nameof(BitOperations.TrailingZeroCount), typeof(ulong)); break;
            case Opcode.PopCount: Count(nameof(BitOperations.PopCount), typeof(ulong)); break;
            case Opcode.LeadingZeros32: Il.Emit(OpCodes.Conv_U4); Count(nameof(BitOperations.LeadingZeroCount), typeof(uint)); break;
            case Opcode.TrailingZeros32: Il.Emit(OpCodes.Conv_U4); Count(nameof(BitOperations.TrailingZeroCount), typeof(uint)); break;
            case Opcode.PopCount32: Il.Emit(OpCodes.Conv_U4); Count(nameof(BitOperations.PopCount), typeof(uint)); break;
            default: Il.Emit(OpCodes.Call, Static(typeof(BinaryPrimitives), nameof(BinaryPrimitives.ReverseEndianness), typeof(ulong))); break;
        }
    }

    private void Combine(OpCode opcode)
    {
        LoadB();
        Il.Emit(opcode);
    }

    private void CombineNot(OpCode opcode)
    {
        LoadB();
        Il.Emit(OpCodes.Not);
        Il.Emit(opcode);
    }

    private void LoadShiftAmount(int mask)
    {
        LoadB();
        Il.Emit(OpCodes.Conv_I4);
        Il.Emit(OpCodes.Ldc_I4, mask);
        Il.Emit(OpCodes.And);
    }

    private void Shift(OpCode opcode)
    {
        LoadShiftAmount(63);
        Il.Emit(opcode);
    }

    private void Shift32(OpCode opcode, OpCode narrow)
    {
        Il.Emit(narrow);
        LoadShiftAmount(WordShiftMask);
        Il.Emit(opcode);
        Extend32();
    }

    private void Rotate(string name, Type type)
    {
        LoadShiftAmount(63);
        Il.Emit(OpCodes.Call, Static(typeof(BitOperations), name, type, typeof(int)));
    }

    private void Rotate32(string name)
    {
        Il.Emit(OpCodes.Conv_U4);
        LoadShiftAmount(WordShiftMask);
        Il.Emit(OpCodes.Call, Static(typeof(BitOperations), name, typeof(uint), typeof(int)));
        Extend32();
    }

    private void Compare(OpCode opcode)
    {
        LoadB();
        Compare2(opcode);
    }

    private void Compare2(OpCode opcode)
    {
        Il.Emit(opcode);
        Il.Emit(OpCodes.Conv_U8);
    }

    private void CallBinary(Type type, string name, Type operand)
    {
        LoadB();
        Il.Emit(OpCodes.Call, Static(type, name, operand, operand));
    }

    private void Count(string name, Type operand)
    {
        Il.Emit(OpCodes.Call, Static(typeof(BitOperations), name, operand));
        Il.Emit(OpCodes.Conv_I8);
    }

    private void Extend(OpCode narrow, OpCode widen)
    {
        Il.Emit(narrow);
        Il.Emit(widen);
    }

    private void Extend32() => Extend(OpCodes.Conv_I4, OpCodes.Conv_I8);

    protected static MethodInfo Static(Type type, string name, params Type[] parameters) =>
        type.GetMethod(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic, parameters)
        ?? throw new MissingMethodException(type.Name, name);
}
