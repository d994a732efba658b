namespace Emulator.Core.Execution;

/// <summary>Sees every instruction before it is executed; see <see cref="EngineOptions.Tracer"/>.</summary>
public interface IInstructionTracer
{
    /// <summary>
    /// The hart is about to execute the instruction at its program counter, which may fault. Called on the hart's thread; harts on
    /// threads of their own call at the same time.
    /// </summary>
    /// <param name="cpu">The hart; only to be looked at.</param>
    /// <param name="code">The instruction's bytes.</param>
    void Executing(VirtualCpu cpu, ReadOnlySpan<byte> code);
}
