using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Tests.X86.Instructions;

/// <summary>Each family runs on all engines; a few results that the manual gives. The host's processor judges the rest.</summary>
[TestFixture]
public class FamilyTests
{
    private const ulong Carry = 1;
    private const ulong Zero = 0x40;
    private const ulong Overflow = 0x800;

    [Test]
    public void Shifts_and_rotates()
    {
        var s = Snippet.Of(64, a =>
        {
            a.shl(eax, 4);
            a.sar(bl, cl);
            a.rcl(dx, 3);
            a.shld(esi, eax, cl);
            a.shl(r8d, cl);
            a.ror(r9b, 9);
            a.rcr(r10, 1);
            a.setc(r11b);
        }).With(Register.RAX, 0x8123_4567).With(Register.RBX, 0x90).With(Register.RCX, 2).With(Register.RDX, 0x8001)
            .With(Register.RSI, 0xffff_ffff).With(Register.R8, 0xf_4000_0000).With(Register.R9, 0x81).With(Register.R10, 1).Run();
        Assert.That(
            new[] { s[Register.RAX], s[Register.RBX], s[Register.RDX], s[Register.RSI], s[Register.R8], s[Register.R9], s[Register.R11] },
            Is.EqualTo(new ulong[] { 0x1234_5670, 0xe4, 0x000a, 0xffff_fffc, 0, 0xc0, 1 }));
    }

    [Test]
    public void A_count_of_zero_leaves_the_flags()
    {
        var s = Snippet.Of(64, a =>
        {
            a.cmp(eax, 1);
            a.shl(edx, cl);
            a.rol(edx, cl);
            a.setb(bl);
        }).With(Register.RCX, 32).With(Register.RDX, ulong.MaxValue).Run();
        Assert.That((s[Register.RBX], s[Register.RDX]), Is.EqualTo((1ul, (ulong)uint.MaxValue)));
    }

    [Test]
    public void Multiplication_and_division()
    {
        var s = Snippet.Of(64, a =>
        {
            a.mul(rbx);
            a.mov(r8, rdx);
            a.div(rbx);
            a.imul(ecx, ecx, -3);
            a.mov(r9, rax);
            a.cqo();
            a.idiv(rsi);
        }).With(Register.RAX, 0xffff_ffff_0000_0001).With(Register.RBX, 0xfedc_ba98_7654_3210).With(Register.RCX, 5)
            .With(Register.RSI, unchecked((ulong)-7)).Run();
        Assert.That(s[Register.R9], Is.EqualTo(0xffff_ffff_0000_0001));
        Assert.That((long)s[Register.RAX], Is.EqualTo(-0xffff_ffffL / -7));
        Assert.That(s[Register.RCX], Is.EqualTo(0xffff_fff1));
    }

    [Test]
    public void Bits_beyond_the_operand()
    {
        var s = Snippet.Of(64, a =>
        {
            a.bts(__dword_ptr[rbx], rcx);
            a.@lock.btr(__word_ptr[rbx], dx);
            a.btc(__qword_ptr[rbx], 3);
            a.setc(al);
        }).With(Register.RBX, 0x8100).With(Register.RCX, 100).With(Register.RDX, 0xffff).WithMemory(0x80fe, 0xff, 0xff).Run();
        Assert.That((s.Data[0x10c], s.Data[0xff], s.Data[0x100], s[Register.RAX]), Is.EqualTo(((byte)0x10, (byte)0x7f, (byte)8, 0ul)));
    }

    [Test]
    public void Bit_counts_and_fields()
    {
        var s = Snippet.Of(64, a =>
        {
            a.bsf(rax, rbx);
            a.bsr(ecx, ebx);
            a.lzcnt(dx, bx);
            a.tzcnt(esi, edi);
            a.popcnt(r8, rbx);
            a.pdep(r9, rbx, r10);
            a.pext(r11, rbx, r10);
            a.andn(r12d, ebx, r10d);
            a.bextr(r13, rbx, r14);
            a.crc32(r15d, bl);
        }).With(Register.RDX, 0).With(Register.RBX, 0x00f0_1230).With(Register.R10, 0xff00_ff00).With(Register.R14, 0x0804).Run();
        Assert.That(
            new[] { s[Register.RAX], s[Register.RCX], s[Register.RDX], s[Register.RSI], s[Register.R8], s[Register.R12], s[Register.R13] },
            Is.EqualTo(new ulong[] { 4, 23, 3, 32, 8, 0xff00_ed00 & ~0x00f0_1230ul, 0x23 }));
    }

