using System.Runtime.InteropServices;
using Emulator.Arch.X86.Processor;
using Iced.Intel;

namespace Emulator.Tests.X86.Host;

/// <summary>Makes cases of one instruction: where it stands, and registers and memory that it does something with.</summary>
internal sealed class CaseGenerator
{
    private const int SlotBytes = 256;
    private const int Slots = HostLayout.CodePages * HostLayout.PageSize / SlotBytes;
    private const int JumpBytes = 5;
    private const int Attempts = 200;
    private const uint ArithmeticFlags = 0x8d5;

    private const int BackExit = 2;
    private const int TargetExit = 3;
    private const int PointerExit = 4;

    private readonly Random _random;
    private readonly OperandValues _values;
    private readonly InstructionWriter _writer;
    private readonly InstructionInfoFactory _information = new();
    private readonly OpCodeInfo[] _encodings;
    private readonly int _bits;
    private int _slot;

    public CaseGenerator(int seed, int bits, IEnumerable<OpCodeInfo> encodings)
    {
        _random = new Random(seed);
        _values = new OperandValues(_random);
        _writer = new InstructionWriter(_random, _values, bits);
        _bits = bits;
        _encodings = [.. encodings];
        _random.Shuffle(_encodings);
    }

    /// <summary>Cases of all encodings in turn, without end: each instruction with several operand values.</summary>
    public IEnumerable<GeneratedCase> Cases(int perInstruction)
    {
        while (true)
        {
            foreach (var encoding in _encodings)
            {
                var (code, instruction, bytes) = Place(encoding);
                for (int i = 0; i < perInstruction; i++)
                {
                    HostCase start;
                    do start = Operands(code, instruction);
                    while (!instruction.IsInvalid && !IsHarmless(start, instruction));
                    yield return new GeneratedCase(start, instruction, bytes);
                    code.CodeLength = 0; // it is there already
                }
            }
        }
    }

    // A jump to an exit, the instruction, a jump to the exit of those that fall through, a jump for those that jump over it.
    private (HostCase Code, Instruction Instruction, byte[] Bytes) Place(OpCodeInfo encoding)
    {
        var start = new HostCase
        {
            Bits = (byte)_bits, CodeAddress = HostLayout.Code + (ulong)(_slot++ % Slots * SlotBytes) + (ulong)_random.Next(SlotBytes - CodeBytes.Length),
        };
        ulong address = start.CodeAddress + JumpBytes;
        start.InstructionPointer = address;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            int guess = 0;
            byte[] bytes;
            bool isBack = _values.OneIn(3);
            do
            {
                // the first time its length is not known yet
                ulong near = isBack ? start.CodeAddress : address + (ulong)(guess + JumpBytes);
                bytes = _writer.Write(encoding, address, near, _values.OneIn(3) ? near : HostLayout.Exit(_bits, TargetExit));
                (guess, int length) = (bytes.Length, guess);
                if (length == guess || isBack || encoding.Code.FlowControl() == FlowControl.Next) break;
            }
            while (true);

            var instruction = Decode(bytes, address, out var error);
            if (error == DecoderError.NoMoreBytes) continue; // a prefix made it longer
            if ((!instruction.IsInvalid && instruction.Length != bytes.Length) || (!instruction.IsInvalid && EncodingCatalog.ReasonToSkip(instruction.Code, _bits) is not null)) continue;
            Span<byte> code = start.Code;
            Jump(code, start.CodeAddress, BackExit);
            bytes.CopyTo(code[JumpBytes..]);
            Jump(code[(JumpBytes + bytes.Length)..], address + (ulong)bytes.Length, 0);
            Jump(code[((2 * JumpBytes) + bytes.Length)..], address + (ulong)bytes.Length + JumpBytes, 1);
            start.CodeLength = (byte)((3 * JumpBytes) + bytes.Length);
            return (start, instruction, bytes);
        }

