using Emulator.Arch.RiscV.Privileged;

namespace Emulator.Arch.RiscV.Sbi;

/// <summary>Base extension (SBI 2.0 chapter 4).</summary>
/// <param name="isPresent">Whether an extension is.</param>
internal sealed class SbiBase(Func<uint, bool> isPresent) : SbiExtension(0x10, "BASE")
{
    private const ulong SpecificationVersion = 2ul << 24;

    // Not one of the registered implementations.
    private const ulong ImplementationId = 0x454d55;
    private const ulong ImplementationVersion = 1;

    private enum FunctionId : ulong
    {
        GetSpecVersion,
        GetImplId,
        GetImplVersion,
        ProbeExtension,
        GetMvendorid,
        GetMarchid,
        GetMimpid,
    }

    public override SbiResult Call(SbiCall call) => (FunctionId)call.Function switch
    {
        FunctionId.GetSpecVersion => SbiResult.Of(SpecificationVersion),
        FunctionId.GetImplId => SbiResult.Of(ImplementationId),
        FunctionId.GetImplVersion => SbiResult.Of(ImplementationVersion),
        FunctionId.ProbeExtension => SbiResult.Of(call.Argument(0) <= uint.MaxValue && isPresent((uint)call.Argument(0)) ? 1ul : 0),
        FunctionId.GetMvendorid => SbiResult.Of(HartIdentity.VendorId),
        FunctionId.GetMarchid => SbiResult.Of(HartIdentity.ArchitectureId),
        FunctionId.GetMimpid => SbiResult.Of(HartIdentity.ImplementationId),
        _ => SbiError.NotSupported,
    };
}
