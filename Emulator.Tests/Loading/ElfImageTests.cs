using Emulator.Core.Loading;
using Emulator.Core.Memory;

namespace Emulator.Tests.Loading;

[TestFixture]
public sealed class ElfImageTests
{
    [Test]
    public void Everything_is_read([Values] ElfClass width)
    {
        ElfImage elf = Parse(TestImages.Elf(width));
        Assert.Multiple(() =>
        {
            Assert.That(elf.Class, Is.EqualTo(width));
            Assert.That(elf.Type, Is.EqualTo(ElfType.Executable));
            Assert.That(elf.Machine, Is.EqualTo(243));
            Assert.That(elf.MachineFlags, Is.EqualTo(5));
            Assert.That(elf.EntryPoint.Value, Is.EqualTo(0x8000_0004));
            Assert.That(elf.Segments, Has.Count.EqualTo(2));
            Assert.That(elf.Segments[0].Data.ToArray(), Is.EqualTo(new byte[] { 0x13, 0, 0, 0, 0x6f, 0, 0, 0 }));
            Assert.That(elf.Segments[1].PhysicalAddress.Value, Is.EqualTo(0x8000_1000));
            Assert.That(elf.Segments[1].Data.Length, Is.EqualTo(5));
            Assert.That(elf.Segments[1].MemorySize, Is.EqualTo(0x100));
            Assert.That(elf.Segments[1].Flags, Is.EqualTo(ElfSegmentFlags.Read | ElfSegmentFlags.Write | ElfSegmentFlags.Execute));
            Assert.That(elf.Notes.Select(static n => (n.Name, n.Type, n.Description.Length)), Is.EqualTo(new[] { ("Xen", 18u, 4), ("GNU", 5u, 8) }));
            Assert.That(elf.Notes[0].Description.ToArray(), Is.EqualTo(new byte[] { 0, 0, 0x10, 0 }));
            Assert.That(elf.Symbols.Select(static s => s.Name), Is.EqualTo(new[] { "tohost", "fromhost", "begin_signature", "end_signature" }));
            Assert.That(elf.Symbols.TryFind("fromhost", out ElfSymbol found));
            Assert.That(found, Is.EqualTo(new ElfSymbol("fromhost", new GuestVirtualAddress(0x8000_1008), 8)));
            Assert.That(elf.Symbols.TryFind("tohos", out _), Is.False);
            Assert.That(elf.Symbols.TryFind("", out _), Is.False);
        });
    }

    [Test]
    public void A_virtual_entry_point_is_found_in_physical_memory()
    {
        ElfImage elf = Parse(new ElfBuilder(ElfClass.Elf64) { Entry = 0xffff_ffff_8000_1010 }
            .Load(0x8020_0000, new byte[16], virtualAddress: 0xffff_ffff_8000_0000)
            .Load(0x8020_1000, new byte[16], memorySize: 0x20, virtualAddress: 0xffff_ffff_8000_1000)
            .Build());
        Assert.That(elf.PhysicalEntryPoint.Value, Is.EqualTo(0x8020_1010));
        Assert.That(elf.ToPhysical(new GuestVirtualAddress(0x1234)).Value, Is.EqualTo(0x1234));
    }

    [Test]
    public void A_position_independent_program_moves_as_a_whole([Values] ElfClass width)
    {
        ElfImage elf = Parse(new ElfBuilder(width) { Type = 3, Entry = 0x1008 }
            .Load(0x1000, new byte[16]).Load(0x2000, new byte[4], memorySize: 64).Symbol("tohost", 0x2020).Build());
        ElfImage moved = elf.At(new GuestPhysicalAddress(0x8000_0000));
        Assert.Multiple(() =>
        {
            Assert.That(moved.EntryPoint.Value, Is.EqualTo(0x8000_0008));
            Assert.That(moved.PhysicalEntryPoint.Value, Is.EqualTo(0x8000_0008));
            Assert.That(moved.Segments.Select(static s => s.PhysicalAddress.Value), Is.EqualTo(new[] { 0x8000_0000, 0x8000_1000 }));
            Assert.That(moved.Segments.Select(static s => s.VirtualAddress.Value), Is.EqualTo(new[] { 0x8000_0000, 0x8000_1000 }));
            Assert.That(moved.Symbols.TryFind("tohost", out ElfSymbol symbol) && symbol.Address.Value == 0x8000_1020);
            Assert.That(moved.At(new GuestPhysicalAddress(0x1000)).EntryPoint, Is.EqualTo(elf.EntryPoint));
            ulong tooHigh = (width == ElfClass.Elf64 ? ulong.MaxValue : uint.MaxValue) - 0x100;
            Assert.Throws<ImageFormatException>(() => elf.At(new GuestPhysicalAddress(tooHigh)));
        });
    }

