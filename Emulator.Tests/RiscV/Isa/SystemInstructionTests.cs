using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Decoding;
using Emulator.Core.Execution;
using Emulator.Core.Ir;
using Architecture = System.Runtime.InteropServices.Architecture;
using RuntimeInformation = System.Runtime.InteropServices.RuntimeInformation;

namespace Emulator.Tests.RiscV.Isa;

/// <summary>What instructions ask of the hart: CSR accesses, traps, cache blocks; and where blocks end because of it.</summary>
public sealed class SystemInstructionTests
{
    private const ushort Mstatus = 0x300;
    private const ushort Mscratch = 0x340;
    private const ushort Mhartid = 0xf14;
    private const ushort Cycle = 0xc00;
    private const ushort Unknown = 0x5c0;
    private const uint Nop = 0x13;

    [Test]
    public void Csr_instructions_read_then_write([Values("max", "rv32max")] string isa)
    {
        using var rig = new HartRig(isa);
        rig[5] = 0x5a;
        Assert.That(rig.Execute("csrrw", new Operands { Rd = 5, Csr = Mscratch, Rs1 = 5 }), Is.Null);
        Assert.That(rig[5], Is.Zero);
        rig[6] = 0x0f;
        rig.Execute("csrrs", new Operands { Rd = 7, Csr = Mscratch, Rs1 = 6 });
        Assert.That(rig[7], Is.EqualTo(0x5aul));
        rig.Execute("csrrc", new Operands { Rd = 6, Csr = Mscratch, Rs1 = 6 });
        Assert.That(rig[6], Is.EqualTo(0x5ful));
        rig.Execute("csrrsi", new Operands { Rd = 7, Csr = Mscratch, Immediate = 1 });
        Assert.That(rig[7], Is.EqualTo(0x50ul));
        rig.Execute("csrrci", new Operands { Rd = 7, Csr = Mscratch, Immediate = 0x10 });
        Assert.That(rig[7], Is.EqualTo(0x51ul));
        rig.Execute("csrrwi", new Operands { Rd = 0, Csr = Mscratch, Immediate = 31 });
        rig.Execute("csrrs", new Operands { Rd = 7, Csr = Mscratch });
        Assert.That(rig[7], Is.EqualTo(31ul));
    }

    [Test]
    public void A_csr_that_is_only_read_may_be_read_only()
    {
        using var rig = new HartRig("max");
        Assert.That(rig.Execute("csrrs", new Operands { Rd = 5, Csr = Mhartid }), Is.Null);
        Assert.That(rig.Execute("csrrci", new Operands { Rd = 5, Csr = Mhartid }), Is.Null);
        rig[6] = 0;
        foreach (string mnemonic in new[] { "csrrw", "csrrs", "csrrc" })
        {
            uint bits = rig.Encode(mnemonic, new Operands { Rd = 5, Csr = Mhartid, Rs1 = 6 });
            Assert.That(rig.Execute(bits), Is.EqualTo(new GuestFault((uint)ExceptionCause.IllegalInstruction, bits)), "rs1 is not x0");
        }
    }

    [Test]
    public void Illegal_instructions_give_their_bits([Values("max", "rv32max")] string isa)
    {
        using var rig = new HartRig(isa);
        uint unknown = rig.Encode("csrrs", new Operands { Rd = 5, Csr = Unknown });
        foreach (uint bits in new[] { unknown, 0u, 0xffff_ffffu, 0x8002u, 0x0000_006bu })
        {
            var expected = new GuestFault((uint)ExceptionCause.IllegalInstruction, bits);
            Assert.That(rig.Execute(bits), Is.EqualTo(expected), $"{bits:x}");
            Assert.That(rig.Pc, Is.EqualTo(HartRig.Code));
        }
    }

    [Test]
    public void Counters_are_read_in_blocks_of_their_own()
    {
        using var rig = new HartRig("max");
        uint read = rig.Encode("csrrs", new Operands { Rd = 5, Csr = Cycle });
        foreach (var block in new[] { rig.Lift(Nop, read, Nop), rig.Lift(read, Nop) })
        {
            Assert.That(block.InstructionCount, Is.EqualTo(1));
            Assert.That((block.Instructions[^1].Opcode, block.Instructions[^1].Immediate), Is.EqualTo((Opcode.Jump, 4L)));
        }
    }

