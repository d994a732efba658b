using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Tests.Execution;

/// <summary>What a page knows of the code on it, beside a model that remembers each byte of each block.</summary>
[TestFixture]
public sealed class CodePageTests
{
    private const int Steps = 4000;
    private const int MaxLength = 200;
    private const int Page = (int)GuestPage.Size;

    [Test]
    public void Agrees_with_a_model_to_the_byte([Range(1, 8)] int seed)
    {
        using var ram = new RamBlock(2 * GuestPage.Size);
        var page = new CodePage(ram, GuestPage.Size);
        var random = new Random(seed);
        var model = new List<TranslatedBlock>();
        var removed = new List<TranslatedBlock>();
        for (int step = 0; step < Steps; step++)
        {
            int from = random.Next(Page);
            int length = Math.Min(1 << random.Next(4), Page - from);
            var hit = model.Where(b => b.IsValid && BytesOf(b).Any(at => at >= from && at < from + length)).ToList();
            switch (random.Next(8))
            {
                case 0:
                    var block = Block(ram, random);
                    page.Add(block);
                    model.Add(block);
                    break;
                case 1:
                    removed.Clear();
                    page.Remove(from, length, removed);
                    Assert.That(removed, Is.EquivalentTo(hit), $"seed {seed}, step {step}");
                    model.RemoveAll(b => hit.Contains(b) || !b.IsValid);
                    Assert.That(page.Blocks, Is.EqualTo(model), $"seed {seed}, step {step}");
                    break;
                default:
                    Assert.That(page.Overlaps(from, length), Is.EqualTo(hit.Count > 0), $"seed {seed}, step {step}");
                    break;
            }
        }
    }

    [Test]
    public void Is_idle_after_some_writes_without_code()
    {
        using var ram = new RamBlock(2 * GuestPage.Size);
        var page = new CodePage(ram, 0);
        var block = Block(ram, new Random(1), inFirst: 0);
        page.Add(block);
        Assert.That(page.IsIdleAfter(Page), Is.False, "it has code");
        page.Remove(0, Page, []);
        Assert.That(page.IsIdleAfter(sizeof(uint)), Is.False, "code may follow soon");
        Assert.That(page.IsIdleAfter(Page), Is.True, "the page has got another content");
    }

    [Test]
    public void Backs_off_within_a_limit_and_recovers()
    {
        using var ram = new RamBlock(2 * GuestPage.Size);
        var page = new CodePage(ram, 0);
        var block = Block(ram, new Random(1), inFirst: 0);
        Assert.That(page.BackOffOf(block), Is.Zero);
        for (int i = 0; i < 100; i++) page.BackOff(CodePage.GranuleBitOf(block));
        int most = page.BackOffOf(block);
        Assert.That(most, Is.InRange(1, 8));
        for (int i = 0; i < 100; i++) page.Recover(CodePage.GranuleBitOf(block));
        Assert.That(page.BackOffOf(block), Is.Zero);
    }

    // Where on the second page the bytes of a block are.
    private static IEnumerable<int> BytesOf(TranslatedBlock block)
    {
        int start = (int)block.Offset;
        int inFirst = Math.Min(block.ByteLength, Page - (start % Page));
        var rest = Enumerable.Range(0, block.ByteLength - inFirst);
        return start < Page ? rest : Enumerable.Range(start - Page, inFirst).Concat(rest);
    }

    // Wholly on the second page, or into it from the last bytes of the first, or of itself: its successor is the same memory.
    private static TranslatedBlock Block(RamBlock ram, Random random, int? inFirst = null)
    {
        bool straddles = inFirst is null && random.Next(4) == 0;
        int end = straddles && random.Next(2) == 0 ? 2 * Page : Page;
        int start = inFirst ?? (straddles ? end - random.Next(1, 15) : Page + random.Next(Page));
        int length = straddles ? end - start + random.Next(1, 15) : Math.Min(random.Next(1, MaxLength), Page - (start % Page));
        return new TranslatedBlock
        {
            Index = -1, Key = new BlockKey((ulong)start, 0, false), ByteLength = length, InstructionCount = 1, Ram = ram, Offset = (ulong)start,
            SecondPage = straddles ? new CodePlace(ram, GuestPage.Size) : null,
        };
    }
}
