using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Tests.X86.Instructions;

/// <summary>Programs of many instructions: flags that pass from one to another, loops that get compiled, code that rewrites itself.</summary>
public sealed class ProgramTests
{
    private const int Rounds = 40;
    private static readonly AssemblerRegister64[] Wide = [rax, rcx, rdx, rsi, rdi, r8, r9, r10];
    private static readonly AssemblerRegister32[] Long = [eax, ecx, edx, esi, edi, r8d, r9d, r10d];
    private static readonly AssemblerRegister16[] Short = [ax, cx, dx, si, di, r8w, r9w, r10w];
    private static readonly AssemblerRegister8[] Bytes = [al, cl, dl, sil, dil, r8b, r9b, r10b];

    [Test]
    public void Engines_agree_on_random_loops([Range(0, 11)] int index)
    {
        int seed = TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"program {index}, seed {seed}");
        var random = new Random(seed);
        int length = 0;
        var snippet = Snippet.Of(64, a => length = WriteLoop(a, random), count: Rounds * 60);
        foreach (var register in Enumerable.Range(0, 11)) snippet.With(Register.RAX + register, (ulong)random.NextInt64() >> random.Next(64));
        snippet.With(Register.R11, Snippet.DataStart + 0x800).With(Register.R12, Rounds).With(Register.RSP, Snippet.DataStart + 0x3000).Run();
        Assert.That(length, Is.Positive);
    }

    [Test]
    public void The_next_instruction_sees_a_store_into_itself()
    {
        // mov al, imm8 gets the counter as its immediate, in the round in which it is executed
        var s = Snippet.Of(64, a =>
        {
            var patched = a.CreateLabel();
            var loop = a.CreateLabel();
            a.xor(ebx, ebx);
            a.mov(ecx, 200);
            a.lea(rsi, __[patched]);
            a.Label(ref loop);
            a.mov(__byte_ptr[rsi + 1], cl);
            a.Label(ref patched);
            a.mov(al, 0);
            a.movzx(eax, al);
            a.add(ebx, eax);
            a.dec(ecx);
            a.jnz(loop);
        }, count: 3 + (200 * 6)).Run();
        Assert.That(s[Register.RBX], Is.EqualTo(Enumerable.Range(1, 200).Aggregate(0ul, (sum, i) => sum + (byte)i)));
    }

    [Test]
    public void A_loop_that_is_rewritten_after_it_was_compiled_does_what_it_says_then()
    {
        // add ebx, ecx becomes sub ebx, ecx: 01 cb, 29 cb
        var s = Snippet.Of(64, a =>
        {
            var body = a.CreateLabel();
            var done = a.CreateLabel();
            a.xor(ebx, ebx);
            a.xor(edx, edx);
            a.mov(ecx, 100);
            a.Label(ref body);
            a.add(ebx, ecx);
            a.dec(ecx);
            a.jnz(body);
            a.inc(edx);
            a.cmp(edx, 2);
            a.je(done);
            a.mov(__byte_ptr[body], 0x29);
            a.mov(ecx, 99);
            a.jmp(body);
            a.Label(ref done);
            a.nop();
        }, count: 3 + 300 + 3 + 3 + 297 + 3 + 1).Run();
        Assert.That(s[Register.RBX], Is.EqualTo(100ul));
    }

    // Counts R12 down; R11 points into the data.
    private static int WriteLoop(Assembler a, Random random)
    {
        var loop = a.CreateLabel();
        a.Label(ref loop);
        int count = random.Next(10, 40);
        for (int i = 0; i < count; i++) WriteInstruction(a, random);
        a.dec(r12);
        a.jnz(loop);
        var end = a.CreateLabel();
        a.Label(ref end);
        a.jmp(end);
        return count;
    }

    private static void WriteInstruction(Assembler a, Random random)
    {
        int x = random.Next(8);
        int y = random.Next(8);
        int immediate = random.Next(4) == 0 ? random.Next(-128, 128) : random.Next();
        var place = r11 + random.Next(-64, 64);
        switch (random.Next(30))
        {
            case 0: a.add(Wide[x], Wide[y]); break;
            case 1: a.sub(Long[x], Long[y]); break;
            case 2: a.adc(Long[x], immediate); break;
            case 3: a.sbb(Wide[x], Wide[y]); break;
            case 4: a.cmp(Short[x], Short[y]); break;
            case 5: a.and(Bytes[x], Bytes[y]); break;
            case 6: a.xor(Long[x], Long[y]); break;
            case 7: a.test(Wide[x], Wide[y]); break;
            case 8: a.inc(Short[x]); break;
            case 9: a.dec(Wide[x]); break;
            case 10: a.neg(Long[x]); break;
            case 11: a.shl(Long[x], cl); break;
            case 12: a.sar(Wide[x], (byte)random.Next(64)); break;
            case 13: a.ror(Short[x], (byte)random.Next(20)); break;
            case 14: a.rcl(Long[x], (byte)random.Next(33)); break;
            case 15: a.imul(Long[x], Long[y]); break;
            case 16: a.mul(Wide[y]); break;
            case 17: a.bt(Wide[x], (byte)random.Next(64)); break;
            case 18: a.setl(Bytes[x]); break;
            case 19: a.cmovbe(Long[x], Long[y]); break;
            case 20: a.setp(Bytes[x]); break;
            case 21: a.add(__dword_ptr[place], Long[y]); break;
            case 22: a.mov(Wide[x], __qword_ptr[place]); break;
            case 23: a.xor(__byte_ptr[place], Bytes[y]); break;
            case 24: a.push(Wide[x]); a.pop(Wide[y]); break;
            case 25: a.lea(Long[x], Wide[y] + (Wide[x] * 4) + random.Next(100)); break;
            case 26: a.pushfq(); a.pop(Wide[x]); break;
            case 27: Skip(a, random); break;
            case 28: a.shld(Wide[x], Wide[y], cl); break;
            default: a.cmp(Long[x], immediate); Skip(a, random); break;
        }
    }

    // A conditional jump over an instruction.
    private static void Skip(Assembler a, Random random)
    {
        var behind = a.CreateLabel();
        switch (random.Next(10))
        {
            case 0: a.jo(behind); break;
            case 1: a.jb(behind); break;
            case 2: a.jne(behind); break;
            case 3: a.jbe(behind); break;
            case 4: a.js(behind); break;
            case 5: a.jp(behind); break;
            case 6: a.jl(behind); break;
            case 7: a.jg(behind); break;
            case 8: a.jae(behind); break;
            default: a.jle(behind); break;
        }

        a.not(Long[random.Next(8)]);
        a.Label(ref behind);
        a.nop();
    }
}