    [Test]
    public void Decimal_adjustments()
    {
        var s = Snippet.Of(32, a =>
        {
            a.mov(al, 0x79);
            a.add(al, 0x35);
            a.daa();
            a.mov(bl, al);
            a.setc(bh);
            a.mov(eax, 63);
            a.aam(10);
        }).Run();
        Assert.That((s[Register.RBX], s[Register.RAX]), Is.EqualTo((0x0114ul, 0x0603ul)));
    }

    [TestCase(16)]
    [TestCase(32)]
    [TestCase(64)]
    public void Strings_repeat_themselves(int bits)
    {
        var s = Snippet.Of(bits, a =>
        {
            var end = a.CreateLabel();
            a.mov(edi, 0x8ff0);
            a.mov(ecx, 0x18);
            a.mov(al, 0x5a);
            a.rep.stosb();
            a.mov(esi, 0x8ff0);
            a.mov(edi, 0x8ff1);
            a.mov(ecx, 3);
            a.mov(__byte_ptr[esi], 1);
            a.rep.movsb();
            a.std();
            a.mov(ecx, 2);
            a.rep.movsb();
            a.cld();
            a.mov(edi, 0x8fe0);
            a.mov(ecx, 0x40);
            a.repne.scasb();
            a.mov(edx, ecx);
            a.mov(esi, 0x8ff0);
            a.mov(edi, 0x8ff1);
            a.mov(ecx, 0x40);
            a.repe.cmpsb();
            a.Label(ref end);
            a.jmp(end);
        }, 200).Run();
        Assert.Multiple(() =>
        {
            Assert.That(s.Data[0xff0..0xff6], Is.EqualTo(new byte[] { 1, 1, 1, 1, 1, 0x5a }));
            Assert.That(s.Data[0x1007..0x1009], Is.EqualTo(new byte[] { 0x5a, 0 }));
            Assert.That((s[Register.RDX], s[Register.RCX], s[Register.RSI]), Is.EqualTo((0x2aul, 0x3bul, 0x8ff5ul)));
        });
    }

    [Test]
    public void Exchanges_with_memory([Values(0x8100, 0x8103, 0x8106, 0x8fff)] long address)
    {
        var s = Snippet.Of(64, a =>
        {
            a.@lock.xadd(__dword_ptr[rbx], ecx);
            a.xchg(__qword_ptr[rbx + 8], rdx);
            a.mov(eax, 5);
            a.mov(esi, 7);
            a.@lock.cmpxchg(__dword_ptr[rbx], esi);
            a.setz(dil);
            a.@lock.sub(__word_ptr[rbx], 6);
            a.@lock.neg(__byte_ptr[rbx]);
            a.mov(r8, __qword_ptr[rbx]);
        }).With(Register.RBX, (ulong)address).With(Register.RCX, 3).With(Register.RDX, 9).WithMemory((ulong)address, 2, 0, 0, 0, 0x44).Run();
        Assert.That((s[Register.RCX], s[Register.RDX], s[Register.RDI], s[Register.R8]), Is.EqualTo((2ul, 0ul, 1ul, 0x44_0000_00fful)));
    }

    [Test]
    public void Sixteen_bytes_compared_and_exchanged()
    {
        var s = Snippet.Of(64, a =>
        {
            a.@lock.cmpxchg16b(__xmmword_ptr[rsi]);
            a.setz(dil);
            a.@lock.cmpxchg16b(__xmmword_ptr[rsi]);
            a.setz(r8b);
            a.mov(r9, __qword_ptr[rsi + 8]);
        }).With(Register.RSI, 0x8200).With(Register.RBX, 3).With(Register.RCX, 4).WithMemory(0x8200, 1, 0, 0, 0, 0, 0, 0, 0, 2).Run();
        Assert.That((s[Register.RAX], s[Register.RDX], s[Register.RDI], s[Register.R8], s[Register.R9]), Is.EqualTo((1ul, 2ul, 0ul, 1ul, 4ul)));
    }

    [Test]
    public void Flags_by_hand()
    {
        var s = Snippet.Of(64, a =>
        {
            a.mov(ah, 0xd5);
            a.sahf();
            a.cmc();
            a.lahf();
            a.adox(ebx, ecx);
            a.adcx(ebx, ecx);
            a.stc();
        }).With(Register.RBX, 0xffff_ffff).With(Register.RCX, 1).Run();
        Assert.That((s[Register.RAX], s[Register.RBX], s.Flags & (Carry | Zero | Overflow)), Is.EqualTo((0xd600ul, 1ul, Carry | Zero | Overflow)));
    }
}
