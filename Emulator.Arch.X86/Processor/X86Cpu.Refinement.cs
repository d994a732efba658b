using Emulator.Core.Execution;
using Iced.Intel;

namespace Emulator.Arch.X86.Processor;

/// <content>What can be told about a fault only from the instruction.</content>
public sealed partial class X86Cpu
{
    private const int LongestInstruction = 15;

    // An address that is not canonical raises #SS where it belongs to the stack segment, which the translation cannot know.
    private GuestFault Refine(GuestFault fault)
    {
        if (fault.Code != (uint)X86Exception.GeneralProtection || fault.Value2 == 0) return fault;
        return IsStackAccess(fault.Value2) ? X86Fault.Stack() : X86Fault.GeneralProtection();
    }

    private bool IsStackAccess(ulong address)
    {
        byte[] code = new byte[LongestInstruction];
        for (int i = 0; i < code.Length; i++)
        {
            if (ReadLinear(ProgramCounter + (ulong)i, 1, DataIndexAt(Registers.Cpl), out ulong value) is not null) break;
            code[i] = (byte)value;
        }

        var decoder = Decoder.Create(_mode.Bitness, code);
        decoder.Decode(out var instruction);
        foreach (var used in new InstructionInfoFactory().GetInfo(instruction).GetUsedMemory())
        {
            if (used.Segment != Register.SS || !used.TryGetVirtualAddress(0, out ulong start, TryReadForAddress)) continue;
            if (address - start < (ulong)Math.Max(used.MemorySize.GetSize(), 8)) return true;
        }

        return false;
    }

    private bool TryReadForAddress(Register register, int elementIndex, int elementSize, out ulong value)
    {
        value = register.IsSegmentRegister() ? this[X86Slots.SegmentBase(register - Register.ES)]
            : register.IsGPR() ? this[X86Slots.Of(register)]
            : 0;
        if (register.GetSize() == 4) value = (uint)value;
        return true;
    }
}
