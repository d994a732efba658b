using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Tests.X86.Instructions;

/// <summary>Moves, stack and near control transfers on all engines, with the corners that registers of several names have.</summary>
[TestFixture]
public class MoveTests
{
    private const ulong Pattern = 0x1122_3344_5566_7788;

    [Test]
    public void Partial_registers_keep_or_clear_the_rest()
    {
        var s = Snippet.Of(64, a =>
        {
            a.mov(al, bh);
            a.mov(ch, dl);
            a.mov(si, 0x9999);
            a.mov(edi, -1);
            a.mov(spl, al);
            a.xchg(bl, bh);
        }).With(Register.RAX, Pattern).With(Register.RBX, Pattern).With(Register.RCX, Pattern).With(Register.RDX, Pattern)
            .With(Register.RSI, Pattern).With(Register.RDI, Pattern).With(Register.RSP, 0x9000).Run();
        Assert.Multiple(() =>
        {
            Assert.That(s[Register.RAX], Is.EqualTo(0x1122_3344_5566_7777));
            Assert.That(s[Register.RCX], Is.EqualTo(0x1122_3344_5566_8888));
            Assert.That(s[Register.RSI], Is.EqualTo(0x1122_3344_5566_9999));
            Assert.That(s[Register.RDI], Is.EqualTo(0xffff_ffff));
            Assert.That(s[Register.RSP], Is.EqualTo(0x9077));
            Assert.That(s[Register.RBX], Is.EqualTo(0x1122_3344_5566_8877));
        });
    }

    [Test]
    public void Stack_pointer_as_operand()
    {
        var s = Snippet.Of(64, a =>
        {
            a.push(rsp);
            a.push(7);
            a.pop(__qword_ptr[rsp]);
            a.pop(rax);
            a.push(rax);
            a.pop(rsp);
        }).With(Register.RSP, 0x9000).WithMemory(0x9000, 1, 2, 3, 4, 5, 6, 7, 8).Run();
        Assert.Multiple(() =>
        {
            Assert.That(s[Register.RAX], Is.EqualTo(7));
            Assert.That(s[Register.RSP], Is.EqualTo(7));
            Assert.That(s.Data[0x0ff8], Is.EqualTo(7));
        });
    }

    [TestCase(16)]
    [TestCase(32)]
    public void All_registers_pushed_and_popped(int bits)
    {
        var s = Snippet.Of(bits, a =>
        {
            a.pushad();
            a.mov(ebx, 5);
            a.pop(edi);
            a.pop(esi);
            a.sub(sp, 8);
            a.popad();
        }).With(Register.RSP, 0x9000).With(Register.RAX, 1).With(Register.RBX, 2).With(Register.RDI, 3).With(Register.RSI, 4).Run();
        Assert.That(new[] { s[Register.RSP], s[Register.RAX], s[Register.RBX], s[Register.RDI], s[Register.RSI] }, Is.EqualTo(new ulong[] { 0x9000, 1, 2, 3, 4 }));
    }

    [TestCase(16)]
    [TestCase(32)]
    [TestCase(64)]
    public void Calls_loops_and_returns(int bits)
    {
        var s = Snippet.Of(bits, a =>
        {
            var function = a.CreateLabel();
            var again = a.CreateLabel();
            var end = a.CreateLabel();
            a.mov(ecx, 5);
            a.Label(ref again);
            a.call(function);
            a.loop(again);
            if (bits == 64) a.jrcxz(end);
            else a.jecxz(end);
            a.nop();
            a.Label(ref function);
            a.add(eax, ecx);
            a.ret();
            a.Label(ref end);
            a.mov(edx, 1);
        }, 1 + (5 * 4) + 2).With(Register.RSP, 0x9000).Run();
        Assert.That((s[Register.RAX], s[Register.RDX], s[Register.RSP]), Is.EqualTo((15ul, 1ul, 0x9000ul)));
    }

    [Test]
    public void Nested_frames()
    {
        var s = Snippet.Of(64, a =>
        {
            a.enter(0x20, 3);
            a.mov(rax, rbp);
            a.leave();
        }).With(Register.RSP, 0x9000).With(Register.RBP, 0x9800).Run();
        Assert.That((s[Register.RAX], s[Register.RBP], s[Register.RSP]), Is.EqualTo((0x8ff8ul, 0x9800ul, 0x9000ul)));
        Assert.That(BitConverter.ToUInt64(s.Data, 0x8ff8 - 0x8000 - 24), Is.EqualTo(0x8ff8));
    }

    [Test]
    public void Flags_pushed_and_popped()
    {
        var s = Snippet.Of(64, a =>
        {
            a.push(0x0cd5);
            a.popfq();
            a.setb(al);
            a.pushfq();
            a.pop(rdx);
        }).With(Register.RSP, 0x9000).Run();
        Assert.That((s[Register.RAX], s[Register.RDX]), Is.EqualTo((1ul, 0xcd7ul)));
    }
}
