using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Emulator.Tests.RiscV.Oracle;

[InlineArray(4)]
internal struct FloatRegisters
{
    private ulong _first;
}

[InlineArray(3)]
internal struct IntegerRegisters
{
    private ulong _first;
}

[InlineArray(2)]
internal struct MemoryOperand
{
    private ulong _first;
}

/// <summary>One instruction and what it finds in x10 to x12, f10 to f13, fcsr and at <see cref="InstructionOracle.OperandAddress"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct InstructionRequest
{
    public uint Instruction;
    public uint Fcsr;
    public IntegerRegisters X;
    public FloatRegisters F;
    public MemoryOperand Memory;
}

/// <summary>What the instruction left in x10, f10, fcsr and memory, unless it failed.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct InstructionAnswer
{
    public ulong X;
    public ulong F;
    public ulong Fcsr;
    public ulong Failed;
    public MemoryOperand Memory;

    public override readonly string ToString() =>
        Failed != 0 ? "illegal" : $"x10={X:x} f10={F:x} fcsr={Fcsr:x} memory={Memory[0]:x} {Memory[1]:x}";
}

/// <summary>
/// A program that executes single instructions under QEMU's user mode, compiled when first needed. Where the tools are missing, the
/// tests that need it are skipped with that reason.
/// </summary>
internal sealed class InstructionOracle : IDisposable
{
    public const ulong OperandAddress = 0x4000_0800;

    private const int Batch = 512;
    private const string Compiler = "/usr/bin/riscv64-linux-gnu-gcc";
    private const string Source = "instruction-oracle.c";

    private const string Extensions =
        "zba=true,zbb=true,zbc=true,zbs=true,zbkb=true,zbkc=true,zbkx=true,zknd=true,zkne=true,zknh=true,zksed=true,zksh=true,Zfh=true";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("emulator-test-");
    private readonly Process _process;

    public InstructionOracle(int xlen)
    {
        string emulator = $"/usr/bin/qemu-riscv{xlen}-static";
        foreach (string tool in (string[])[Compiler, emulator])
        {
            if (!File.Exists(tool)) Assert.Ignore($"needs {tool}");
        }

        string source = Path.Combine(_folder.FullName, Source);
        using (var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Source)!)
        using (var file = File.Create(source))
        {
            stream.CopyTo(file);
        }

        string program = Path.Combine(_folder.FullName, "oracle");
        string abi = xlen == 64 ? "lp64d" : "ilp32d";
        using (var compiler = Process.Start(
            Compiler, ["-static", "-nostdlib", "-O1", "-fno-builtin", $"-march=rv{xlen}gc", $"-mabi={abi}", source, "-o", program]))
        {
            compiler.WaitForExit();
            Assert.That(compiler.ExitCode, Is.Zero, Compiler);
        }

        _process = Process.Start(
            new ProcessStartInfo(emulator, ["-cpu", $"rv{xlen},{Extensions}", program]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
    }

    public InstructionAnswer[] Ask(ReadOnlySpan<InstructionRequest> requests)
    {
        var answers = new InstructionAnswer[requests.Length];
        var input = _process.StandardInput.BaseStream;
        for (int at = 0; at < requests.Length; at += Batch)
        {
            var batch = requests.Slice(at, Math.Min(Batch, requests.Length - at));
            input.Write(BitConverter.GetBytes(batch.Length));
            input.Write(MemoryMarshal.AsBytes(batch));
            input.Flush();
            _process.StandardOutput.BaseStream.ReadExactly(MemoryMarshal.AsBytes(answers.AsSpan(at, batch.Length)));
        }

        return answers;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }
}
