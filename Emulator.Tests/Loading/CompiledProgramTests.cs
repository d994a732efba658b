using System.Diagnostics;
using Emulator.Core.Loading;
using Emulator.Core.Memory;

namespace Emulator.Tests.Loading;

/// <summary>Programs of a real assembler and linker; skipped where there is none.</summary>
[TestFixture]
public sealed class CompiledProgramTests
{
    private const string Source = """
        .globl _start, tohost, fromhost, begin_signature, end_signature
        .section .text
        _start: la a0, tohost
                li a1, 1
                sw a1, 0(a0)
        1:      j 1b
        .section .data
        .balign 8
        tohost: .word 0, 0
        fromhost: .word 0, 0
        begin_signature: .word 0x11223344
        end_signature:
        .section .bss
        .balign 8
        buffer: .space 4096
        """;

    [TestCase("-march=rv64imac -mabi=lp64", ElfClass.Elf64)]
    [TestCase("-march=rv32i -mabi=ilp32", ElfClass.Elf32)]
    public void A_static_program_loads(string options, ElfClass width)
    {
        ElfImage elf = Compile($"{options} -static -Wl,-Ttext=0x80000000 -Wl,--build-id=sha1");
        Assert.Multiple(() =>
        {
            Assert.That(elf.Class, Is.EqualTo(width));
            Assert.That(elf.Type, Is.EqualTo(ElfType.Executable));
            Assert.That(elf.EntryPoint.Value, Is.EqualTo(0x8000_0000));
            Assert.That(elf.Segments.Any(static s => s.MemorySize >= (ulong)s.Data.Length + 4096), "the bss");
            Assert.That(elf.Notes.Any(static n => n is { Name: "GNU", Type: 3, Description.Length: 20 }), "the build id");
            Assert.That(elf.Symbols.TryFind("begin_signature", out ElfSymbol begin));
            Assert.That(elf.Symbols.TryFind("end_signature", out ElfSymbol end));
            Assert.That(end.Address.Value - begin.Address.Value, Is.EqualTo(4));
            Assert.That(WordAt(elf, begin.Address), Is.EqualTo(0x11223344));
            Assert.That(elf.Symbols.TryFind("tohost", out _) && elf.Symbols.TryFind("fromhost", out _));
        });
    }

    [Test]
    public void A_position_independent_program_loads_anywhere()
    {
        ElfImage elf = Compile("-march=rv64gc -mabi=lp64d -fPIE -Wl,-pie,--no-dynamic-linker").At(new GuestPhysicalAddress(0x9000_0000));
        Assert.That(elf.Type, Is.EqualTo(ElfType.PositionIndependent));
        Assert.That(elf.Segments.Min(static s => s.PhysicalAddress.Value), Is.EqualTo(0x9000_0000));
        Assert.That(elf.Symbols.TryFind("_start", out ElfSymbol start) && start.Address == elf.EntryPoint);
        Assert.That(elf.Symbols.TryFind("begin_signature", out ElfSymbol begin));
        Assert.That(WordAt(elf, begin.Address), Is.EqualTo(0x11223344));
    }

    private static uint WordAt(ElfImage elf, GuestVirtualAddress address)
    {
        ElfSegment segment = elf.Segments.First(s => address.Value - s.VirtualAddress.Value < (ulong)s.Data.Length);
        return BitConverter.ToUInt32(segment.Data.Span[(int)(address.Value - segment.VirtualAddress.Value)..]);
    }

    private static ElfImage Compile(string options)
    {
        const string Compiler = "/usr/bin/riscv64-linux-gnu-gcc";
        if (!File.Exists(Compiler))
        {
            Assert.Ignore($"{Compiler} is missing (package gcc-riscv64-linux-gnu)");
        }

        DirectoryInfo folder = Directory.CreateTempSubdirectory("emulator-test-");
        try
        {
            string source = Path.Combine(folder.FullName, "program.S");
            string program = Path.Combine(folder.FullName, "program.elf");
            File.WriteAllText(source, Source + "\n");
            using Process process = Process.Start(new ProcessStartInfo(Compiler, $"-nostdlib {options} {source} -o {program}")
            {
                RedirectStandardError = true,
            })!;
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.That(process.ExitCode, Is.Zero, errors);
            return (ElfImage)GuestImage.Load(program);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
