using System.Globalization;
using Emulator.Core.Execution;

namespace Emulator.Cli.Running;

/// <summary>
/// Writes instructions to a file as they are executed: hart, virtual address, bytes as one number, text. An instruction that faults
/// is there too; the handler's follow it.
/// </summary>
internal sealed class InstructionTrace(TextWriter writer) : IInstructionTracer, IDisposable
{
    private const int BufferSize = 1 << 16;
    private readonly Lock _lock = new();
    private bool _isDisposed;

    /// <summary>Creates the file.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public static InstructionTrace Create(string path) =>
        new(InputFile.Use("--trace", path, static path => new StreamWriter(path, System.Text.Encoding.ASCII, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = BufferSize,
        })));

    /// <inheritdoc/>
    public void Executing(VirtualCpu cpu, ReadOnlySpan<byte> code)
    {
        string text = cpu.Architecture.Disassemble(code, cpu.ProgramCounter).Text;
        Span<char> digits = stackalloc char[2 * code.Length];
        for (int i = 0; i < code.Length; i++)
        {
            code[i].TryFormat(digits[(2 * (code.Length - 1 - i))..], out _, "x2", CultureInfo.InvariantCulture);
        }

        lock (_lock)
        {
            if (!_isDisposed) writer.WriteLine($"{cpu.Index} {cpu.ProgramCounter:x16} {digits,-8} {text}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            writer.Dispose();
        }
    }
}
