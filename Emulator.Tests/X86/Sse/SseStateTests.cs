using Emulator.Arch.X86;
using Emulator.Arch.X86.Processor;
using Emulator.Core.FloatingPoint;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Emulator.Tests.X86.Sse;

/// <summary>What the comparison with the host cannot see: availability, MXCSR from one instruction to the next, FXSAVE and FXRSTOR.</summary>
[TestFixture]
public sealed class SseStateTests
{
    private const uint Inexact = 0x20;

    private static readonly string[] Encodings =
    [
        "0f28c1", // movaps xmm0, xmm1
        "f20f58c1", // addsd xmm0, xmm1
        "660fefc0", // pxor xmm0, xmm0
        "0fae17", // ldmxcsr [rdi]
        "660ff7c1", // maskmovdqu xmm0, xmm1
    ];

    [Test]
    public void Undefined_without_the_system_s_consent([ValueSource(nameof(Encodings))] string code)
    {
        var unprepared = SseProgram.OfBytes(code).With(static cpu => cpu.Registers.Cr4 &= ~Cr4.OsFxsr).Run();
        var emulated = SseProgram.OfBytes(code).With(static cpu => cpu.Registers.Cr0 |= Cr0.Em | Cr0.Ts).Run();
        var switched = SseProgram.OfBytes(code).With(static cpu => cpu.Registers.Cr0 |= Cr0.Ts).Run();
        Assert.That((unprepared.Vector, emulated.Vector, switched.Vector), Is.EqualTo(
            ((int)X86Exception.InvalidOpcode, (int)X86Exception.InvalidOpcode, (int)X86Exception.DeviceNotAvailable)));
    }

    [TestCase("0fae07")] // fxsave [rdi]
    [TestCase("0fae0f")] // fxrstor [rdi]
    public void State_is_not_available_after_a_task_switch(string code)
    {
        var switched = SseProgram.OfBytes(code).With(static cpu => cpu.Registers.Cr0 |= Cr0.Ts).Run();
        var emulated = SseProgram.OfBytes(code).With(static cpu => cpu.Registers.Cr0 |= Cr0.Em).Run();
        Assert.That((switched.Vector, emulated.Vector), Is.EqualTo(((int)X86Exception.DeviceNotAvailable, (int)X86Exception.DeviceNotAvailable)));
    }

    [TestCase("0ffcc1")] // paddb mm0, mm1
    [TestCase("0f6fc1")] // movq mm0, mm1
    [TestCase("0fd7c1")] // pmovmskb eax, mm1
    [TestCase("0f2ac1")] // cvtpi2ps xmm0, mm1
    [TestCase("f30fd6c1")] // movq2dq xmm0, mm1
    public void Forms_on_mmx_registers_are_undefined(string code) =>
        Assert.That(SseProgram.OfBytes(code).Run().Vector, Is.EqualTo((int)X86Exception.InvalidOpcode));

    [Test]
    public void Unmasked_exceptions_are_undefined_instructions_to_a_system_that_does_not_know_them()
    {
        SseProgram Divide() => SseProgram.Of(static a =>
        {
            a.ldmxcsr(__dword_ptr[rdi]);
            a.movsd(xmm0, __qword_ptr[rdi + 8]);
            a.divsd(xmm0, __qword_ptr[rdi + 16]);
        }).WithData(0, 0x80, 0x1d).WithDoubles(8, 1, 0);
        var known = Divide().Run();
        var unknown = Divide().With(static cpu => cpu.Registers.Cr4 &= ~Cr4.OsXmmExcpt).Run();
        Assert.That((known.Vector, unknown.Vector), Is.EqualTo(((int)X86Exception.SimdFloatingPoint, (int)X86Exception.InvalidOpcode)));
        Assert.That((known.Mxcsr, BitConverter.UInt64BitsToDouble((ulong)known.Xmm[0])), Is.EqualTo((0x1d84u, 1.0)));
    }

    [Test]
    public void Rounding_changes_between_two_instructions()
    {
        var s = SseProgram.Of(static a =>
        {
            a.mov(ecx, 20);
            var loop = a.CreateLabel();
            a.Label(ref loop);
            for (int i = 0; i < 4; i++)
            {
                a.ldmxcsr(__dword_ptr[rdi + (4 * i)]);
                a.movsd(new AssemblerRegisterXMM(Register.XMM0 + i), __qword_ptr[rdi + 16]);
                a.divsd(new AssemblerRegisterXMM(Register.XMM0 + i), __qword_ptr[rdi + 24]);
            }

            a.stmxcsr(__dword_ptr[rdi + 32]);
            a.dec(ecx);
            a.jnz(loop);
        }).WithData(0, 0x80, 0x1f, 0, 0, 0x80, 0x3f, 0, 0, 0x80, 0x5f, 0, 0, 0x80, 0x7f).WithDoubles(16, 1, 3).Run();
        Assert.That(s.Xmm[..4].Select(static x => (ulong)x), Is.EqualTo(
            new[] { 0x3fd5_5555_5555_5555ul, 0x3fd5_5555_5555_5555ul, 0x3fd5_5555_5555_5556ul, 0x3fd5_5555_5555_5555ul }));
        Assert.That((s.Mxcsr, BitConverter.ToUInt32(s.Memory, 32)), Is.EqualTo((0x7f80 | Inexact, 0x7f80 | Inexact)));
    }

