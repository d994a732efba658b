using Iced.Intel;

namespace Emulator.Tests.X86.Host;

/// <summary>Writes instructions with random operands of every kind that an encoding admits, and random prefixes.</summary>
internal sealed class InstructionWriter(Random random, OperandValues values, int bits)
{
    private const int Attempts = 20;
    private const int FarExit = 5;
    private static readonly byte[] Prefixes = [0x66, 0x67, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0xf2, 0xf3, 0xf0];

    private readonly Bytes _bytes = new();

    /// <summary>An instruction of an encoding at an address; branches go to one of two places.</summary>
    /// <param name="encoding">The encoding.</param>
    /// <param name="address">Where it will stand.</param>
    /// <param name="near">A target within reach of short branches.</param>
    /// <param name="far">A target for others.</param>
    public byte[] Write(OpCodeInfo encoding, ulong address, ulong near, ulong far)
    {
        for (int i = 0; i < Attempts; i++)
        {
            var instruction = Build(encoding, address, near, far);
            _bytes.Clear();

            // a branch with a 16-bit target is encoded as if it stood below 64 KiB
            ulong ip = HasBranch16(encoding) ? address & 0xffff : address;
            bool hasPrefix = values.OneIn(4);
            if (!Encoder.Create(bits, _bytes).TryEncode(instruction, hasPrefix ? ip + 1 : ip, out _, out _)) continue;
            byte[] bytes = _bytes.ToArray();
            return hasPrefix ? WithPrefix(bytes, encoding) : bytes;
        }

        throw new InvalidOperationException($"{encoding.Code} cannot be encoded in {bits}-bit code");
    }

    // One redundant or meaningless prefix; REX goes last.
    private byte[] WithPrefix(byte[] bytes, OpCodeInfo encoding)
    {
        bool isPlain = encoding.Encoding == EncodingKind.Legacy;
        int prefixes = bytes.TakeWhile(static b => Prefixes.Contains(b)).Count();
        if (bits == 64 && isPlain && values.OneIn(2) && (bytes[prefixes] & 0xf0) != 0x40)
        {
            return [.. bytes[..prefixes], (byte)(0x40 | random.Next(16)), .. bytes[prefixes..]];
        }

        return [Prefixes[random.Next(Prefixes.Length)], .. bytes];
    }

    private static bool HasBranch16(OpCodeInfo encoding) =>
        encoding.OpCount > 0 && encoding.GetOpKind(0) is OpCodeOperandKind.br16_1 or OpCodeOperandKind.br16_2;

    private Instruction Build(OpCodeInfo encoding, ulong address, ulong near, ulong far)
    {
        Instruction instruction = default;
        instruction.Code = encoding.Code;
        int addressSize = bits == 64 ? values.OneIn(4) ? 4 : 8 : values.OneIn(4) ? 2 : 4;
        for (int i = 0; i < encoding.OpCount; i++) SetOperand(ref instruction, i, encoding.GetOpKind(i), addressSize, address, near, far);
        bool hasMemory = Enumerable.Range(0, instruction.OpCount).Any(i => instruction.GetOpKind(i) == OpKind.Memory);
        if (hasMemory || encoding.CanUseRepPrefix)
        {
            if (addressSize == 2 || values.OneIn(8)) instruction.SegmentPrefix = addressSize == 2 ? Register.FS : values.Any(Register.FS, Register.GS);
            else if (values.OneIn(12)) instruction.SegmentPrefix = Register.ES + random.Next(6);
        }

        if (encoding.CanUseLockPrefix && hasMemory && values.OneIn(3)) instruction.HasLockPrefix = true;
        if (encoding.CanUseRepPrefix && values.OneIn(2)) instruction.HasRepPrefix = true;
        if (encoding.CanUseRepnePrefix && values.OneIn(3)) (instruction.HasRepnePrefix, instruction.HasRepPrefix) = (true, false);
        return instruction;
    }

