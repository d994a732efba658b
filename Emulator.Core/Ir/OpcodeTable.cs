using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using static Emulator.Core.Ir.Opcode;

namespace Emulator.Core.Ir;

/// <summary>What an operation does besides computing its result.</summary>
[Flags]
public enum OpcodeEffects : byte
{
    /// <summary>The result depends on the operands alone; unused results may be dropped.</summary>
    Pure = 0,

    /// <summary>Reads guest memory or device registers.</summary>
    Reads = 1,

    /// <summary>Writes guest memory or device registers.</summary>
    Writes = 2,

    /// <summary>May leave the block before the guest instruction is done, with a guest fault.</summary>
    MayFault = 4,

    /// <summary>Accumulates into the floating-point flags; compiled code may leave before it, to have it done alone.</summary>
    Flags = 8,

    /// <summary>Leaves the block.</summary>
    Control = 16,

    /// <summary>A call whose helper declares its effects.</summary>
    Helper = 32,
}

/// <summary>How an operation uses its operand fields.</summary>
[Flags]
public enum OpcodeOperands : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Writes the destination.</summary>
    D = 1,

    /// <summary>Reads slot A.</summary>
    A = 2,

    /// <summary>Reads slot B.</summary>
    B = 4,

    /// <summary>Reads slot C.</summary>
    C = 8,

    /// <summary>B may be the immediate.</summary>
    BOrImmediate = 16,

    /// <summary>The immediate means something.</summary>
    Immediate = 32,

    /// <summary>C is a small literal, not a slot.</summary>
    LiteralC = 64,
}

/// <summary>One row of the table of operations.</summary>
/// <param name="Opcode">The operation.</param>
/// <param name="Operands">Which operand fields it uses.</param>
/// <param name="Effects">What it does besides its result.</param>
/// <param name="Meaning">The definition, in terms of D, A, B, C and I (the immediate).</param>
/// <param name="Name">Its name as it stands in the row: to ask the enumeration takes reflection.</param>
public sealed record OpcodeInfo(
    Opcode Opcode, OpcodeOperands Operands, OpcodeEffects Effects, string Meaning, [CallerArgumentExpression(nameof(Opcode))] string Name = "")
{
    /// <summary>True when exchanging A and B changes nothing.</summary>
    public bool IsCommutative => Opcode is Add or And or Or or Xor or Mul or MulHighS or MulHighU or MinS or MinU or MaxS or MaxU
        or SetEq or SetNe or Add32 or Mul32 or XorNot;

    /// <summary>True for a conditional branch.</summary>
    public bool IsBranch => Opcode is >= BranchEq and <= BranchGeU;

    /// <summary>True for an operation after which the block does not continue.</summary>
    public bool IsTerminator => Opcode is >= Jump and <= LeaveAtPc;

    /// <summary>True when D is a vector.</summary>
    public bool DIsVector => Opcode is VectorLoad or VectorCopy or VectorPack or CallVector or CallVectorFloat;

    /// <summary>True when A is a vector.</summary>
    public bool AIsVector => Opcode is VectorCopy or VectorLow or VectorHigh or CallVector or CallVectorFloat;

    /// <summary>True when B is a vector.</summary>
    public bool BIsVector => Opcode is VectorStore or CallVector or CallVectorFloat;

    /// <summary>True when the result depends on the operands alone.</summary>
    public bool IsPure => Effects == OpcodeEffects.Pure;
}

/// <summary>
/// The one table of the IR: verifier, printer, interpreters, optimiser and the page docs/ir.md read it. Slots hold 64 bits; an
/// operation named ...32 uses the low halves of its operands and sign-extends its result. Arithmetic wraps and never faults.
/// </summary>
public static class OpcodeTable
{
    private const OpcodeOperands Unary = OpcodeOperands.D | OpcodeOperands.A;
    private const OpcodeOperands Binary = Unary | OpcodeOperands.BOrImmediate;
    private const OpcodeOperands Ternary = Unary | OpcodeOperands.B | OpcodeOperands.C;
    private const OpcodeOperands LoadOperands = Unary | OpcodeOperands.Immediate | OpcodeOperands.LiteralC;
    private const OpcodeOperands StoreOperands = OpcodeOperands.A | OpcodeOperands.B | OpcodeOperands.Immediate | OpcodeOperands.LiteralC;
    private const OpcodeOperands RmwOperands = Unary | OpcodeOperands.B | OpcodeOperands.LiteralC;
    private const OpcodeOperands Call = Ternary | OpcodeOperands.Immediate;
    private const OpcodeOperands BranchOperands = OpcodeOperands.A | OpcodeOperands.B | OpcodeOperands.Immediate;
    private const OpcodeEffects LoadEffects = OpcodeEffects.Reads | OpcodeEffects.MayFault;
    private const OpcodeEffects StoreEffects = OpcodeEffects.Writes | OpcodeEffects.MayFault;
    private const OpcodeEffects RmwEffects = LoadEffects | StoreEffects;
    private const OpcodeEffects Pure = OpcodeEffects.Pure;
    private const OpcodeEffects Flags = OpcodeEffects.Flags;
    private const OpcodeEffects Control = OpcodeEffects.Control;