    [Test]
    public void A_fixed_program_does_not_move()
    {
        ElfImage elf = Parse(TestImages.Elf(ElfClass.Elf64));
        Assert.That(elf.At(new GuestPhysicalAddress(0x8000_0000)), Is.SameAs(elf));
        Assert.Throws<ImageFormatException>(() => elf.At(new GuestPhysicalAddress(0)));
    }

    [Test]
    public void A_global_symbol_hides_local_ones_and_only_places_count()
    {
        ElfImage elf = Parse(new ElfBuilder(ElfClass.Elf32).Load(0, new byte[4])
            .Symbol("tohost", 1, info: 0x04)
            .Symbol("tohost", 2, info: 0x00)
            .Symbol("tohost", 3, info: 0x10, section: 0)
            .Symbol("tohost", 4, info: 0x11)
            .Symbol("tohost", 5, info: 0x11)
            .Symbol("local", 6, info: 0x01)
            .Symbol("local", 7, info: 0x01)
            .Build());
        Assert.That(elf.Symbols.TryFind("tohost", out ElfSymbol global) && global.Address.Value == 4);
        Assert.That(elf.Symbols.TryFind("local", out ElfSymbol local) && local.Address.Value == 6);
        Assert.That(elf.Symbols.Select(static s => s.Address.Value), Is.EqualTo(new[] { 2, 4, 5, 6, 7 }));
    }

    [Test]
    public void A_stripped_program_has_no_symbols() =>
        Assert.That(Parse(new ElfBuilder(ElfClass.Elf64).Load(0, new byte[4]).Build()).Symbols, Is.Empty);

    [TestCase(4, 3, "ELF class 3")]
    [TestCase(5, 2, "ELF data encoding 2")]
    [TestCase(6, 0, "ELF version 0")]
    [TestCase(16, 1, "ELF type 1")]
    [TestCase(56, 0, "an ELF header with 0 program headers")]
    [TestCase(54, 55, "ELF program headers of 55 bytes")]
    [TestCase(58, 63, "ELF section headers of 63 bytes")]
    [TestCase(39, 0x80, "an ELF program header table of 0xe0 bytes that runs past the end")]
    public void A_bad_header_is_named(int at, byte value, string found)
    {
        byte[] elf = TestImages.Elf(ElfClass.Elf64);
        elf[at] = value;
        Assert.That(Assert.Throws<ImageFormatException>(() => Parse(elf)).Found, Is.EqualTo(found));
    }

    [Test]
    public void Bad_segments_are_named()
    {
        Assert.That(Found(new ElfBuilder(ElfClass.Elf64).Load(0, new byte[8], memorySize: 4)), Does.Contain("for 0x4 bytes of memory"));
        Assert.That(Found(new ElfBuilder(ElfClass.Elf64).Load(ulong.MaxValue, new byte[8])), Does.Contain("at 0xffffffffffffffff"));
        Assert.That(Found(new ElfBuilder(ElfClass.Elf32).Load(0xffff_f000, new byte[8], memorySize: 0x1001)), Does.Contain("0x1001 bytes"));
        Assert.That(Found(new ElfBuilder(ElfClass.Elf64).Load(0, new byte[8]).Segment(3, "/lib/ld.so\0"u8.ToArray())), Does.Contain("interpreter"));
        Assert.That(Found(new ElfBuilder(ElfClass.Elf64).Note("GNU", 1, [])), Does.Contain("without a segment to load"));
        Assert.That(Found(new ElfBuilder(ElfClass.Elf64).Load(0, new byte[8]).Segment(4, new byte[11])), Does.Contain("note of 11 bytes"));
    }

    [Test]
    public void The_last_byte_of_the_address_space_may_be_used() =>
        Assert.That(Parse(new ElfBuilder(ElfClass.Elf32).Load(0xffff_f000, new byte[8], memorySize: 0x1000).Build()).Segments, Has.Count.EqualTo(1));

    private static ElfImage Parse(byte[] bytes) => (ElfImage)GuestImage.Parse(bytes, "program");

    private static string Found(ElfBuilder builder) => Assert.Throws<ImageFormatException>(() => Parse(builder.Build()))!.Found;
}
