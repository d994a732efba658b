using System.Globalization;
using System.Text;
using Emulator.Arch.X86;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;
using Emulator.Tests.X86.System;
using Iced.Intel;

namespace Emulator.Tests.X86.Malformed;

/// <summary>Random bytes as code, at levels 0 and 3: whatever they do, all engines do the same, and nothing but the guest notices.</summary>
[TestFixture]
public sealed class RandomBytesTests
{
    private const int Programs = 400;
    private const int CompiledShare = 200; // compiling takes most of the time
    private const int CodeBytes = 1024;
    private const int StartsPerProgram = 4;
    private const int InstructionsPerStart = 60;
    private const int RealModeBase = (int)SystemFixture.CodeStart;
    private static readonly byte[] Common = [0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x0f, 0x0f, 0x0f, 0x48, 0x41, 0x2e, 0x64, 0xc4, 0xc5, 0x8b, 0x89, 0x01, 0x75, 0xeb];

    public enum CodeKind
    {
        Real16,
        Protected16,
        Protected32,
        User32,
        Long64,
        User64,
    }

    [Test]
    public void Engines_agree_on_random_bytes([Values] CodeKind kind)
    {
        int first = TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"{Programs} programs, seeds from {first}");
        for (int program = 0; program < Programs; program++)
        {
            var (expected, memory) = Execute(kind, EngineKind.Reference, first + program);
            foreach (var engine in (ReadOnlySpan<EngineKind>)[EngineKind.Interpreter, EngineKind.Jit, EngineKind.Auto])
            {
                if (engine != EngineKind.Interpreter && program % CompiledShare != 0) continue;
                var (states, itsMemory) = Execute(kind, engine, first + program);
                for (int i = 0; i < expected.Length; i++)
                {
                    if (states[i] != expected[i]) Assert.Fail($"{kind}, {engine}, seed {first + program}, start {i}:\n{states[i]}\nnot\n{expected[i]}");
                }

                if (!memory.AsSpan().SequenceEqual(itsMemory)) Assert.Fail($"{kind}, {engine}, seed {first + program}: memory differs at {memory.AsSpan().CommonPrefixLength(itsMemory):x}");
            }
        }
    }

    private static (string[] States, byte[] Memory) Execute(CodeKind kind, EngineKind engine, int seed)
    {
        var random = new Random(seed);
        using var fixture = new SystemFixture(engine);
        byte[] code = new byte[CodeBytes];
        random.NextBytes(code);
        for (int i = 0; i < CodeBytes / 2; i++) code[random.Next(CodeBytes)] = Common[random.Next(Common.Length)];
        fixture.Write(SystemFixture.CodeStart, code);
        string[] states = new string[StartsPerProgram];
        for (int i = 0; i < StartsPerProgram; i++)
        {
            Enter(fixture, kind);
            for (int r = 0; r < 16; r++) fixture[Register.RAX + r] = Value(random, isWide: kind is CodeKind.Long64 or CodeKind.User64);
            fixture[Register.RSP] = SystemFixture.Stack(0) - 0x100 - (ulong)random.Next(64);
            fixture.Cpu.ProgramCounter = SystemFixture.CodeStart + (ulong)random.Next(CodeBytes);
            fixture.Run(InstructionsPerStart);
            states[i] = Describe(fixture.Cpu);
        }

        byte[] memory = new byte[SystemFixture.RamLength];
        Assert.That(fixture.Memory.TryRead(default, memory));
        return (states, memory);
    }

    private static void Enter(SystemFixture fixture, CodeKind kind)
    {
        fixture.Cpu.Reset();
        fixture.Cpu.Registers.Gdtr = new TableRegister(SystemFixture.Gdt, 0xfff);
        fixture.Cpu.Registers.Idtr = new TableRegister(SystemFixture.Idt, 0xfff);
        switch (kind)
        {
            case CodeKind.Real16:
                for (int vector = 0; vector < 256; vector++) fixture.Write(SystemFixture.Idt + (uint)(4 * vector), 4, (SystemFixture.Handlers << 12) | (uint)(16 * vector));
                for (int i = 0; i < 6; i++) fixture.Cpu.SetSegment(i, new SegmentCache(RealModeBase >> 4, ushort.MaxValue, SegmentAttributes.RealMode), RealModeBase);
                break;
            case CodeKind.Protected16:
                fixture.EnterProtected();
                fixture.Cpu.SetSegment(X86Cpu.Cs, new SegmentCache(SystemFixture.Code0, ushort.MaxValue * 4, SegmentAttributes.RealMode | SegmentAttributes.Code), 0);
                break;
            case CodeKind.Protected32 or CodeKind.User32:
                fixture.EnterProtected(kind == CodeKind.User32 ? 3 : 0);
                break;
            default:
                fixture.EnterLong(kind == CodeKind.User64 ? 3 : 0);
                break;
        }

        fixture.Cpu.Registers.Cr4 |= Cr4.OsFxsr | Cr4.OsXmmExcpt;
        fixture.Cpu.UpdateMode();
    }

    // Mostly addresses of memory that is there.
    private static ulong Value(Random random, bool isWide) => random.Next(4) switch
    {
        0 => (ulong)random.Next(-300, 300) & (isWide ? ulong.MaxValue : uint.MaxValue),
        1 => isWide ? (ulong)random.NextInt64() : (uint)random.NextInt64(),
        2 => SystemFixture.CodeStart + (ulong)random.Next(CodeBytes),
        _ => 0x10_0000 + (ulong)random.Next(0x8_0000),
    };

    private static string Describe(X86Cpu cpu)
    {
        var text = new StringBuilder();
        var r = cpu.Registers;
        text.Append(CultureInfo.InvariantCulture, $"pc {cpu.ProgramCounter:x} after {cpu.InstructionCount}, halted {cpu.IsHalted} {r.IsShutDown}, flags {cpu.EFlags:x}, mxcsr {cpu.Mxcsr:x}, cpl {r.Cpl}, ");
        text.Append(CultureInfo.InvariantCulture, $"cr {r.Cr0:x} {r.Cr2:x} {r.Cr3:x} {r.Cr4:x}, efer {r.Efer:x}, {r.Gdtr} {r.Idtr} {r.Ldtr} {r.Tr} {r.Debug}");
        for (int i = 0; i < 6; i++) text.Append(CultureInfo.InvariantCulture, $" {r.Segments[i]}+{cpu[X86Slots.SegmentBase(i)]:x}");
        for (int i = 0; i < 16; i++) text.Append(CultureInfo.InvariantCulture, $" {cpu[X86Slots.General64(i)]:x} {cpu[X86Slots.Xmm(i, 1)]:x}_{cpu[X86Slots.Xmm(i, 0)]:x}");
        return text.ToString();
    }
}
