using System.Globalization;
using System.Text;
using Emulator.Arch.X86;
using Emulator.Core.Execution;
using Iced.Intel;

namespace Emulator.Tests.X86.Suites;

/// <summary>
/// Single-step tests recorded on real 16 and 32-bit processors (the SingleStepTests collections of 80286 and 80386, format MOO). They are not
/// in this repository: EMULATOR_X86_SINGLESTEP names a folder of them; EMULATOR_X86_SINGLESTEP_STRIDE n runs every nth test of a file, _ONLY those
/// files whose names start so, _REPORT names a file for the differences.
/// </summary>
internal sealed class SingleStepTests
{
    private const string Variable = "EMULATOR_X86_SINGLESTEP";
    private const int Shown = 5;
    private const int LongestOf80286 = 10;
    private const byte Lock = 0xf0;
    private const byte Escape = 0xd8;
    private const byte EscapeMask = 0xf8;

    [TestCase(EngineKind.Reference)]
    [TestCase(EngineKind.Interpreter)]
    [TestCase(EngineKind.Jit)]
    [TestCase(EngineKind.Auto)]
    public void EndAsOnTheProcessor(EngineKind kind)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } folder) throw new IgnoreException($"{Variable} names no folder of tests");
        int stride = int.Parse(Environment.GetEnvironmentVariable($"{Variable}_STRIDE") ?? "1", CultureInfo.InvariantCulture);
        string only = Environment.GetEnvironmentVariable($"{Variable}_ONLY") ?? "";
        var revoked = Revoked(folder);
        int passed = 0;
        int failed = 0;
        int excluded = 0;
        var report = new StringBuilder();
        using var machine = new SingleStepMachine(kind);
        foreach (string path in Directory.EnumerateFiles(folder, $"{only}*.MOO*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            int failedHere = 0;
            foreach (var test in MooFile.Read(path, stride))
            {
                if (revoked.Contains(test.Hash) || IsOtherGeneration(test))
                {
                    excluded++;
                    continue;
                }

                string? difference = machine.Run(test);
                if (difference is null) passed++;
                else if (failedHere++ < Shown) report.AppendLine($"{Path.GetFileName(path)} {test.Name} [{Convert.ToHexString(test.Code)}] exception {test.Exception?.Vector}: {difference}");
            }

            if (failedHere > 0) report.AppendLine($"{Path.GetFileName(path)}: {failedHere} differences");
            failed += failedHere;
        }

        TestContext.Out.WriteLine($"{kind}: {passed} passed, {failed} failed, {excluded} excluded");
        if (Environment.GetEnvironmentVariable($"{Variable}_REPORT") is { } file) File.WriteAllText($"{file}.{kind}", $"{passed} passed, {failed} failed, {excluded} excluded\n{report}");
        Assert.That(failed, Is.Zero, report.ToString());
    }

    private static HashSet<string> Revoked(string folder)
    {
        string list = Path.Combine(folder, "revocation_list.txt");
        return File.Exists(list) ? [.. File.ReadLines(list).Select(static line => line.Trim())] : [];
    }

    // Without a coprocessor an escape means something else. Other than an 80386, an 80286 takes at most ten bytes and a LOCK before everything, has no
    // FS and GS, leaves registers changed by what faults, and misses some faults. In three recordings it has pushed SS in place of CS.
    private static bool IsOtherGeneration(MooTest test)
    {
        int prefixes = test.Code.TakeWhile(static prefix => prefix is Lock or 0x26 or 0x2e or 0x36 or 0x3e or 0x64 or 0x65 or 0x66 or 0x67 or 0xf2 or 0xf3).Count();
        byte code = test.Code[prefixes];
        if ((code & EscapeMask) == Escape) return true;
        if (!test.Is80286) return false;
        if (test.Code.AsSpan(0, prefixes).Contains(Lock) || test.Code.Length - 1 > LongestOf80286) return true;
        if (HasPushedStackSegment(test)) return true;
        var instruction = Iced.Intel.Decoder.Create(16, test.Code).Decode();
        return test.Exception?.Vector switch
        {
            null or (int)X86Exception.BoundRange => ReadsPairBeyondLimit(test, instruction) || (instruction.Mnemonic == Mnemonic.Idiv && IsLeastQuotient(test, instruction)),
            (int)X86Exception.InvalidOpcode => instruction.Op0Register is Register.FS or Register.GS || instruction.Op1Register is Register.FS or Register.GS,
            (int)X86Exception.GeneralProtection => instruction.IsStringInstruction || instruction.Mnemonic == Mnemonic.Pop || instruction.IsInvalid,
            _ => false,
        };
    }

    // The word below the flags is CS.
    private static bool HasPushedStackSegment(MooTest test)
    {
        if (test.Exception is not { } exception || test.Initial[MooRegister.Ss] == test.Initial[MooRegister.Cs]) return false;
        int pushed = test.FinalMemory.Where(entry => exception.FlagsAddress - entry.Address is 1 or 2)
            .Sum(entry => entry.Value << (exception.FlagsAddress - entry.Address == 1 ? 8 : 0));
        return (uint)pushed == test.Initial[MooRegister.Ss];
    }

    // A far pointer or a pair of bounds whose second word wraps to offset 0.
    private static bool ReadsPairBeyondLimit(MooTest test, in Instruction instruction)
    {
        if (instruction.MemorySize is not (MemorySize.SegPtr16 or MemorySize.Bound16_WordWord)) return false;
        uint offset = instruction.MemoryDisplacement32 + Value(instruction.MemoryBase) + Value(instruction.MemoryIndex);
        return (ushort)offset > ushort.MaxValue - 3;

        uint Value(Register register) => register switch
        {
            Register.BX => test.Initial[MooRegister.Ebx]!.Value,
            Register.BP => test.Initial[MooRegister.Ebp]!.Value,
            Register.SI => test.Initial[MooRegister.Esi]!.Value,
            Register.DI => test.Initial[MooRegister.Edi]!.Value,
            _ => 0,
        };
    }

    // Some signed quotients that are too large end as the least number instead of #DE.
    private static bool IsLeastQuotient(MooTest test, in Instruction instruction)
    {
        uint quotient = test.Final[MooRegister.Eax] ?? test.Initial[MooRegister.Eax]!.Value;
        bool isByte = instruction.Op0Kind == OpKind.Register ? instruction.Op0Register.GetSize() == 1 : instruction.MemorySize.GetSize() == 1;
        return isByte ? (byte)quotient == 0x80 : quotient == 0x8000;
    }
}
