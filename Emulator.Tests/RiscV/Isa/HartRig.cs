using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Arch.RiscV.Isa;
using Emulator.Core.Backends;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Emulator.Core.Memory;
using Emulator.Tests.Fakes;

namespace Emulator.Tests.RiscV.Isa;

/// <summary>A hart in machine mode that executes single instructions by the definition of their IR, with some memory.</summary>
internal sealed class HartRig : IDisposable
{
    public const ulong Code = 0x8000_0000;
    public const ulong Data = 0x8000_2000;

    private const ulong MemoryBytes = 0x4000;

    private readonly MemorySystem _memory = new();
    private readonly RiscVArchitecture _architecture;
    private readonly IrBuilder _builder = new();

    public HartRig(string isa)
    {
        _architecture = new RiscVArchitecture(IsaConfiguration.Parse(isa));
        _memory.AddRam("ram", new GuestPhysicalAddress(Code), MemoryBytes);
        Hart = new RiscVHart(_architecture, _memory, 0, new RiscVHartEnvironment(new ManualClock())) { ProgramCounter = Code };
    }

    public RiscVHart Hart { get; }

    public ulong Pc
    {
        get => Hart.ProgramCounter;
        set => Hart.ProgramCounter = value;
    }

    /// <summary>An integer register.</summary>
    public ulong this[int register]
    {
        get => Hart[RiscVSlots.X(register)];
        set => Hart[RiscVSlots.X(register)] = value;
    }

    /// <summary>The encoding of an instruction.</summary>
    public uint Encode(string mnemonic, Operands operands) => _architecture.Decoder.Rows.Single(row => row.Mnemonic == mnemonic).Encode(operands);

    /// <summary>Executes an instruction at the program counter; gives the exception it raises.</summary>
    public GuestFault? Execute(string mnemonic, Operands operands) => Execute(Encode(mnemonic, operands));

    /// <inheritdoc cref="Execute(string, Operands)"/>
    public GuestFault? Execute(uint bits)
    {
        ulong pc = Pc;
        var block = Lift(bits);
        Hart[new Slot(StateSlots.CodePage)] = pc & ~(GuestPage.Size - 1);
        ReferenceInterpreter.Run(Hart, block);
        return Hart.TakeRaisedFault();
    }

    /// <summary>The block of some instructions, the first at the program counter.</summary>
    public IrBlock Lift(params uint[] instructions)
    {
        _builder.Begin((ushort)(Pc & (GuestPage.Size - 1)), Hart.Mode);
        foreach (uint bits in instructions)
        {
            if (_builder.IsEnded) break;
            _builder.BeginInstruction();
            Assert.That(_architecture.TryLift(_builder, BitConverter.GetBytes(bits)));
            _builder.EndInstruction();
        }

        var block = _builder.Finish();
        Assert.That(IrVerifier.FindError(block), Is.Null, block.ToString());
        return block;
    }

    public ulong Read(ulong address, int size)
    {
        Assert.That(_memory.TryRead(new GuestPhysicalAddress(address), size, out ulong value));
        return value;
    }

    public void Write(ulong address, int size, ulong value) => Assert.That(_memory.TryWrite(new GuestPhysicalAddress(address), size, value));

    public void Dispose()
    {
        Hart.Dispose();
        _memory.Dispose();
    }
}
