using System.Globalization;
using Emulator.Core.Execution;

namespace Emulator.Cli.Running;

/// <summary>
/// Writes instructions to a file as they are executed: hart, virtual address, bytes as one number, text. An instruction that faults
/// is there too; the handler's follow it.
/// </summary>
internal sealed class InstructionTrace : IInstructionTracer, IDisposable
{
    private const int BufferSize = 1 << 16;
    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly StreamWriter _writer;
    private IOException? _failure;
    private bool _isEnded;

    /// <summary>Creates the file.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public InstructionTrace(string path)
    {
        _path = path;
        _writer = InputFile.Use("--trace", path, static path => new StreamWriter(path, System.Text.Encoding.ASCII, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = BufferSize,
        }));
    }

    /// <inheritdoc/>
    public void Executing(VirtualCpu cpu, ReadOnlySpan<byte> code)
    {
        string text = cpu.Architecture.Disassemble(code, cpu.ProgramCounter, cpu.Mode).Text;
        Span<char> digits = stackalloc char[2 * code.Length];
        for (int i = 0; i < code.Length; i++)
        {
            code[i].TryFormat(digits[(2 * (code.Length - 1 - i))..], out _, "x2", CultureInfo.InvariantCulture);
        }

        string line = $"{cpu.Index} {cpu.ProgramCounter:x16} {digits,-8} {text}";
        Guard(() => _writer.WriteLine(line));
    }

    /// <summary>Completes the file.</summary>
    /// <exception cref="InputException">Not all of it could be written.</exception>
    public void Complete()
    {
        Dispose();
        if (_failure is not null) throw new InputException($"--trace {_path}: {_failure.Message}", _failure);
    }

    /// <inheritdoc/>
    public void Dispose() => Guard(() =>
    {
        _writer.Dispose();
        _isEnded = true;
    });

    // The guest runs on when the file cannot be written any more: that is said at the end.
    private void Guard(Action write)
    {
        lock (_lock)
        {
            if (_isEnded) return;
            try
            {
                write();
            }
            catch (IOException exception)
            {
                _failure = exception;
                _isEnded = true;
            }
        }
    }
}
