using Emulator.Arch.X86;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Tests.X86.Host;
using Iced.Intel;

namespace Emulator.Tests.X86.Malformed;

/// <summary>
/// Code that is too long, undefined, locked where it must not be, or cut off by the end of a page: the exception, its error code and CR2
/// are exact, the instruction is undone, on every engine (Intel SDM volume 3, 6.15; volume 2, 2.3.11).
/// </summary>
[TestFixture]
public sealed class MalformedCodeTests
{
    private const ulong Page = 0x1234_0000;
    private const ulong LastPage = 0x0000_7fff_ffff_f000;
    private const ulong LastPhysical = 0x2345_0000;
    private const int LongestInstruction = 15;
    private const int UserFetch = 0x14;
    private const int Protection = 1;
    private const byte Nop = 0x90;

    // All are harmless when they are complete.
    private static readonly string[] Instructions64 =
        ["4889d8", "0f1f440000", "48b88877665544332211", "66480f3af004", "f20f58c1", "c4e2f0f2c3", "4805785634120f", "0fa2", "67668d8488785634120f", "6666666666660f1f840000020000", "4883c001", "e900000000", "7400", "0fc8"];

    private static readonly string[] Instructions32 = ["89d8", "0f1f440000", "b844332211", "f20f58c1", "0f0378", "67668d4112", "6683c001", "e900000000", "7400", "0fc8"];

    public enum Successor
    {
        NotPresent,
        NoExecute,
        NotCanonical,
    }

    [Test]
    public void Code_cut_off_by_the_end_of_a_page_faults_there([Values(64, 32)] int bits, [Values] EngineKind kind, [Values] Successor successor)
    {
        if (bits == 32 && successor == Successor.NotCanonical) return; // no such addresses
        using var machine = Create(kind, successor);
        ulong end = (successor == Successor.NotCanonical ? LastPage : Page) + HostLayout.PageSize;
        ulong physicalEnd = (successor == Successor.NotCanonical ? LastPhysical : Page) + HostLayout.PageSize;
        foreach (string hex in bits == 64 ? Instructions64 : Instructions32)
        {
            byte[] code = Convert.FromHexString(hex);
            for (int present = 1; present < LengthOf(code, bits); present++)
            {
                machine.Memory.TryWrite(new GuestPhysicalAddress(physicalEnd - (ulong)present), code.AsSpan(0, present));
                Run(machine, bits, end - (ulong)present);
                var expected = successor switch
                {
                    Successor.NotPresent => (X86Exception.PageFault, UserFetch, end),
                    Successor.NoExecute => (X86Exception.PageFault, UserFetch | Protection, end),
                    _ => (X86Exception.GeneralProtection, 0, 0ul),
                };
                Check(machine, expected.Item1, (uint)expected.Item2, expected.Item1 == X86Exception.PageFault ? expected.Item3 : null, end - (ulong)present, $"{hex} with {present} bytes");
            }
        }
    }

    [Test]
    public void An_instruction_that_ends_with_its_page_is_executed_and_the_next_faults([Values(64, 32)] int bits, [Values] EngineKind kind)
    {
        using var machine = Create(kind, Successor.NotPresent);
        for (int count = 1; count < 4; count++)
        {
            ulong start = Page + HostLayout.PageSize - (ulong)count;
            machine.Memory.TryWrite(new GuestPhysicalAddress(start), Enumerable.Repeat(Nop, count).ToArray());
            Run(machine, bits, start);
            Check(machine, X86Exception.PageFault, UserFetch, Page + HostLayout.PageSize, Page + HostLayout.PageSize, $"{count} NOPs");
        }
    }

    [Test]
    public void Fifteen_bytes_are_executed_and_sixteen_are_too_long([Values(64, 32)] int bits, [Values] EngineKind kind, [Values("90", "01d8", "0fa2", "8d04850000000f", "0f0b")] string hex)
    {
        using var machine = Create(kind, Successor.NotPresent);
        byte[] body = Convert.FromHexString(hex);
        int length = LengthOf(body, bits);
        foreach (byte prefix in (ReadOnlySpan<byte>)[0x66, 0x3e, 0x65])
        {
            for (int total = length; total <= LongestInstruction + 3; total++)
            {
                int bytes = prefix == 0x66 ? LengthOf([prefix, .. body], bits) - 1 : length; // a shorter immediate
                byte[] code = [.. Enumerable.Repeat(prefix, total - bytes), .. body.AsSpan(0, bytes), 0x0f, 0x0b];
                machine.Memory.TryWrite(new GuestPhysicalAddress(Page), code);
                Run(machine, bits, Page);
                bool isTooLong = total > LongestInstruction;
                bool isUndefined = hex == "0f0b";
                Check(machine, isTooLong ? X86Exception.GeneralProtection : X86Exception.InvalidOpcode, 0, null, Page + (isTooLong || isUndefined ? 0 : (ulong)total), $"{prefix:x2} and {hex}, {total} bytes");
            }
        }
    }

    [Test]
    public void Prefixes_up_to_the_end_of_a_page_are_too_long_or_cut_off([Values(64, 32)] int bits, [Values] EngineKind kind)
    {
        using var machine = Create(kind, Successor.NotPresent);
        ulong end = Page + HostLayout.PageSize;
        for (int count = 1; count <= LongestInstruction + 3; count++)
        {
            machine.Memory.TryWrite(new GuestPhysicalAddress(end - (ulong)count), Enumerable.Repeat((byte)0x66, count).ToArray());
            Run(machine, bits, end - (ulong)count);
            bool isTooLong = count >= LongestInstruction;
            Check(machine, isTooLong ? X86Exception.GeneralProtection : X86Exception.PageFault, isTooLong ? 0u : UserFetch, isTooLong ? null : end, end - (ulong)count, $"{count} prefixes");
        }
    }

