using Emulator.Core.Execution;
using Iced.Intel;

namespace Emulator.Arch.X86.Processor;

/// <content>What can be told about a fault only from the instruction.</content>
public sealed partial class X86Cpu
{
    private const int LongestInstruction = 15;
    private const int LeastOperand = 8; // where Iced gives no size
    private const ulong PageBytes = 4096;

    // An address that is not canonical raises #SS where it belongs to the stack segment, which the translation cannot know. All of an
    // access is checked before its alignment and before its first page is translated; flat segments are not checked otherwise.
    private GuestFault Refine(GuestFault fault) => (X86Exception)fault.Code switch
    {
        X86Exception.GeneralProtection when fault.Value2 != 0 => OfAddress(FindAccess(fault.Value2)),
        X86Exception.AlignmentCheck => FindAccess(fault.Value2) is { IsLinear: false } access ? OfAddress(access) : X86Fault.Of(X86Exception.AlignmentCheck),
        X86Exception.PageFault when IsOnLastPage(fault.Value2) => FindAccess(fault.Value2) is { IsLinear: false } access ? OfAddress(access) : fault,
        _ => fault,
    };

    private static GuestFault OfAddress((bool IsLinear, bool IsStack)? access) =>
        access is { IsStack: true } ? X86Fault.Stack() : X86Fault.GeneralProtection();

    private bool IsLinear(ulong address) => _mode.Is64 ? IsCanonical(address) : !_mode.Has(X86Mode.FlatData) || address <= uint.MaxValue;

    private bool IsOnLastPage(ulong address) => !IsLinear((address | (PageBytes - 1)) + 1);

    // The memory operand that an address belongs to: whether it is canonical or, in a flat segment, does not wrap around.
    private (bool IsLinear, bool IsStack)? FindAccess(ulong address)
    {
        byte[] code = new byte[LongestInstruction];
        for (int i = 0; i < code.Length; i++)
        {
            if (ReadLinear(ProgramCounter + (ulong)i, 1, DataIndexAt(Registers.Cpl), out ulong value) is not null) break;
            code[i] = (byte)value;
        }

        var decoder = Decoder.Create(_mode.Bitness, code, InstructionPointer);
        decoder.Decode(out var instruction);
        foreach (var used in new InstructionInfoFactory().GetInfo(instruction).GetUsedMemory())
        {
            if (!used.TryGetVirtualAddress(0, out ulong start, TryReadForAddress)) continue;
            var memorySize = used.MemorySize == MemorySize.Unknown ? instruction.MemorySize : used.MemorySize; // unknown of repeated ones
            int size = memorySize.GetSize();
            bool isBitString = instruction.Mnemonic is Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc;
            if (isBitString && instruction.Op1Kind == OpKind.Register) start = address; // the bit offset reaches beyond
            else if (address - start >= (ulong)Math.Max(size, LeastOperand)) continue;
            if (memorySize is MemorySize.SegPtr16 or MemorySize.SegPtr32 or MemorySize.SegPtr64)
            {
                // two accesses, the offset's first
                const int selectorBytes = 2;
                size -= selectorBytes;
                if (address - start >= (ulong)size) (start, size) = (start + (ulong)size, selectorBytes);
            }

            if (instruction.Mnemonic == Mnemonic.Maskmovdqu) size /= 2; // two accesses, as AMD's processors have it
            bool isChecked = _mode.Is64 || used.Segment is not (Register.FS or Register.GS);
            return (!isChecked || (IsLinear(start) && IsLinear(start + (ulong)Math.Max(size, 1) - 1)), UsesStackSegment(used));
        }

        return null;
    }

    // 64-bit mode ignores prefixes of all segments but FS and GS.
    private bool UsesStackSegment(UsedMemory used) => _mode.Is64
        ? used.Segment is not (Register.FS or Register.GS) && used.Base is Register.RSP or Register.RBP or Register.ESP or Register.EBP
        : used.Segment == Register.SS;

    private bool TryReadForAddress(Register register, int elementIndex, int elementSize, out ulong value)
    {
        value = register.IsSegmentRegister() ? this[X86Slots.SegmentBase(register - Register.ES)]
            : register.IsGPR() ? this[X86Slots.Of(register)]
            : 0;
        if (register.GetSize() == 4) value = (uint)value;
        else if (register.GetSize() == 2 && register.IsGPR()) value = (ushort)value;
        else if (register == Register.AL) value = (byte)value; // the index of XLAT
        return true;
    }
}