    private void SetOperand(ref Instruction i, int operand, OpCodeOperandKind kind, int addressSize, ulong address, ulong near, ulong far)
    {
        switch (kind)
        {
            case OpCodeOperandKind.mem or OpCodeOperandKind.mem_mpx or OpCodeOperandKind.mem_mib:
                SetMemory(ref i, operand, addressSize, address);
                break;
            case OpCodeOperandKind.mem_offs:
                i.SetOpKind(operand, OpKind.Memory);
                i.MemoryDisplSize = addressSize;
                i.MemoryDisplacement64 = Offset(addressSize);
                break;
            case OpCodeOperandKind.r8_or_mem:
                SetRegisterOrMemory(ref i, operand, Register.AL, addressSize, address);
                break;
            case OpCodeOperandKind.r16_or_mem:
                SetRegisterOrMemory(ref i, operand, Register.AX, addressSize, address);
                break;
            case OpCodeOperandKind.r32_or_mem:
                SetRegisterOrMemory(ref i, operand, Register.EAX, addressSize, address);
                break;
            case OpCodeOperandKind.r64_or_mem:
                SetRegisterOrMemory(ref i, operand, Register.RAX, addressSize, address);
                break;
            case OpCodeOperandKind.xmm_or_mem:
                SetRegisterOrMemory(ref i, operand, Register.XMM0, addressSize, address);
                break;
            case OpCodeOperandKind.r8_reg or OpCodeOperandKind.r8_opcode:
                SetRegister(ref i, operand, Register.AL);
                break;
            case OpCodeOperandKind.r16_reg or OpCodeOperandKind.r16_opcode or OpCodeOperandKind.r16_rm:
                SetRegister(ref i, operand, Register.AX);
                break;
            case OpCodeOperandKind.r32_reg or OpCodeOperandKind.r32_opcode or OpCodeOperandKind.r32_rm or OpCodeOperandKind.r32_vvvv:
                SetRegister(ref i, operand, Register.EAX);
                break;
            case OpCodeOperandKind.r64_reg or OpCodeOperandKind.r64_opcode or OpCodeOperandKind.r64_rm or OpCodeOperandKind.r64_vvvv:
                SetRegister(ref i, operand, Register.RAX);
                break;
            case OpCodeOperandKind.xmm_reg or OpCodeOperandKind.xmm_rm:
                SetRegister(ref i, operand, Register.XMM0);
                break;
            case OpCodeOperandKind.seg_reg:
                Set(ref i, operand, Register.ES + random.Next(6));
                break;
            case OpCodeOperandKind.cr_reg:
                Set(ref i, operand, values.Any(Register.CR0, Register.CR2, Register.CR3, Register.CR4));
                break;
            case OpCodeOperandKind.dr_reg:
                Set(ref i, operand, values.Any(Register.DR0, Register.DR3, Register.DR6, Register.DR7));
                break;
            case OpCodeOperandKind.al:
                Set(ref i, operand, Register.AL);
                break;
            case OpCodeOperandKind.cl:
                Set(ref i, operand, Register.CL);
                break;
            case OpCodeOperandKind.ax:
                Set(ref i, operand, Register.AX);
                break;
            case OpCodeOperandKind.dx:
                Set(ref i, operand, Register.DX);
                break;
            case OpCodeOperandKind.eax:
                Set(ref i, operand, Register.EAX);
                break;
            case OpCodeOperandKind.rax:
                Set(ref i, operand, Register.RAX);
                break;
            case OpCodeOperandKind.es or OpCodeOperandKind.cs or OpCodeOperandKind.ss or OpCodeOperandKind.ds or OpCodeOperandKind.fs
                or OpCodeOperandKind.gs:
                Set(ref i, operand, kind switch
                {
                    OpCodeOperandKind.es => Register.ES,
                    OpCodeOperandKind.cs => Register.CS,
                    OpCodeOperandKind.ss => Register.SS,
                    OpCodeOperandKind.ds => Register.DS,
                    OpCodeOperandKind.fs => Register.FS,
                    _ => Register.GS,
                });
                break;
            case OpCodeOperandKind.es_rDI:
                i.SetOpKind(operand, addressSize switch { 2 => OpKind.MemoryESDI, 4 => OpKind.MemoryESEDI, _ => OpKind.MemoryESRDI });
                break;
            case OpCodeOperandKind.seg_rDI:
                i.SetOpKind(operand, addressSize switch { 2 => OpKind.MemorySegDI, 4 => OpKind.MemorySegEDI, _ => OpKind.MemorySegRDI });
                break;
            case OpCodeOperandKind.seg_rSI:
                i.SetOpKind(operand, addressSize switch { 2 => OpKind.MemorySegSI, 4 => OpKind.MemorySegESI, _ => OpKind.MemorySegRSI });
                break;
            case OpCodeOperandKind.seg_rBX_al:
                i.SetOpKind(operand, OpKind.Memory);
                i.MemoryBase = addressSize switch { 2 => Register.BX, 4 => Register.EBX, _ => Register.RBX };
                i.MemoryIndex = Register.AL;
                break;
            case OpCodeOperandKind.br16_1 or OpCodeOperandKind.br16_2:
                i.SetOpKind(operand, OpKind.NearBranch16);
                i.NearBranch16 = (ushort)near;
                break;
            case OpCodeOperandKind.br32_1 or OpCodeOperandKind.br32_4:
                i.SetOpKind(operand, OpKind.NearBranch32);
                i.NearBranch32 = (uint)(kind == OpCodeOperandKind.br32_1 ? near : far);
                break;
            case OpCodeOperandKind.br64_1 or OpCodeOperandKind.br64_4:
                i.SetOpKind(operand, OpKind.NearBranch64);
                i.NearBranch64 = kind == OpCodeOperandKind.br64_1 ? near : far;
                break;
            case OpCodeOperandKind.farbr2_2 or OpCodeOperandKind.farbr4_2:
                bool is16 = kind == OpCodeOperandKind.farbr2_2;
                i.SetOpKind(operand, is16 ? OpKind.FarBranch16 : OpKind.FarBranch32);
                i.FarBranchSelector = values.Any<ushort>(HostLayout.SomeSelectors);
                if (is16) i.FarBranch16 = (ushort)near;
                else i.FarBranch32 = (uint)HostLayout.ExitOf(i.FarBranchSelector, FarExit);
                break;
            default:
                SetImmediate(ref i, operand, kind);
                break;
        }
    }