        throw new InvalidOperationException($"{encoding.Code} never decodes to what can be compared in {_bits}-bit code");
    }

    private void Jump(Span<byte> code, ulong from, int exit)
    {
        code[0] = 0xe9;
        MemoryMarshal.Write(code[1..], (uint)(HostLayout.Exit(_bits, exit) - from - JumpBytes));
    }

    private Instruction Decode(byte[] bytes, ulong address, out DecoderError error)
    {
        var decoder = Decoder.Create(_bits, bytes, address);
        decoder.Decode(out var instruction);
        error = decoder.LastError;
        return instruction;
    }

    private HostCase Operands(HostCase start, in Instruction instruction)
    {
        start.Flags = (uint)_random.Next() & ArithmeticFlags | Eflags.Reserved1 | Eflags.If;
        if (_values.OneIn(4)) start.Flags |= Eflags.Df;
        if (_values.OneIn(16)) start.Flags |= Eflags.Ac;
        if (_values.OneIn(4)) start.Flags |= Eflags.Id;
        start.Mxcsr = _random.Next(3) switch { 0 => (uint)_random.Next(0x10000), 1 => 0x1f80u | (uint)_random.Next(0x10000), _ => 0x1f80 };
        int registers = _bits == 64 ? 16 : 8;
        int size = _bits / 8;
        for (int i = 0; i < registers; i++) start.Registers[i] = _values.Integer(_values.OneIn(3) ? 4 : size) & (_bits == 64 ? ulong.MaxValue : uint.MaxValue);
        _values.Fill(MemoryMarshal.AsBytes((Span<ulong>)start.Vectors));
        Set(ref start, Register.RSP, HostLayout.Stack + (ulong)_random.Next(HostLayout.PageSize));
        if (_values.OneIn(2)) Set(ref start, Register.RSP, Middle());
        if (instruction.IsInvalid) return start;
        if (_values.OneIn(2)) Set(ref start, Register.RCX, _values.Count());
        Suit(ref start, instruction);
        AimMemory(ref start, instruction);
        if (instruction.FlowControl is FlowControl.IndirectBranch or FlowControl.IndirectCall && instruction.Op0Kind == OpKind.Register && !_values.OneIn(16))
        {
            Set(ref start, instruction.Op0Register, HostLayout.Exit(_bits, PointerExit));
        }

        return start;

        ulong Middle() => HostLayout.Stack + (HostLayout.PageSize / 2) + (ulong)(_random.Next(32) * 8);
    }

    // The program that executes the cases is not to be touched by them.
    private bool IsHarmless(in HostCase start, in Instruction instruction)
    {
        foreach (var access in _information.GetInfo(instruction).GetUsedMemory())
        {
            if (MemoryOperand.AddressOf(start, access) - HostLayout.HostProgram < HostLayout.HostProgramBytes) return false;
        }

        return true;
    }

    // Operands for which something else happens than a fault or nothing.
    private void Suit(ref HostCase start, in Instruction instruction)
    {
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Div or Mnemonic.Idiv when !_values.OneIn(4):
                ulong high = instruction.Mnemonic == Mnemonic.Idiv && _values.OneIn(2) ? ulong.MaxValue : _values.OneIn(2) ? 0 : (ulong)_random.Next(8);
                if (instruction.MemorySize.GetSize() == 1 || (instruction.Op0Kind == OpKind.Register && instruction.Op0Register.GetSize() == 1))
                {
                    Set(ref start, Register.RAX, (start.Registers[0] & ~0xff00ul) | ((high & 0xff) << 8));
                }
                else
                {
                    Set(ref start, Register.RDX, high);
                }

                break;
            case Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc when instruction.Op1Kind == OpKind.Register && !_values.OneIn(8):
                Set(ref start, instruction.Op1Register, (ulong)_random.Next(-3000, 3000));
                break;
            case Mnemonic.Cmpxchg8b or Mnemonic.Cmpxchg16b or Mnemonic.Cmpxchg:
                if (_values.OneIn(3)) Set(ref start, Register.RAX, 0);
                if (_values.OneIn(2)) Set(ref start, Register.RDX, start.Registers[0]);
                break;
            case Mnemonic.Maskmovdqu:
                if (instruction.Op1Register != instruction.Op0Register && _values.OneIn(4)) start.Vectors[2 * (instruction.Op1Register - Register.XMM0)] = 0;
                break;
            case Mnemonic.Verr or Mnemonic.Verw or Mnemonic.Lar or Mnemonic.Lsl when instruction.GetOpKind(instruction.OpCount - 1) == OpKind.Register:
                SetSelector(ref start, instruction.GetOpRegister(instruction.OpCount - 1));
                break;
            case Mnemonic.Mov when instruction.Op0Register.IsSegmentRegister() && instruction.Op1Kind == OpKind.Register:
                SetSelector(ref start, instruction.Op1Register);
                break;
            default:
                if (instruction.HasRepPrefix || instruction.HasRepnePrefix) Set(ref start, Register.RCX, _values.OneIn(20) ? _values.Integer(_bits / 8) : (ulong)_random.Next(40));
                break;
        }
    }

    private void SetSelector(ref HostCase start, Register register) =>
        Set(ref start, register, (start.Registers[register.GetFullRegister() - Register.RAX] & ~0xfffful) | _values.Any<ushort>(HostLayout.SomeSelectors));

    private void Set(ref HostCase start, Register register, ulong value) =>
        start.Registers[register.GetFullRegister() - Register.RAX] = _bits == 64 ? value : (uint)value;

    // Sets base registers so that the instruction's accesses go where there is something to see, and puts values there.
    private void AimMemory(ref HostCase start, in Instruction instruction)
    {
        int aimed = 0;
        foreach (var access in _information.GetInfo(instruction).GetUsedMemory())
        {
            if (access.Access == OpAccess.NoMemAccess && !_values.OneIn(2)) continue;
            int size = Math.Max(access.MemorySize.GetSize(), 1);
            bool isStack = access.Base.GetFullRegister() == Register.RSP;
            if (access.Base is not (Register.None or Register.RIP or Register.EIP) || access.Index != Register.None)
            {
                var solved = access.Base == Register.None ? access.Index : access.Base;
                int number = solved.GetFullRegister() - Register.RAX;
                if ((aimed & (1 << number)) == 0 && !(isStack && _values.OneIn(2)))
                {
                    Aim(ref start, access, solved, isStack ? StackTarget(size) : DataTarget(size, instruction));
                    aimed |= 1 << number;
                }
            }

            Fill(ref start, MemoryOperand.AddressOf(start, access), size, instruction);
        }
    }

    private void Aim(ref HostCase start, in UsedMemory access, Register solved, ulong target)
    {
        ulong mask = MemoryOperand.AddressMask(access.AddressSize);
        ulong rest = target - MemoryOperand.SegmentBase(access.Segment) - access.Displacement;
        ulong factor = access.Base == Register.None ? (ulong)access.Scale : 1;
        if (access.Base != Register.None && access.Index == access.Base) factor += (ulong)access.Scale;
        else if (access.Base != Register.None && access.Index != Register.None) rest -= MemoryOperand.Content(start, access.Index) * (ulong)access.Scale;
        ulong value = factor == 1 ? rest & mask : (rest & mask) / factor;
        ulong before = start.Registers[solved.GetFullRegister() - Register.RAX];
        Set(ref start, solved, (value & mask) | (before & ~mask));
    }

    private ulong StackTarget(int size) => _random.Next(8) switch
    {
        0 => HostLayout.Stack - (ulong)_random.Next(size + 1),
        1 => HostLayout.Stack + HostLayout.PageSize - (ulong)_random.Next(size + 1),
        _ => HostLayout.Stack + (ulong)_random.Next(HostLayout.PageSize - 16),
    };

    private ulong DataTarget(int size, in Instruction instruction)
    {
        const ulong end = HostLayout.Data + (HostLayout.DataPages * HostLayout.PageSize);
        ulong inside = HostLayout.Data + (ulong)_random.Next(((HostLayout.DataPages - 1) * HostLayout.PageSize) - 64);
        ulong page = HostLayout.Data + (ulong)(_random.Next(HostLayout.DataPages) * HostLayout.PageSize);
        bool isLocked = instruction.HasLockPrefix || instruction.Mnemonic == Mnemonic.Xchg;
        ulong target = _random.Next(40) switch
        {
            < 4 => page - (ulong)_random.Next(size), // across pages: also from nowhere into the first, and into the one that is read-only
            4 => HostLayout.ReadOnlyData - (ulong)_random.Next(size),
            5 => HostLayout.ReadOnlyData + (ulong)_random.Next(HostLayout.PageSize - 16),
            6 => end - (ulong)_random.Next(size + 1),
            7 => end + (ulong)_random.Next(0x10_0000),
            8 when _bits == 64 => _values.Any(0x8000_0000_0000ul, 0xffff_8000_0000_0000ul, 0ul) - (ulong)_random.Next(size + 8),
            8 => (uint)-(size + _random.Next(8)),
            < 24 => inside & ~15ul,
            _ => inside,
        };

        // a locked access across cache lines may be trapped, or take very long, on the host
        return isLocked ? target & ~(ulong)(size - 1) : target;
    }

    // A pointer where a jump is read from, operand values elsewhere; now and then nothing.
    private void Fill(ref HostCase start, ulong address, int size, in Instruction instruction)
    {
        if (start.PatchCount == Patches.Length || _values.OneIn(8)) return;
        Patch patch = default;
        Span<byte> bytes = patch.Bytes;
        _values.Fill(bytes);
        int before = _random.Next(24);
        patch.Address = address - (ulong)before;
        if (SelectorOffset(instruction) is { } offset)
        {
            ushort selector = _values.Any<ushort>(HostLayout.SomeSelectors);
            WriteFar(bytes[before..], offset, selector, instruction);
        }
        else
        {
            bool isPointer = instruction.FlowControl is FlowControl.Return
                || (instruction.FlowControl is FlowControl.IndirectBranch or FlowControl.IndirectCall && instruction.Op0Kind == OpKind.Memory && start.PatchCount == 0);
            ulong value = isPointer && !_values.OneIn(16) ? HostLayout.Exit(_bits, PointerExit) : _values.Integer(Math.Min(size, 8));
            if (size <= 8) MemoryMarshal.AsBytes([value])[..size].CopyTo(bytes[before..]);
        }

        start.Patches[start.PatchCount++] = patch;
    }

    // Where in memory a selector is; null when the instruction reads none.
    private static int? SelectorOffset(in Instruction i) => i.Mnemonic switch
    {
        Mnemonic.Verr or Mnemonic.Verw or Mnemonic.Lar or Mnemonic.Lsl => 0,
        Mnemonic.Mov or Mnemonic.Pop when i.Op0Kind == OpKind.Register && i.Op0Register.IsSegmentRegister() => 0,
        Mnemonic.Lds or Mnemonic.Les or Mnemonic.Lfs or Mnemonic.Lgs or Mnemonic.Lss => i.MemorySize.GetSize() - 2,
        Mnemonic.Call or Mnemonic.Jmp when i.IsCallFarIndirect || i.IsJmpFarIndirect => i.MemorySize.GetSize() - 2,
        Mnemonic.Retf => ReturnSize(i.Code),
        Mnemonic.Iret => 2,
        Mnemonic.Iretd => 4,
        Mnemonic.Iretq => 8,
        _ => null,
    };

    private static int ReturnSize(Code code) => code switch
    {
        Code.Retfw or Code.Retfw_imm16 => 2,
        Code.Retfd or Code.Retfd_imm16 => 4,
        _ => 8,
    };

    // A far pointer to an exit, and for IRET flags and a stack after it.
    private void WriteFar(Span<byte> bytes, int offset, ushort selector, in Instruction instruction)
    {
        ulong target = HostLayout.ExitOf(selector, PointerExit);
        MemoryMarshal.AsBytes([target])[..offset].CopyTo(bytes);
        MemoryMarshal.Write(bytes[offset..], selector);
        if (instruction.Mnemonic is not (Mnemonic.Iret or Mnemonic.Iretd or Mnemonic.Iretq)) return;
        ulong flags = ((uint)_random.Next() & ArithmeticFlags) | Eflags.Reserved1;
        ulong[] rest = [flags, HostLayout.Stack + (ulong)_random.Next(HostLayout.PageSize), _values.Any<ushort>(HostLayout.SomeSelectors)];
        for (int i = 0; i < rest.Length && ((i + 3) * offset) <= bytes.Length; i++) MemoryMarshal.AsBytes([rest[i]])[..offset].CopyTo(bytes[((i + 2) * offset)..]);
    }
}
