namespace Emulator.Core.Ir;

/// <summary>Operations of the IR; <see cref="OpcodeTable"/> gives operands, effects and meaning of each.</summary>
public enum Opcode : ushort
{
#pragma warning disable CS1591 // one row of OpcodeTable each, documented there
    // Moves
    Const, Copy, CodeAddress,

    // 64-bit integer arithmetic
    Add, Sub, And, Or, Xor, AndNot, OrNot, XorNot, Shl, ShrU, ShrS, RotL, RotR,
    Mul, MulHighS, MulHighU, MulHighSU, DivS, DivU, RemS, RemU, MinS, MinU, MaxS, MaxU,
    SetEq, SetNe, SetLtS, SetLtU, ShlAdd, Select,

    // 32-bit integer arithmetic, results sign-extended
    Add32, Sub32, Shl32, ShrU32, ShrS32, RotL32, RotR32, Mul32, DivS32, DivU32, RemS32, RemU32,

    // Unary
    SignExtend8, SignExtend16, SignExtend32, ZeroExtend8, ZeroExtend16, ZeroExtend32,
    LeadingZeros, TrailingZeros, PopCount, LeadingZeros32, TrailingZeros32, PopCount32, ByteSwap,

    // Guest memory
    Load8U, Load8S, Load16U, Load16S, Load32U, Load32S, Load64, Store8, Store16, Store32, Store64, Fence,
    AtomicSwap, AtomicAdd, AtomicAnd, AtomicOr, AtomicXor, AtomicMinS, AtomicMaxS, AtomicMinU, AtomicMaxU,
    AtomicCompareExchange, LoadExclusive, StoreExclusive,

    // Floating point
    FAdd, FSub, FMul, FDiv, FSqrt, FMulAdd, FMin, FMax, FCompare, FToInteger, IntegerToF, FConvert, FRound, FClassify,

    // Vectors of 128 bits
    VectorLoad, VectorStore, VectorCopy, VectorLow, VectorHigh, VectorPack, CallVector, CallVectorFloat,

    // Helpers
    CallPure, CallCpu,

    // Control
    Enter, BranchEq, BranchNe, BranchLtS, BranchGeS, BranchLtU, BranchGeU, Jump, JumpIndirect, Leave, LeaveAtPc,
#pragma warning restore CS1591
}