    private void SetImmediate(ref Instruction i, int operand, OpCodeOperandKind kind)
    {
        switch (kind)
        {
            case OpCodeOperandKind.imm8_const_1:
                i.SetOpKind(operand, OpKind.Immediate8);
                i.Immediate8 = 1;
                break;
            case OpCodeOperandKind.imm8 when operand == 1 && i.Op0Kind == OpKind.Immediate16: // ENTER
                i.SetOpKind(operand, OpKind.Immediate8_2nd);
                i.Immediate8_2nd = (byte)(values.OneIn(2) ? random.Next(4) : random.Next(256));
                break;
            case OpCodeOperandKind.imm8:
                i.SetOpKind(operand, OpKind.Immediate8);
                i.Immediate8 = (byte)(values.OneIn(2) ? values.Count() : values.Integer(1));
                break;
            case OpCodeOperandKind.imm16:
                i.SetOpKind(operand, OpKind.Immediate16);
                i.Immediate16 = (ushort)(values.OneIn(2) ? values.Count() : values.Integer(2));
                break;
            case OpCodeOperandKind.imm32:
                i.SetOpKind(operand, OpKind.Immediate32);
                i.Immediate32 = (uint)values.Integer(4);
                break;
            case OpCodeOperandKind.imm64:
                i.SetOpKind(operand, OpKind.Immediate64);
                i.Immediate64 = values.Integer(8);
                break;
            case OpCodeOperandKind.imm32sex64:
                i.SetOpKind(operand, OpKind.Immediate32to64);
                i.Immediate32to64 = (int)values.Integer(4);
                break;
            case OpCodeOperandKind.imm8sex16:
                i.SetOpKind(operand, OpKind.Immediate8to16);
                i.Immediate8to16 = (sbyte)values.Integer(1);
                break;
            case OpCodeOperandKind.imm8sex32:
                i.SetOpKind(operand, OpKind.Immediate8to32);
                i.Immediate8to32 = (sbyte)values.Integer(1);
                break;
            case OpCodeOperandKind.imm8sex64:
                i.SetOpKind(operand, OpKind.Immediate8to64);
                i.Immediate8to64 = (sbyte)values.Integer(1);
                break;
            default:
                throw new NotSupportedException($"{i.Code}: no operands of kind {kind} are generated");
        }
    }