    [Test]
    public void A_block_leaves_after_what_may_change_the_mode()
    {
        using var rig = new HartRig("max");
        var csr = new Operands { Rd = 5, Csr = Mstatus, Rs1 = 6 };
        Assert.That(LastOf(rig.Encode("csrrw", csr)), Is.EqualTo(Opcode.Leave));
        Assert.That(LastOf(rig.Encode("csrrs", csr)), Is.EqualTo(Opcode.Leave));
        Assert.That(LastOf(rig.Encode("csrrw", csr with { Csr = Mscratch })), Is.EqualTo(Opcode.Jump), "what only keeps a value does not");
        Assert.That(LastOf(rig.Encode("csrrs", csr with { Rs1 = 0 })), Is.EqualTo(Opcode.Jump), "a plain read does not");
        foreach (string mnemonic in new[] { "ecall", "ebreak", "wfi", "fence.i" }) Assert.That(LastOf(rig.Encode(mnemonic, default)), Is.EqualTo(Opcode.Leave), mnemonic);
        Assert.That(LastOf(rig.Encode("sfence.vma", new Operands { Rs1 = 5 })), Is.EqualTo(Opcode.Leave));
        foreach (string mnemonic in new[] { "mret", "sret" }) Assert.That(LastOf(rig.Encode(mnemonic, default)), Is.EqualTo(Opcode.LeaveAtPc), mnemonic);

        Opcode LastOf(uint bits) => rig.Lift(bits).Instructions[^1].Opcode;
    }

    [Test]
    public void Calls_and_breakpoints_raise_their_exceptions()
    {
        using var rig = new HartRig("max");
        rig.Pc += 8;
        Assert.That(rig.Execute("ecall", default), Is.EqualTo(new GuestFault((uint)ExceptionCause.EnvironmentCallFromMachine)));
        var breakpoint = new GuestFault((uint)ExceptionCause.Breakpoint, HartRig.Code + 8);
        Assert.That(rig.Execute("ebreak", default), Is.EqualTo(breakpoint));
        Assert.That(rig.Execute("c.ebreak", default), Is.EqualTo(breakpoint));
    }

    [Test]
    public void Cache_blocks_are_zeroed_and_prefetches_do_nothing()
    {
        using var rig = new HartRig("max");
        for (ulong n = 0; n < 256; n += 8) rig.Write(HartRig.Data + n, 8, ulong.MaxValue);
        rig[5] = HartRig.Data + 100;
        Assert.That(rig.Execute("cbo.zero", new Operands { Rs1 = 5 }), Is.Null);
        for (ulong n = 0; n < 256; n += 8)
        {
            Assert.That(rig.Read(HartRig.Data + n, 8), Is.EqualTo(n is >= 64 and < 128 ? 0 : ulong.MaxValue), $"{n}");
        }

        rig[5] = 0x1234;
        Assert.That(rig.Execute("prefetch.r", new Operands { Rs1 = 5, Immediate = -32 }), Is.Null, "there is no memory");
    }

    [Test]
    public void May_be_operations_write_zero_or_nothing()
    {
        using var rig = new HartRig("max");
        (rig[5], rig[6]) = (1, 2);
        rig.Execute("mop.r.13", new Operands { Rd = 5, Rs1 = 6 });
        Assert.That(rig[5], Is.Zero);
        rig[5] = 1;
        rig.Execute("mop.rr.3", new Operands { Rd = 5, Rs1 = 6, Rs2 = 6 });
        Assert.That(rig[5], Is.Zero);
        rig[5] = 1;
        rig.Execute("c.mop.5", default);
        Assert.That(rig[5], Is.EqualTo(1ul));
    }

    [Test]
    public void Only_loads_after_stores_need_a_fence_of_the_host()
    {
        Assume.That(RuntimeInformation.ProcessArchitecture, Is.EqualTo(Architecture.X64), "other hosts need all of them");
        using var rig = new HartRig("max");
        bool Fences(string mnemonic, int sets) =>
            rig.Lift(rig.Encode(mnemonic, new Operands { Immediate = sets })).Instructions.Any(i => i.Opcode == Opcode.Fence);
        Assert.That(Fences("fence", 0x33), Is.True, "rw, rw");
        Assert.That(Fences("fence", 0x12), Is.True, "w, r");
        Assert.That(Fences("fence", 0x11), Is.False, "w, w");
        Assert.That(Fences("fence", 0x22), Is.False, "r, r");
        Assert.That(Fences("fence", 0x03), Is.False, "a hint");
    }
}
