using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Emulator.Tests.RiscV.RandomPrograms;

/// <summary>
/// A QEMU that emulates a whole machine, the widest instruction set that it has in common with us, and what it is known to do otherwise.
/// </summary>
/// <param name="Program">Its path.</param>
/// <param name="Version">Its name and version.</param>
/// <param name="Cpu">Its processor, without what we have not.</param>
/// <param name="Isa">Our processor, without what it has not.</param>
/// <param name="Without">Instructions that it gets wrong.</param>
/// <param name="IgnoresReservedPteBits">It does not refuse what bits 62 to 54 of page-table entries reserve.</param>
/// <param name="HasExactTrapValues">mtval is the address of an EBREAK, and the target of a misaligned jump; else 0, and the jump.</param>
/// <param name="ClearsModifyPrivilege">SRET clears mstatus.MPRV, not only MRET.</param>
internal sealed partial record SystemOracle(
    string Program, string Version, string Cpu, string Isa, IReadOnlyCollection<string> Without, bool IgnoresReservedPteBits,
    bool HasExactTrapValues,
    bool ClearsModifyPrivilege)
{
    // What QEMU has and we have not, or has by another definition: H, V; timer comparison and entropy differ from run to run.
    private const string Old =
        "h=false,v=false,zbkb=true,zbkc=true,zbkx=true,zknd=true,zkne=true,zknh=true,zksed=true,zksh=true,Zfh=true,svinval=true,svnapot=true,svpbmt=true,sstc=false";

    private const string New =
        "h=false,v=false,zbkb=true,zbkc=true,zbkx=true,zknd=true,zkne=true,zknh=true,zksed=true,zksh=true,zfh=true,svinval=true,sstc=false,"
        + "svade=false,svadu=true,zfa=true,zicond=true,zacas=true,zabha=true,zcb=true,zcmop=true,zimop=true";

    private const string Wide = ",svnapot=true,svpbmt=true";
    private const string WithoutForOld = ",-zfa,-zicond,-zacas,-zabha,-zcb,-zcmop,-zimop,-zawrs,-zicbom,-zicboz,-smstateen,-ssstateen,-sstc,-zkr";
    private const string WithoutForNew = ",-smstateen,-ssstateen,-sstc,-zkr";
    private const int FirstNew = 10;

    /// <summary>The installed one; null when there is none.</summary>
    /// <param name="xlen">32 or 64.</param>
    /// <param name="isCompressed">With compressed instructions.</param>
    public static SystemOracle? Find(int xlen, bool isCompressed)
    {
        string name = $"qemu-system-riscv{xlen}";
        string? program = Environment.GetEnvironmentVariable($"EMULATOR_QEMU_RISCV{xlen}") ?? (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (program is null) return null;
        using var process = Process.Start(new ProcessStartInfo(program, ["--version"]) { RedirectStandardOutput = true })!;
        string version = process.StandardOutput.ReadToEnd().Split('\n')[0];
        process.WaitForExit();
        bool isNew = Number().Match(version) is { Success: true } number && int.Parse(number.Value) >= FirstNew;
        string cpu = $"rv{xlen}," + (isNew ? New + (xlen == 64 ? Wide : "") : xlen == 64 ? Old : Old.Replace(",svnapot=true,svpbmt=true", "", StringComparison.Ordinal));
        string isa = $"rv{xlen}max{(isNew ? WithoutForNew : WithoutForOld)}";
        return isCompressed
            ? new SystemOracle(program, version, cpu, isa, isNew ? WrongInNew : WrongInOld, !isNew, isNew, isNew)
            : new SystemOracle(program, version, cpu + NotCompressed(isNew), isa + ",-c,-zca", isNew ? WrongInNew : WrongInOld, !isNew, isNew, isNew);
    }

    // these do not trap in U
    private static string[] WrongInNew => ["sfence.w.inval", "sfence.inval.ir"];

    // ctzw of a low half of 0 counts on in the high half
    private static string[] WrongInOld => ["ctzw", .. WrongInNew];

    private static string NotCompressed(bool isNew) => isNew ? ",c=false,zca=false,zcb=false,zcmop=false" : ",c=false";

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();
}
