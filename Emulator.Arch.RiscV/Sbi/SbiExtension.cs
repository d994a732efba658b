namespace Emulator.Arch.RiscV.Sbi;

/// <summary>One extension of the SBI: its functions.</summary>
/// <param name="id">Extension ID, which callers put into a7.</param>
/// <param name="name">As the specification names it.</param>
internal abstract class SbiExtension(uint id, string name)
{
    public uint Id { get; } = id;

    public string Name { get; } = name;

    /// <summary>A legacy extension gives its result in a0 alone.</summary>
    public virtual bool IsLegacy => false;

    /// <summary>Serves a call on the calling hart's thread.</summary>
    public abstract SbiResult Call(SbiCall call);
}
