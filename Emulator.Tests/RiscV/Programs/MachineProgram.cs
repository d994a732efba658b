using System.Buffers.Binary;
using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Machines;
using Emulator.Machines.RiscVVirt;

namespace Emulator.Tests.RiscV.Programs;

/// <summary>A few instructions at the start of RAM, entered in machine mode on the board.</summary>
internal static class MachineProgram
{
    /// <summary>How long a test waits for what must come.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The board with a program, switched off.</summary>
    public static VirtualMachine Create(EngineKind engine, string isa, params ReadOnlySpan<uint> code)
    {
        byte[] bytes = new byte[code.Length * sizeof(uint)];
        for (int i = 0; i < code.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * sizeof(uint)), code[i]);
        return VirtualMachine.Create(RiscVVirtMachine.Describe(1.MiB(), isa: isa) with
        {
            Kernel = GuestImage.Parse(bytes, "program"),
            Firmware = Firmware.None,
            Engine = new EngineOptions { Kind = engine },
        });
    }
}
