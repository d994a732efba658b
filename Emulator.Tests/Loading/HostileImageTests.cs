using Emulator.Core.Loading;

namespace Emulator.Tests.Loading;

[TestFixture]
public sealed class HostileImageTests
{
    private const int RandomCases = 4000;

    // Unpacked data may take twice the limit while the buffer grows; errors and tables are small beside it.
    private static readonly ImageLoadOptions Limit = new() { MaximumBytes = 64 * 1024 };

    private static IEnumerable<TestCaseData> Files()
    {
        yield return new TestCaseData(TestImages.Elf(ElfClass.Elf64)).SetArgDisplayNames("ELF64");
        yield return new TestCaseData(TestImages.Elf(ElfClass.Elf32)).SetArgDisplayNames("ELF32");
        yield return new TestCaseData(TestImages.Linux()).SetArgDisplayNames("Image");
        yield return new TestCaseData(TestImages.Gzip(TestImages.Linux())).SetArgDisplayNames("Image.gz");
        yield return new TestCaseData(TestImages.Zstd(TestImages.Linux())).SetArgDisplayNames("Image.zst");
        yield return new TestCaseData(TestImages.Gzip(TestImages.Elf(ElfClass.Elf64))).SetArgDisplayNames("ELF64.gz");
        yield return new TestCaseData(TestImages.Zstd(TestImages.Elf(ElfClass.Elf32))).SetArgDisplayNames("ELF32.zst");
        yield return new TestCaseData(TestImages.Zboot(TestImages.Gzip(TestImages.Linux()), "gzip")).SetArgDisplayNames("zboot gzip");
        yield return new TestCaseData(TestImages.Zboot(TestImages.Zstd(TestImages.Linux()), "zstd22")).SetArgDisplayNames("zboot zstd");
    }

    [TestCaseSource(nameof(Files))]
    public void Spoiled_files_load_or_are_refused(byte[] good) =>
        HostileBytes.Attack(good, RandomCases, memoryLimit: 1024 * 1024, bad => UseUp(GuestImage.Parse(bad, "spoiled", Limit)));

    // Touches everything that the machine will, as far as a hostile file could have made it wrong.
    private static void UseUp(GuestImage image)
    {
        switch (image)
        {
            case ElfImage elf:
                _ = elf.PhysicalEntryPoint;
                foreach (ElfSegment segment in elf.Segments)
                {
                    _ = segment.Data.Span.Length;
                    ulong end = segment.PhysicalAddress.Value + (segment.MemorySize - 1);
                    Assert.That(end, Is.GreaterThanOrEqualTo(segment.PhysicalAddress.Value));
                }

                elf.Symbols.TryFind("tohost", out _);
                _ = elf.Symbols.Count();
                _ = elf.Notes.Sum(static note => note.Description.Length + note.Name.Length);
                break;
            case LinuxImage linux:
                Assert.That(linux.MemorySize, Is.GreaterThanOrEqualTo((ulong)linux.Data.Length));
                break;
        }
    }
}