    [Test]
    public void LOCK_raises_UD_before_whatever_does_not_take_it([Values(64, 32)] int bits, [Values] EngineKind kind)
    {
        const byte @lock = 0xf0;
        int seed = TestContext.CurrentContext.Random.Next();
        var random = new Random(seed);
        var writer = new InstructionWriter(random, new OperandValues(random), bits);
        using var machine = Create(kind, Successor.NotPresent);
        int count = 0;
        foreach (var encoding in EncodingCatalog.For(bits))
        {
            byte[] code = [@lock, .. writer.Write(encoding, Page + 1, Page + 10, Page + 10)];
            var decoder = Decoder.Create(bits, code, Page);
            decoder.Decode(out var instruction);
            bool isLegacy = encoding.Encoding == EncodingKind.Legacy;
            if (code.Length > LongestInstruction || !isLegacy || instruction.Code != Code.INVALID || decoder.LastError != DecoderError.InvalidInstruction) continue;
            machine.Memory.TryWrite(new GuestPhysicalAddress(Page), code);
            Run(machine, bits, Page);
            Check(machine, X86Exception.InvalidOpcode, 0, null, Page, $"seed {seed}: {encoding.Code} {Convert.ToHexString(code)}");
            count++;
        }

        Assert.That(count, Is.GreaterThan(300));
    }

    [Test]
    public void Undefined_opcodes_raise_UD([Values(64, 32)] int bits, [Values] EngineKind kind)
    {
        // UD2, UD1, reserved rows of the maps, a VEX prefix after 66, LOCK alone in VEX, reserved /reg of groups, segment registers that are not
        string[] common = ["0f0b", "0fb9c0", "0f04", "0f0a", "0f0c", "0f24c0", "0f26c0", "0f36", "0f39", "0f3b", "0fa6c0", "0f7b", "0f0f00ff", "66c5f058c1", "f0c5f058c1", "fec8fef0", "8ec8", "8cf0", "8ef8", "0fbac001", "0fc7c8", "c6f801", "8fc800"];
        string[] wide = ["06", "07", "0e", "16", "17", "1e", "1f", "27", "2f", "37", "3f", "60", "61", "62", "82c001", "9a00000000", "ce", "d401", "d501", "d6", "ea00000000", "48c5f058c1", "0fff"];
        using var machine = Create(kind, Successor.NotPresent);
        foreach (string hex in bits == 64 ? [.. common, .. wide] : common)
        {
            byte[] code = [.. Convert.FromHexString(hex), Nop, Nop, Nop, Nop, Nop, Nop, Nop, Nop, Nop, Nop];
            if (hex == "fec8fef0") code = [0xfe, 0xf0, .. code];
            machine.Memory.TryWrite(new GuestPhysicalAddress(Page), code);
            Run(machine, bits, Page);
            Check(machine, X86Exception.InvalidOpcode, 0, null, Page, hex);
        }
    }

    private static UserMachine Create(EngineKind kind, Successor successor)
    {
        const PageBits code = PageBits.Present | PageBits.User;
        var machine = new UserMachine(new EngineOptions { Kind = kind, IsDeterministic = true, HotThreshold = 1 });
        machine.AddMemory("code", Page, 2, code);
        machine.AddMemory("last", LastPhysical, 1, code);
        machine.Map(LastPage, LastPhysical, 1, code);
        machine.Map(Page + HostLayout.PageSize, Page + HostLayout.PageSize, 1, successor == Successor.NoExecute ? code | PageBits.NoExecute : 0);
        return machine;
    }

    private static void Run(UserMachine machine, int bits, ulong start)
    {
        const int limit = 100;
        machine.EnterUser(bits);
        for (int i = 0; i < 16; i++) machine.Cpu[X86Slots.General64(i)] = (ulong)i;
        machine.Cpu.EFlags = 0x202;
        machine.Cpu.ProgramCounter = start;
        machine.Cpu.LimitTime(machine.Cpu.TimeSpent + limit);
        machine.Run();
    }

    private static void Check(UserMachine machine, X86Exception exception, uint error, ulong? address, ulong instruction, string what)
    {
        const int frameWithError = 6;
        ulong[] frame = machine.Frame();
        bool hasError = exception is X86Exception.PageFault or X86Exception.GeneralProtection;
        Assert.Multiple(() =>
        {
            Assert.That((X86Exception?)machine.HandlerEntered, Is.EqualTo(exception), what);
            Assert.That(frame, Has.Length.EqualTo(hasError ? frameWithError : frameWithError - 1), what);
            if (hasError) Assert.That(frame[0], Is.EqualTo(error), what);
            Assert.That(frame[hasError ? 1 : 0], Is.EqualTo(instruction), $"{what}: RIP");
            if (address is { } expected) Assert.That(machine.Cpu.Registers.Cr2, Is.EqualTo(expected), $"{what}: CR2");
        });
    }

    private static int LengthOf(byte[] code, int bits)
    {
        var decoder = Decoder.Create(bits, code);
        decoder.Decode(out var instruction);
        return instruction.IsInvalid ? code.Length : instruction.Length;
    }
}
