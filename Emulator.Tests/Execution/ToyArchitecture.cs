using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;

namespace Emulator.Tests.Execution;

/// <summary>
/// An architecture for tests whose every 4-byte word is a valid instruction: the word seeds a generator of IR. It reaches all operations
/// of the IR without the help of a real instruction set.
/// </summary>
internal sealed class ToyArchitecture(bool expectsMisaligned = false) : Architecture
{
    public const int Registers = 16;
    public const int Vectors = 4;
    public const ulong DataStart = 0x2_0000;
    public const ulong DataLength = 0x2000;

    private static readonly HelperTable Table = new();
    private static readonly Helper Mix = Table.Add(MixArguments);
    private static readonly Helper Peek = Table.Add(PeekRegister, HelperEffects.ReadsSlots);
    private static readonly Helper Poke = Table.Add(PokeRegister, HelperEffects.ReadsSlots | HelperEffects.WritesSlots);
    private static readonly Helper Fail = Table.Add(FailSometimes, HelperEffects.MayFault);
    private static readonly Helper AddBytes = Table.Add(AddLanes);
    private static readonly Helper Rotate = Table.Add(RotateLanes);
    private static readonly Helper Multiply = Table.Add(MultiplyLanes);
    private static readonly Helper Redirect = Table.Add(SkipAhead, HelperEffects.ReadsSlots);

    public override string Name => "toy";

    public override HelperTable Helpers => Table;

    public override int MmuIndexCount => 1;

    public override int MaxInstructionLength => 4;

    public override bool ExpectsMisalignedAccesses => expectsMisaligned;

    public override int MmuIndexOf(uint mode) => 0;

    public override (string Text, int Length) Disassemble(ReadOnlySpan<byte> code, ulong address, uint mode) => ("toy", 4);

    public static Slot R(int index) => new((ushort)(StateSlots.FirstGuest + index));

    public static Slot V(int index) => new((ushort)(StateSlots.FirstVector + (2 * index)));

