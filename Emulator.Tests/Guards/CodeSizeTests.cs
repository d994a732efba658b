using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Arch.X86;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Tests.Guests;

namespace Emulator.Tests.Guards;

/// <summary>Operations and CIL that some functions become, for each guest instruction: what the optimiser and the emitter are worth, without a clock.</summary>
[TestFixture]
public sealed class CodeSizeTests
{
    private const ulong Start = 0x8000_0000;
    private const string RiscV = "rv64";
    private const string X86 = "x86-64";
    private const X86Mode LongUser = X86Mode.Protected | X86Mode.LongMode | X86Mode.FlatCode | X86Mode.FlatData | X86Mode.PrivilegeMask
        | X86Mode.DefaultMxcsr | X86Mode.Sse | (X86Mode)CodeSize.Bits64;

    private static readonly uint User = new RiscVMode(Privilege.User, RiscVMmuIndex.User, IsFloatOn: true, 0).Pack();

    private static IEnumerable<TestCaseData> Functions =>
        from guest in (string[])[RiscV, X86]
        from line in File.ReadLines(RepositoryFiles.Path("Emulator.Tests", "Guards", $"functions.{guest}.hex"))
        let parts = line.Split(' ')
        select new TestCaseData(guest, parts[0], Convert.FromHexString(parts[1])).SetName($"{{m}}({guest}, {parts[0]})");

    [TestCaseSource(nameof(Functions))]
    public void A_function_does_not_grow(string guest, string function, byte[] code)
    {
        uint mode = guest == RiscV ? User : (uint)LongUser;
        Architecture architecture = guest == RiscV ? new RiscVArchitecture(IsaConfiguration.Max) : new X86Architecture();
        using var inspector = new CodeInspector(architecture, code, new GuestVirtualAddress(Start));
        var (operations, instructions) = (0.0, 0);
        for (ulong at = Start, end = Start + (ulong)code.Length; at < end;)
        {
            var block = inspector.Translate(new GuestVirtualAddress(at), new GuestVirtualAddress(end), mode)!;
            operations += block.Instructions.Length;
            instructions += block.InstructionCount;
            at += (ulong)block.ByteLength;
        }

        Assert.That(instructions, Is.GreaterThan(5), "the whole function is code");
        Recorded.Check($"{guest} {function}: operations an instruction", operations / instructions);
        var region = inspector.Compile(new GuestVirtualAddress(Start), mode)!;
        Assert.That(region.GuestInstructions, Is.GreaterThan(instructions / 3), "the region has the function's loops");
        Recorded.Check($"{guest} {function}: bytes of CIL an instruction", (double)region.CilBytes / region.GuestInstructions);
    }

    [Test]
    public void A_figure_that_grows_is_a_failure()
    {
        Assume.That(Environment.GetEnvironmentVariable("BLESS"), Is.Not.EqualTo("1"));
        using var scope = new NUnit.Framework.Internal.TestExecutionContext.IsolatedContext();
        Assert.That(() => Recorded.Check("rv64 dot: operations an instruction", 100), Throws.TypeOf<AssertionException>());
        Assert.That(() => Recorded.Check("what nobody has recorded", 0), Throws.TypeOf<AssertionException>());
    }
}