    [Test]
    public void Flags_stay_until_they_are_cleared()
    {
        var s = SseProgram.Of(static a =>
        {
            a.movsd(xmm0, __qword_ptr[rdi + 8]);
            a.divsd(xmm0, __qword_ptr[rdi + 16]); // inexact
            a.stmxcsr(__dword_ptr[rdi]);
            a.sqrtsd(xmm1, __qword_ptr[rdi + 24]); // invalid
            a.addsd(xmm2, __qword_ptr[rdi + 32]); // denormal
            a.stmxcsr(__dword_ptr[rdi + 4]);
            a.ldmxcsr(__dword_ptr[rdi + 40]);
        }).WithDoubles(8, 1, 3, -1, double.Epsilon).WithData(40, 0x80, 0x1f).Run();
        Assert.That((BitConverter.ToUInt32(s.Memory, 0), BitConverter.ToUInt32(s.Memory, 4), s.Mxcsr), Is.EqualTo((0x1fa0u, 0x1fa3u, 0x1f80u)));
    }

    [TestCase(0x0001_1f80u)]
    [TestCase(0x8000_1f80u)]
    public void Reserved_bits_are_refused(uint value)
    {
        var load = SseProgram.OfBytes("0fae17").WithData(0, BitConverter.GetBytes(value)).Run();
        var restore = SseProgram.OfBytes("0fae0f").WithData(24, BitConverter.GetBytes(value)).WithData(160, 1).Run();
        Assert.That((load.Vector, restore.Vector), Is.EqualTo(((int)X86Exception.GeneralProtection, (int)X86Exception.GeneralProtection)));
        Assert.That((load.Mxcsr, restore.Mxcsr, restore.Xmm[0]), Is.EqualTo((0x1f80u, 0x1f80u, UInt128.Zero)));
    }

    [Test]
    public void State_is_saved_and_restored()
    {
        var s = SseProgram.Of(static a =>
        {
            a.fxsave(__[rdi + 512]);
            for (int i = 0; i < 16; i++) a.pxor(new AssemblerRegisterXMM(Register.XMM0 + i), new AssemblerRegisterXMM(Register.XMM0 + i));
            a.ldmxcsr(__dword_ptr[rdi]);
            a.fxsave64(__[rdi + 1024]);
            a.fxrstor64(__[rdi + 512]);
        }).WithData(0, 0x80, 0x1f).With(static cpu =>
        {
            cpu.Mxcsr = 0x7f95;
            for (int i = 0; i < 16; i++) (cpu[X86Slots.Xmm(i, 0)], cpu[X86Slots.Xmm(i, 1)]) = ((ulong)i + 1, ~(ulong)i);
        }).Run();
        Assert.That(s.Vector, Is.EqualTo(SseProgram.EndVector));
        Assert.That(s.Mxcsr, Is.EqualTo(0x7f95u));
        Assert.That(s.Xmm, Is.EqualTo(Enumerable.Range(0, 16).Select(static i => new UInt128(~(ulong)i, (ulong)i + 1))));
        Assert.That(BitConverter.ToUInt16(s.Memory, 512), Is.EqualTo(0x37f));
        Assert.That((BitConverter.ToUInt32(s.Memory, 536), BitConverter.ToUInt32(s.Memory, 540)), Is.EqualTo((0x7f95u, 0xffffu)));
        Assert.That((BitConverter.ToUInt64(s.Memory, 512 + 160 + 240), BitConverter.ToUInt32(s.Memory, 1024 + 24)), Is.EqualTo((16ul, 0x1f80u)));
        Assert.That(s.Memory.AsSpan(1024 + 160, 352).IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
    }

    [TestCase("0fae4708")] // fxsave [rdi + 8]
    [TestCase("0f284704")] // movaps xmm0, [rdi + 4]
    [TestCase("0f584701")] // addps xmm0, [rdi + 1]
    [TestCase("0f2b4708")] // movntps [rdi + 8], xmm0
    public void Misaligned_operands_are_refused(string code) =>
        Assert.That(SseProgram.OfBytes(code).Run().Vector, Is.EqualTo((int)X86Exception.GeneralProtection));

    [Test]
    public void A_store_over_two_pages_is_done_whole_or_not_at_all()
    {
        var s = SseProgram.Of(static a =>
        {
            a.pcmpeqd(xmm0, xmm0);
            a.movups(__xmmword_ptr[rdi + (SseProgram.DataBytes - 8)], xmm0);
        }).Run();
        Assert.That((s.Vector, s.Memory[SseProgram.DataBytes - 8]), Is.EqualTo(((int)X86Exception.PageFault, (byte)0)));
    }

    [Test]
    public void Flags_are_kept_with_mxcsr()
    {
        var all = MxcsrBits.ToFlags(MxcsrBits.Flags);
        Assert.That(all, Is.EqualTo(FloatFlags.Inexact | FloatFlags.Underflow | FloatFlags.Overflow | FloatFlags.DivideByZero | FloatFlags.Invalid | FloatFlags.Denormal));
        for (uint bits = 0; bits <= MxcsrBits.Flags; bits++) Assert.That(MxcsrBits.FromFlags(MxcsrBits.ToFlags(bits)), Is.EqualTo(bits));
        var s = SseProgram.OfBytes("90").With(static cpu => cpu.Mxcsr = 0x9fff).Run();
        Assert.That(s.Mxcsr, Is.EqualTo(0x9fffu));
    }
}