    public override bool TryLift(IrBuilder builder, ReadOnlySpan<byte> code)
    {
        if (code.Length < 4) return false;
        builder.InstructionLength = 4;
        new Lifter(builder, new Random(BinaryPrimitives.ReadInt32LittleEndian(code))).Lift();
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong MixArguments(ulong a, ulong b, ulong c) => unchecked((a * 0x9E3779B97F4A7C15) ^ (b + (c << 7)));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong PeekRegister(VirtualCpu cpu, ulong a, ulong b, ulong c) => unchecked(cpu[R((int)(a & 15))] + b);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong PokeRegister(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        cpu[R((int)(a & 15))] = unchecked(b + cpu[R((int)(c & 15))]);
        return c;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong FailSometimes(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        if ((a & 3) == 0) cpu.RaiseFault(new GuestFault(77, b));
        return ~a;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> AddLanes(Vector128<byte> a, Vector128<byte> b, int constant) => a + b;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<byte> RotateLanes(Vector128<byte> a, Vector128<byte> b, int constant) =>
        Vector128.Shuffle(a, (Vector128.Create<byte>(3) + b + Vector128.Create((byte)constant)) & Vector128.Create<byte>(15));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> MultiplyLanes(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags)
    {
        flags |= a.ToScalar() & (ulong)constant;
        return a * b;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong SkipAhead(VirtualCpu cpu, ulong a, ulong b, ulong c)
    {
        cpu.ProgramCounter = (cpu.ProgramCounter & ~0xffful) | (a & 0xffc);
        return 0;
    }

    private readonly ref struct Lifter(IrBuilder ir, Random random)
    {
        private static readonly Opcode[] Integer = [.. Enum.GetValues<Opcode>().Where(o => o is >= Opcode.Add and <= Opcode.ByteSwap)];
        private static readonly Opcode[] Loads = [Opcode.Load8U, Opcode.Load8S, Opcode.Load16U, Opcode.Load16S, Opcode.Load32U, Opcode.Load32S, Opcode.Load64];
        private static readonly Opcode[] Stores = [Opcode.Store8, Opcode.Store16, Opcode.Store32, Opcode.Store64];
        private static readonly FloatFormat[] Formats = [FloatFormat.Binary32, FloatFormat.Binary64];

        public void Lift()
        {
            switch (random.Next(46))
            {
                case < 18: Compute(); break;
                case < 22: Load(); break;
                case < 26: Store(); break;
                case < 28: Atomic(); break;
                case < 30: Float(); break;
                case 30: ir.Write(Register(), ir.Call(Mix, Operand(), Operand(), Operand())); break;
                case 31: ir.Write(Register(), ir.Call(Peek, Operand(), Operand())); break;
                case 32: ir.Write(Register(), ir.Call(Poke, Operand(), Operand(), Operand())); break;
                case 33: ir.Write(Register(), ir.Call(Fail, Operand(), Operand())); break;
                case 34: ir.Write(Register(), ir.CodeAddress(random.Next(-100, 100))); break;
                case 35: Leave(); break;
                case 36: ir.Jump(NearTarget()); break;
                case < 42: Vector(); break;
                case 42: Repeat(); break;
                default: Branch(); break;
            }
        }

        private Slot Register() => R(random.Next(Registers));

        private Value Operand() => random.Next(4) == 0 ? Value.Of(Constant()) : Value.Of(Register());

        private long Constant() => random.Next(4) switch
        {
            0 => random.Next(-3, 4),
            1 => random.Next(-2048, 2048),
            2 => long.MinValue >> random.Next(64),
            _ => random.NextInt64(),
        };

        private void Compute()
        {
            var opcode = Integer[random.Next(Integer.Length)];
            var operands = OpcodeTable.Of(opcode).Operands;
            Value result = opcode switch
            {
                Opcode.ShlAdd => ir.ShlAdd(Operand(), random.Next(64), Operand()),
                Opcode.Select => ir.Select(Operand(), Operand(), Operand()),
                _ when operands.HasFlag(OpcodeOperands.BOrImmediate) => ir.BinaryForTest(opcode, Operand(), Operand()),
                _ => ir.UnaryForTest(opcode, Operand()),
            };
            if (random.Next(3) == 0) result = ir.Xor(result, Operand());
            ir.Write(Register(), result);
        }

        // addresses stay in the data area, mostly aligned, some across its pages, a few outside
        private Value Address(int size)
        {
            if (random.Next(30) == 0) return Operand();
            if (random.Next(20) == 0) return ir.Add(ir.And(Value.Of(Register()), 0x3ff8), 0x1_0000); // code: stores there change the program
            long mask = random.Next(4) == 0 ? 0x1fff : 0x1fff & ~(size - 1);
            return ir.Add(ir.And(Value.Of(Register()), mask), (long)DataStart - 8);
        }

        private void Load()
        {
            var opcode = Loads[random.Next(Loads.Length)];
            ir.Write(Register(), ir.Load(opcode, Address(8), random.Next(-8, 8), random.Next(8) == 0));
        }

        private void Store()
        {
            var opcode = Stores[random.Next(Stores.Length)];
            ir.Store(opcode, Address(8), random.Next(-8, 8), Operand(), random.Next(8) == 0);
        }

        private void Atomic()
        {
            int size = 1 << random.Next(4);
            var address = Address(size);
            var opcode = (Opcode)((int)Opcode.AtomicSwap + random.Next(12));
            ir.Write(Register(), opcode switch
            {
                Opcode.AtomicCompareExchange => ir.AtomicCompareExchange(size, address, Operand(), Operand()),
                Opcode.LoadExclusive => ir.LoadExclusive(size, address),
                _ => ir.Atomic(opcode, size, address, Operand()),
            });
        }

        private void Float()
        {
            var spec = new FloatSpec(Formats[random.Next(2)], (Core.FloatingPoint.RoundingMode)random.Next(5))
            {
                Source = Formats[random.Next(2)], Integer = (IntegerKind)random.Next(4), Relation = (FloatRelation)random.Next(3),
                Variant = random.Next(2) == 0 ? FloatVariant.Boxed : FloatVariant.None,
            };
            if (random.Next(2) == 0) spec = spec with { Rounding = Core.FloatingPoint.RoundingMode.NearestEven };
            var opcode = (Opcode)((int)Opcode.FAdd + random.Next(14));
            var operands = OpcodeTable.Of(opcode).Operands;
            ir.Write(Register(), operands.HasFlag(OpcodeOperands.C) ? ir.Float(opcode, spec, Number(), Number(), Number())
                : operands.HasFlag(OpcodeOperands.B) ? ir.Float(opcode, spec, Number(), Number())
                : ir.Float(opcode, spec, Number()));
        }

        // registers hold what earlier operations made; now and then a number as programs have them, of either format
        private Value Number()
        {
            if (random.Next(3) == 0) return Operand();
            double number = random.Next(8) switch
            {
                0 => 0,
                1 => -0.0,
                2 => random.Next(-100, 100),
                3 => random.NextDouble(),
                4 => Math.ScaleB(random.NextDouble() - 0.5, random.Next(-160, 160)),
                5 => Math.ScaleB(1 + random.Next(3), random.Next(-1074, 1023)),
                6 => random.NextInt64(),
                _ => random.Next(4) switch { 0 => double.NaN, 1 => double.PositiveInfinity, 2 => double.NegativeInfinity, _ => double.MaxValue },
            };
            return random.Next(2) == 0
                ? BitConverter.DoubleToInt64Bits(number)
                : (long)BitConverter.SingleToUInt32Bits((float)number) | (random.Next(4) == 0 ? 0 : unchecked((long)0xffff_ffff_0000_0000));
        }

        private void Vector()
        {
            var a = IrBuilder.ReadVector(V(random.Next(Vectors)));
            var b = IrBuilder.ReadVector(V(random.Next(Vectors)));
            switch (random.Next(9))
            {
                case 0: ir.WriteVector(V(random.Next(Vectors)), ir.LoadVector(Address(16), random.Next(-8, 8), Traits())); break;
                case 1: ir.StoreVector(Address(16), random.Next(-8, 8), a, Traits()); break;
                case 2: ir.WriteVector(V(random.Next(Vectors)), ir.Call(AddBytes, a, b)); break;
                case 3: ir.WriteVector(V(random.Next(Vectors)), ir.Call(Rotate, ir.Call(AddBytes, a, b), b, random.Next(-4, 4))); break;
                case 4: ir.WriteVector(V(random.Next(Vectors)), ir.VectorPack(Operand(), Operand())); break;
                case 5: ir.Write(Register(), ir.VectorLow(a)); break;
                case 6: ir.Write(Register(), ir.VectorHigh(a)); break;
                case 7: ir.WriteVector(V(random.Next(Vectors)), ir.Call(Multiply, a, b, random.Next(4))); break;
                default: ir.WriteVector(V(random.Next(Vectors)), ir.HoldVector(a)); break;
            }
        }

        // rarely aligned on purpose: most such accesses fault
        private AccessTraits Traits() => random.Next(8) switch
        {
            0 => AccessTraits.Address32,
            1 => AccessTraits.Aligned,
            2 => AccessTraits.Aligned | AccessTraits.Address32,
            _ => AccessTraits.None,
        };

        // counts a register down, one round an execution, as an instruction that can be interrupted
        private void Repeat()
        {
            var counter = Register();
            ir.Write(counter, ir.And(Value.Of(counter), 15));
            ir.SkipIfEqual(Value.Of(counter), 0);
            ir.Write(counter, ir.Sub(Value.Of(counter), 1));
            ir.RetryUnless(Value.Of(counter), 7);
            ir.Jump(ir.InstructionLength);
        }

        private void Leave()
        {
            switch (random.Next(4))
            {
                case 0:
                    ir.Leave();
                    break;
                case 1:
                    ir.Call(Redirect, Operand());
                    ir.LeaveAtPc();
                    break;
                case 2 when ir.InstructionCount > 0:
                    ir.SplitBefore();
                    break;
                default:
                    // anywhere in the code area
                    ir.JumpIndirect(ir.Add(ir.And(Value.Of(Register()), 0x3fff), 0x1_0000), 0, 3, isReturn: random.Next(2) == 0);
                    break;
            }
        }

        private long NearTarget() => random.Next(4) == 0 ? 4 * random.Next(-64, 64) : 4 * random.Next(-12, 12);

        private void Branch() =>
            ir.Branch((Opcode)((int)Opcode.BranchEq + random.Next(6)), Operand(), Operand(), NearTarget());
    }
}

/// <summary>A hart of <see cref="ToyArchitecture"/>: no translation; a fault is mixed into a register and the next instruction follows.</summary>
internal sealed class ToyCpu(Architecture architecture, MemorySystem memory) : VirtualCpu(architecture, memory, 0)
{
    public override uint Mode => 0;

    protected internal override bool HasWakeupEvent => true;

    protected internal override bool TryTranslate(
        GuestVirtualAddress address, AccessKind kind, int size, int mmuIndex, out AddressTranslation translation, out GuestFault fault)
    {
        translation = new AddressTranslation(new GuestPhysicalAddress(address.Value), true, true, true);
        fault = default;
        return true;
    }

    protected internal override GuestFault AccessFault(GuestVirtualAddress address, AccessKind kind) => new(1, address.Value);

    protected internal override GuestFault MisalignedFault(GuestVirtualAddress address, AccessKind kind, int size) => new(2, address.Value);

    protected internal override void DeliverFault(GuestFault fault)
    {
        var slot = ToyArchitecture.R((int)(fault.Code & 15));
        this[slot] = unchecked((this[slot] * 31) + fault.Value + ProgramCounter);
        ulong next = ProgramCounter + 4;
        ProgramCounter = next is >= 0x1_0000 and < 0x1_4000 ? next : 0x1_0000 + (next & 0x3ffc);
    }

    protected internal override bool TryDeliverInterrupt() => false;

    public override void Reset() => ProgramCounter = 0x1_0000;
}