    private void SetRegisterOrMemory(ref Instruction i, int operand, Register first, int addressSize, ulong address)
    {
        if (values.OneIn(2)) SetRegister(ref i, operand, first);
        else SetMemory(ref i, operand, addressSize, address);
    }

    // AL to R15B counts AH to BH and SPL to DIL; the encoder refuses what does not go together.
    private void SetRegister(ref Instruction i, int operand, Register first) =>
        Set(ref i, operand, first + random.Next(bits == 64 ? first == Register.AL ? 20 : 16 : 8));

    private static void Set(ref Instruction i, int operand, Register register)
    {
        i.SetOpKind(operand, OpKind.Register);
        i.SetOpRegister(operand, register);
    }

    private void SetMemory(ref Instruction i, int operand, int addressSize, ulong address)
    {
        i.SetOpKind(operand, OpKind.Memory);
        if (addressSize == 2)
        {
            (i.MemoryBase, i.MemoryIndex) = values.Any(
                (Register.BX, Register.SI), (Register.BX, Register.DI), (Register.BP, Register.SI), (Register.BP, Register.DI),
                (Register.SI, Register.None), (Register.DI, Register.None), (Register.BP, Register.None), (Register.BX, Register.None), default);
            SetDisplacement(ref i, 2);
            return;
        }

        if (bits == 64 && values.OneIn(8))
        {
            i.MemoryBase = addressSize == 4 ? Register.EIP : Register.RIP;
            i.MemoryDisplSize = addressSize;
            i.MemoryDisplacement64 = HostLayout.Data + (ulong)random.Next(HostLayout.DataPages * HostLayout.PageSize);
            return;
        }

        var first = addressSize == 4 ? Register.EAX : Register.RAX;
        int registers = bits == 64 ? 16 : 8;
        if (!values.OneIn(10)) i.MemoryBase = first + random.Next(registers);
        if (values.OneIn(3))
        {
            i.MemoryIndex = first + random.Next(registers);
            if (i.MemoryIndex == first + 4) i.MemoryIndex = Register.None;
            else i.MemoryIndexScale = 1 << random.Next(4);
        }

        SetDisplacement(ref i, addressSize);
    }

    private void SetDisplacement(ref Instruction i, int addressSize)
    {
        if (i.MemoryBase == Register.None && i.MemoryIndex == Register.None)
        {
            i.MemoryDisplSize = addressSize == 2 ? 2 : 4;
            i.MemoryDisplacement64 = Offset(addressSize == 2 ? 2 : 4);
            return;
        }

        (i.MemoryDisplSize, i.MemoryDisplacement64) = random.Next(3) switch
        {
            0 => (0, 0ul),
            1 => (1, (ulong)(sbyte)values.Integer(1)),
            _ when addressSize == 2 => (2, values.Integer(2)),
            _ when addressSize == 4 => (4, values.Integer(4)),
            _ => (8, (ulong)(int)values.Integer(4)),
        };
        if (i.MemoryBase is Register.BP && i.MemoryIndex == Register.None && i.MemoryDisplSize == 0) i.MemoryDisplSize = 1;
        if (addressSize == 4) i.MemoryDisplacement64 = (uint)i.MemoryDisplacement64;
        if (addressSize == 2) i.MemoryDisplacement64 = (ushort)i.MemoryDisplacement64;
    }

    // An offset that means data; 16 bits are relative to FS.
    private ulong Offset(int addressSize)
    {
        ulong offset = (ulong)random.Next(HostLayout.DataPages * HostLayout.PageSize);
        return addressSize == 2 ? (ushort)(offset - (HostLayout.FsBase - HostLayout.Data)) : HostLayout.Data + offset;
    }

    private sealed class Bytes : CodeWriter
    {
        private readonly List<byte> _written = [];

        public void Clear() => _written.Clear();

        public byte[] ToArray() => [.. _written];

        public override void WriteByte(byte value) => _written.Add(value);
    }
}
