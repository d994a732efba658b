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
        return Create(new EngineOptions { Kind = engine }, 1, isa, bytes);
    }

    /// <summary>The board with harts that all start the program, switched off.</summary>
    public static VirtualMachine Create(EngineOptions engine, int harts, string isa, byte[] code) =>
        Create(engine, harts, isa, GuestImage.Parse(code, "program"));

    /// <summary>The same with an image.</summary>
    public static VirtualMachine Create(EngineOptions engine, int harts, string isa, GuestImage program) =>
        VirtualMachine.Create(Describe(engine, harts, isa, program));

    /// <summary>What it is built from.</summary>
    public static MachineDescription Describe(EngineOptions engine, int harts, string isa, GuestImage program) =>
        RiscVVirtMachine.Describe(1.MiB(), harts, isa) with
        {
            Kernel = program,
            Firmware = Firmware.None,
            Engine = engine,
        };

    /// <summary>Switches on and waits for the program to report success to the test finisher.</summary>
    public static async Task AssertPasses(VirtualMachine machine)
    {
        machine.Start();
        var exit = await machine.Completion.WaitAsync(Patience);
        Assert.That((exit.End, exit.Code), Is.EqualTo((MachineEnd.PowerOff, 0)), exit.Fault?.ToString());
    }
}