    /// <summary>All rows, in the order of <see cref="Opcode"/>.</summary>
    public static ImmutableArray<OpcodeInfo> Rows { get; } =
    [
        new(Const, OpcodeOperands.D | OpcodeOperands.Immediate, Pure, "D = I"),
        new(Copy, Unary, Pure, "D = A"),
        new(CodeAddress, OpcodeOperands.D | OpcodeOperands.Immediate, Pure, "D = virtual address of the running code's page + I"),

        new(Add, Binary, Pure, "D = A + B"),
        new(Sub, Binary, Pure, "D = A - B"),
        new(And, Binary, Pure, "D = A & B"),
        new(Or, Binary, Pure, "D = A | B"),
        new(Xor, Binary, Pure, "D = A ^ B"),
        new(AndNot, Binary, Pure, "D = A & ~B"),
        new(OrNot, Binary, Pure, "D = A | ~B"),
        new(XorNot, Binary, Pure, "D = A ^ ~B"),
        new(Shl, Binary, Pure, "D = A << (B & 63)"),
        new(ShrU, Binary, Pure, "D = A >> (B & 63), zeros shifted in"),
        new(ShrS, Binary, Pure, "D = A >> (B & 63), sign shifted in"),
        new(RotL, Binary, Pure, "D = A rotated left by B & 63"),
        new(RotR, Binary, Pure, "D = A rotated right by B & 63"),
        new(Mul, Binary, Pure, "D = low 64 bits of A * B"),
        new(MulHighS, Binary, Pure, "D = high 64 bits of A * B, both signed"),
        new(MulHighU, Binary, Pure, "D = high 64 bits of A * B, both unsigned"),
        new(MulHighSU, Binary, Pure, "D = high 64 bits of A * B, A signed, B unsigned"),
        new(DivS, Binary, Pure, "D = A / B signed, towards zero; B = 0: all ones; overflow: A"),
        new(DivU, Binary, Pure, "D = A / B unsigned; B = 0: all ones"),
        new(RemS, Binary, Pure, "D = A % B signed, sign of A; B = 0: A; overflow: 0"),
        new(RemU, Binary, Pure, "D = A % B unsigned; B = 0: A"),
        new(MinS, Binary, Pure, "D = smaller of A and B, signed"),
        new(MinU, Binary, Pure, "D = smaller of A and B, unsigned"),
        new(MaxS, Binary, Pure, "D = larger of A and B, signed"),
        new(MaxU, Binary, Pure, "D = larger of A and B, unsigned"),
        new(SetEq, Binary, Pure, "D = A == B ? 1 : 0"),
        new(SetNe, Binary, Pure, "D = A != B ? 1 : 0"),
        new(SetLtS, Binary, Pure, "D = A < B signed ? 1 : 0"),
        new(SetLtU, Binary, Pure, "D = A < B unsigned ? 1 : 0"),
        new(ShlAdd, Unary | OpcodeOperands.B | OpcodeOperands.Immediate, Pure, "D = (A << I) + B, I in 0..63"),
        new(Select, Ternary, Pure, "D = A != 0 ? B : C"),

        new(Add32, Binary, Pure, "D = A + B"),
        new(Sub32, Binary, Pure, "D = A - B"),
        new(Shl32, Binary, Pure, "D = A << (B & 31)"),
        new(ShrU32, Binary, Pure, "D = A >> (B & 31), zeros shifted in"),
        new(ShrS32, Binary, Pure, "D = A >> (B & 31), sign shifted in"),
        new(RotL32, Binary, Pure, "D = A rotated left by B & 31"),
        new(RotR32, Binary, Pure, "D = A rotated right by B & 31"),
        new(Mul32, Binary, Pure, "D = A * B"),
        new(DivS32, Binary, Pure, "D = A / B signed; B = 0: all ones; overflow: A"),
        new(DivU32, Binary, Pure, "D = A / B unsigned; B = 0: all ones"),
        new(RemS32, Binary, Pure, "D = A % B signed; B = 0: A; overflow: 0"),
        new(RemU32, Binary, Pure, "D = A % B unsigned; B = 0: A"),

        new(SignExtend8, Unary, Pure, "D = low 8 bits of A, signed"),
        new(SignExtend16, Unary, Pure, "D = low 16 bits of A, signed"),
        new(SignExtend32, Unary, Pure, "D = low 32 bits of A, signed"),
        new(ZeroExtend8, Unary, Pure, "D = low 8 bits of A"),
        new(ZeroExtend16, Unary, Pure, "D = low 16 bits of A"),
        new(ZeroExtend32, Unary, Pure, "D = low 32 bits of A"),
        new(LeadingZeros, Unary, Pure, "D = leading zero bits of A; 64 for 0"),
        new(TrailingZeros, Unary, Pure, "D = trailing zero bits of A; 64 for 0"),
        new(PopCount, Unary, Pure, "D = one bits of A"),
        new(LeadingZeros32, Unary, Pure, "D = leading zero bits of A's low half; 32 for 0"),
        new(TrailingZeros32, Unary, Pure, "D = trailing zero bits of A's low half; 32 for 0"),
        new(PopCount32, Unary, Pure, "D = one bits of A's low half"),
        new(ByteSwap, Unary, Pure, "D = A with its eight bytes reversed"),

        new(Load8U, LoadOperands, LoadEffects, "D = byte at A + I, unsigned; C + 1: the address is cut to 32 bits; C + 4: faults as a store there would"),
        new(Load8S, LoadOperands, LoadEffects, "D = byte at A + I, signed; C as Load8U"),
        new(Load16U, LoadOperands, LoadEffects, "D = 2 bytes at A + I, unsigned, little-endian; C as Load8U"),
        new(Load16S, LoadOperands, LoadEffects, "D = 2 bytes at A + I, signed; C as Load8U"),
        new(Load32U, LoadOperands, LoadEffects, "D = 4 bytes at A + I, unsigned; C as Load8U"),
        new(Load32S, LoadOperands, LoadEffects, "D = 4 bytes at A + I, signed; C as Load8U"),
        new(Load64, LoadOperands, LoadEffects, "D = 8 bytes at A + I; C as Load8U"),
        new(Store8, StoreOperands, StoreEffects, "byte at A + I = B; C as Load8U"),
        new(Store16, StoreOperands, StoreEffects, "2 bytes at A + I = B; C as Load8U"),
        new(Store32, StoreOperands, StoreEffects, "4 bytes at A + I = B; C as Load8U"),
        new(Store64, StoreOperands, StoreEffects, "8 bytes at A + I = B; C as Load8U"),
        new(Fence, OpcodeOperands.None, OpcodeEffects.Reads | OpcodeEffects.Writes, "orders all earlier accesses before all later ones"),
        new(AtomicSwap, RmwOperands, RmwEffects, "D = old at A, sign-extended; memory = B; C = bytes (1, 2, 4, 8), + 16: address cut to 32 bits; sequentially consistent; A must be aligned, else fault"),
        new(AtomicAdd, RmwOperands, RmwEffects, "as AtomicSwap; memory = old + B"),
        new(AtomicAnd, RmwOperands, RmwEffects, "as AtomicSwap; memory = old & B"),
        new(AtomicOr, RmwOperands, RmwEffects, "as AtomicSwap; memory = old | B"),
        new(AtomicXor, RmwOperands, RmwEffects, "as AtomicSwap; memory = old ^ B"),
        new(AtomicMinS, RmwOperands, RmwEffects, "as AtomicSwap; memory = smaller of old and B, signed"),
        new(AtomicMaxS, RmwOperands, RmwEffects, "as AtomicSwap; memory = larger of old and B, signed"),
        new(AtomicMinU, RmwOperands, RmwEffects, "as AtomicSwap; memory = smaller of old and B, unsigned"),
        new(AtomicMaxU, RmwOperands, RmwEffects, "as AtomicSwap; memory = larger of old and B, unsigned"),
        new(AtomicCompareExchange, Ternary | OpcodeOperands.Immediate, RmwEffects, "D = old at A, sign-extended; if old = C then memory = B; I = bytes as C of AtomicSwap"),
        new(LoadExclusive, Unary | OpcodeOperands.LiteralC, LoadEffects, "D = value at A, sign-extended; reserves it for StoreExclusive; C as AtomicSwap"),
        new(StoreExclusive, RmwOperands, RmwEffects, "if the reservation for A holds: memory = B, D = 0, else D = 1; the reservation ends; C as AtomicSwap"),

        new(FAdd, Unary | OpcodeOperands.B | OpcodeOperands.Immediate, Flags, "D = A + B in the format and rounding of I (a FloatSpec)"),
        new(FSub, Unary | OpcodeOperands.B | OpcodeOperands.Immediate, Flags, "D = A - B"),
        new(FMul, Unary | OpcodeOperands.B | OpcodeOperands.Immediate, Flags, "D = A * B"),
        new(FDiv, Unary | OpcodeOperands.B | OpcodeOperands.Immediate, Flags, "D = A / B"),
        new(FSqrt, Unary | OpcodeOperands.Immediate, Flags, "D = square root of A"),
        new(FMulAdd, Call, Flags, "D = A * B + C, rounded once; the spec may negate product and addend"),
        new(FMin, Unary | OpcodeOperands.B | OpcodeOperands.Immediate, Flags, "D = minimumNumber of A and B; with Propagate: a NaN operand gives NaN"),
        new(FMax, Unary | OpcodeOperands.B | OpcodeOperands.Immediate, Flags, "D = maximumNumber of A and B; with Propagate: a NaN operand gives NaN"),
        new(FCompare, Unary | OpcodeOperands.B | OpcodeOperands.Immediate, Flags, "D = 1 when the relation of the spec holds, else 0"),
        new(FToInteger, Unary | OpcodeOperands.Immediate, Flags, "D = A as integer of the spec's kind, saturating, 32-bit kinds sign-extended"),
        new(IntegerToF, Unary | OpcodeOperands.Immediate, Flags, "D = integer A of the spec's kind as floating-point number"),
        new(FConvert, Unary | OpcodeOperands.Immediate, Flags, "D = A of the spec's source format in its format"),
        new(FRound, Unary | OpcodeOperands.Immediate, Flags, "D = A rounded to an integral value; Inexact only with SignalInexact"),
        new(FClassify, Unary | OpcodeOperands.Immediate, Pure, "D = one bit of ten: -inf, -normal, -subnormal, -0, +0, +subnormal, +normal, +inf, sNaN, qNaN"),

        new(VectorLoad, LoadOperands, LoadEffects, "vector D = 16 bytes at A + I; C as Load8U, + 2: faults unless aligned"),
        new(VectorStore, StoreOperands, StoreEffects, "16 bytes at A + I = vector B; C as VectorLoad; on a fault nothing is written"),
        new(VectorCopy, Unary, Pure, "vector D = vector A"),
        new(VectorLow, Unary, Pure, "D = low 64 bits of vector A"),
        new(VectorHigh, Unary, Pure, "D = high 64 bits of vector A"),
        new(VectorPack, Unary | OpcodeOperands.B, Pure, "vector D = A in the low, B in the high 64 bits"),
        new(CallVector, Unary | OpcodeOperands.B | OpcodeOperands.Immediate, Pure, "vector D = vector helper (I's low half) of vectors A and B and the number in I's high half"),
        new(CallVectorFloat, Unary | OpcodeOperands.B | OpcodeOperands.Immediate, Flags, "as CallVector; the helper also accumulates floating-point flags"),

        new(CallPure, Call, Pure, "D = helper I (A, B, C); depends on nothing else"),
        new(CallCpu, Call, OpcodeEffects.Helper, "D = helper I (processor, A, B, C); effects as the helper declares"),

        new(Enter, OpcodeOperands.LiteralC, OpcodeEffects.Reads | OpcodeEffects.Writes, "start of a block of C instructions: counts them, looks for requests from outside"),
        new(BranchEq, BranchOperands, Control, "if A == B go to page offset I, else on"),
        new(BranchNe, BranchOperands, Control, "if A != B go to page offset I, else on"),
        new(BranchLtS, BranchOperands, Control, "if A < B signed go to page offset I, else on"),
        new(BranchGeS, BranchOperands, Control, "if A >= B signed go to page offset I, else on"),
        new(BranchLtU, BranchOperands, Control, "if A < B unsigned go to page offset I, else on"),
        new(BranchGeU, BranchOperands, Control, "if A >= B unsigned go to page offset I, else on"),
        new(Jump, OpcodeOperands.Immediate, Control, "go to page offset I"),
        new(JumpIndirect, OpcodeOperands.A | OpcodeOperands.Immediate | OpcodeOperands.LiteralC, Control, "go to virtual address (A + I) & ~(C & 15); C + 16: it is a return"),
        new(Leave, OpcodeOperands.Immediate, Control, "leave to the dispatcher, to go on at page offset I"),
        new(LeaveAtPc, OpcodeOperands.None, Control, "leave to the dispatcher; a helper has set the program counter"),
    ];

    private static readonly OpcodeInfo[] RowArray = [.. Rows];

    /// <summary>The row of an operation.</summary>
    public static OpcodeInfo Of(Opcode opcode) => RowArray[(int)opcode];
}
