using Emulator.Core.Ir;

namespace Emulator.Core.Execution;

/// <summary>
/// A guest architecture in one configuration: immutable, shared by all harts of a machine. It turns bytes into IR and creates harts;
/// it never sees an engine or a device.
/// </summary>
public abstract class Architecture
{
    /// <summary>Short name for messages, such as an ISA string.</summary>
    public abstract string Name { get; }

    /// <summary>The C# methods that lifted code calls.</summary>
    public abstract HelperTable Helpers { get; }

    /// <summary>How many sets of translations (by privilege and the like) are kept apart in the TLB, 1 to 8.</summary>
    public abstract int MmuIndexCount { get; }

    /// <summary>The set that data accesses of code lifted for a mode use.</summary>
    public abstract int MmuIndexOf(uint mode);

    /// <summary>
    /// The set whose addresses are physical ones, if there is such a set: its loads from RAM need no TLB while
    /// <see cref="VirtualCpu.ReadRamDirectly"/> allows that.
    /// </summary>
    public virtual int? UntranslatedMmuIndex => null;

    /// <summary>True for a mode whose code is usually the same in all address spaces, as that of kernels.</summary>
    public virtual bool MaySharePages(uint mode) => false;

    /// <summary>The longest instruction in bytes.</summary>
    public abstract int MaxInstructionLength { get; }

    /// <summary>True when misaligned accesses are common: then they are fast within a page, and aligned ones pay a little.</summary>
    public virtual bool ExpectsMisalignedAccesses => false;

    /// <summary>The bits of an address that exist in every mode: addresses wrap where they end.</summary>
    public virtual ulong AddressMask => ulong.MaxValue;

    /// <summary>
    /// True when atomic operations also work misaligned and, as a load and a store, on devices; else both fault. Of misaligned ones
    /// those over two words exclude each other, but other harts may see them half done.
    /// </summary>
    public virtual bool HasUnrestrictedAtomics => false;

    /// <summary>
    /// Lifts one instruction: sets <see cref="IrBuilder.InstructionLength"/>, then builds. An undefined or disabled instruction is
    /// lifted to code that raises the fault.
    /// </summary>
    /// <param name="builder">The block being built; its mode says what the instruction may assume.</param>
    /// <param name="code">Bytes from the instruction on, as many as there are up to the end of the page or block.</param>
    /// <returns>False when <paramref name="code"/> ends before the instruction does; then nothing was built.</returns>
    public abstract bool TryLift(IrBuilder builder, ReadOnlySpan<byte> code);

    /// <summary>Text of the instruction at the start of <paramref name="code"/> and its length in bytes (at least 1).</summary>
    /// <param name="code">Bytes from the instruction on.</param>
    /// <param name="address">Where it stands, for targets.</param>
    /// <param name="mode">The processor's mode, as of <see cref="VirtualCpu.Mode"/>.</param>
    public abstract (string Text, int Length) Disassemble(ReadOnlySpan<byte> code, ulong address, uint mode);

    /// <summary>Name of a guest slot for printing, such as <c>a0</c>; null when it has none.</summary>
    public virtual string? NameOf(Slot slot) => null;
}
