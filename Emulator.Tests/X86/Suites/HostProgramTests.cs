using System.Text;
using Emulator.Arch.X86;
using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Core.Loading.Compression;
using Emulator.Core.Memory;
using Iced.Intel;

namespace Emulator.Tests.X86.Suites;

/// <summary>
/// 32-bit programs of a few instructions each (v86's generated instruction tests), against how they ended as processes of a real processor.
/// They are not in this repository: EMULATOR_X86_PROGRAMS names a file of lines as <see cref="HostProgram"/> reads them, beside which the programs are;
/// EMULATOR_X86_PROGRAMS_STRIDE n runs every nth, _REPORT names a file for the differences.
/// </summary>
internal sealed class HostProgramTests
{
    private const string Variable = "EMULATOR_X86_PROGRAMS";
    private const ulong MemoryStart = 0x10_0000;
    private const int MemoryLength = 0x2000;
    private const ulong PhysicalOffset = 0x1000_0000; // the system's own memory is where these programs have theirs
    private const ulong ComparedFlags = 0x8d5;
    private const int LongestProgram = 1_000_000;

    [TestCase(EngineKind.Reference)]
    [TestCase(EngineKind.Interpreter)]
    [TestCase(EngineKind.Jit)]
    [TestCase(EngineKind.Auto)]
    public void EndAsOnTheProcessor(EngineKind kind)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } list) throw new IgnoreException($"{Variable} names no list of programs");
        int stride = int.Parse(Environment.GetEnvironmentVariable($"{Variable}_STRIDE") ?? "1", null);
        string folder = Path.GetDirectoryName(list)!;
        int passed = 0;
        int failed = 0;
        int excluded = 0;
        var report = new StringBuilder();
        foreach (var expected in File.ReadLines(list).Where((_, i) => i % stride == 0).Select(HostProgram.Parse))
        {
            var program = (ElfImage)GuestImage.Load(Path.Combine(folder, expected.Name));
            if (UsesMore(program))
            {
                excluded++;
                continue;
            }

            string? difference = Run(kind, program, expected);
            if (difference is null)
            {
                passed++;
                continue;
            }

            failed++;
            report.AppendLine($"{expected.Name}: {difference}");
        }

        string summary = $"{kind}: {passed} passed, {failed} failed, {excluded} excluded";
        TestContext.Out.WriteLine(summary);
        if (Environment.GetEnvironmentVariable($"{Variable}_REPORT") is { } file) File.WriteAllText($"{file}.{kind}", $"{summary}\n{report}");
        Assert.That(failed, Is.Zero, report.ToString());
    }

    // Neither x87, MMX nor what came after SSE2 is part of this processor.
    private static bool UsesMore(ElfImage program)
    {
        foreach (var segment in program.Segments.Where(static segment => segment.VirtualAddress.Value < MemoryStart && segment.Data.Length > 0 && (segment.Flags & ElfSegmentFlags.Execute) != 0))
        {
            var decoder = Iced.Intel.Decoder.Create(32, segment.Data.ToArray());
            while (decoder.IP < (ulong)segment.Data.Length)
            {
                var instruction = decoder.Decode();
                if (instruction.Mnemonic is Mnemonic.Cvtpi2ps or Mnemonic.Cvtpi2pd) return true; // MMX also with an operand in memory
                if (instruction.CpuidFeatures.Any(static feature => feature.ToString() is var name && (name.StartsWith("FPU", StringComparison.Ordinal) || name is "MMX" or "SSE3"))) return true;
                for (int i = 0; i < instruction.OpCount; i++)
                {
                    if (instruction.GetOpKind(i) == OpKind.Register && instruction.GetOpRegister(i).IsMM()) return true;
                }
            }
        }

        return false;
    }

    private static string? Run(EngineKind kind, ElfImage program, HostProgram expected)
    {
        using var machine = new UserMachine(new EngineOptions { Kind = kind, IsDeterministic = true, HotThreshold = kind == EngineKind.Jit ? 1 : 2, CommonRun = 2, CommonSequence = 5 });
        foreach (var segment in program.Segments)
        {
            ulong start = segment.VirtualAddress.Value & GuestPage.Mask;
            int pages = (int)((segment.VirtualAddress.Value + segment.MemorySize - start + GuestPage.Size - 1) / GuestPage.Size);
            machine.Memory.AddRam($"segment {start:x}", new GuestPhysicalAddress(start + PhysicalOffset), (ulong)pages * GuestPage.Size);
            bool isWritable = (segment.Flags & ElfSegmentFlags.Write) != 0;
            machine.Map(start, start + PhysicalOffset, pages, PageBits.Present | PageBits.User | (isWritable ? PageBits.Writable : 0));
            machine.Memory.TryWrite(new GuestPhysicalAddress(segment.VirtualAddress.Value + PhysicalOffset), segment.Data.Span);
        }

        var cpu = machine.Cpu;
        machine.EnterUser(32);
        cpu.EFlags = 0x202;
        cpu.ProgramCounter = program.EntryPoint.Value;
        cpu.LimitTime(LongestProgram);
        machine.Run();
        return Compare(machine, expected);
    }

    private static string? Compare(UserMachine machine, HostProgram expected)
    {
        var cpu = machine.Cpu;
        if (machine.HandlerEntered is not { } vector) return $"no exception; at {cpu.ProgramCounter:x}";
        var frame = machine.Frame().AsSpan();
        if (frame.Length > 5) frame = frame[1..];
        int signal = (X86Exception)vector switch
        {
            X86Exception.DivideError or X86Exception.SimdFloatingPoint => 8,
            X86Exception.InvalidOpcode => 4,
            X86Exception.Debug or X86Exception.Breakpoint => 5,
            _ => 11,
        };
        if (signal != expected.Signal || frame[0] != expected.InstructionPointer) return $"exception {vector} at {frame[0]:x}; expected signal {expected.Signal} at {expected.InstructionPointer:x}";
        for (int i = 0; i < expected.Registers.Length; i++)
        {
            ulong actual = i == 4 ? frame[3] : cpu[X86Slots.General64(i)];
            if (actual != expected.Registers[i]) return $"register {i} {actual:x} instead of {expected.Registers[i]:x}";
        }

        ulong flags = (frame[2] ^ expected.Flags) & ComparedFlags;
        if (flags != 0) return $"flags {frame[2]:x} instead of {expected.Flags:x}";
        for (int i = 0; i < expected.Vectors.Length; i++)
        {
            ulong actual = cpu[X86Slots.Xmm(i / 2, i % 2)];
            if (actual != expected.Vectors[i]) return $"half {i} of the vectors {actual:x} instead of {expected.Vectors[i]:x}";
        }

        machine.Memory.TryGetReadableSpan(new GuestPhysicalAddress(MemoryStart + PhysicalOffset), MemoryLength, out var memory);
        return Crc32.Compute(memory) == expected.MemoryChecksum ? null : "memory differs";
    }
}
