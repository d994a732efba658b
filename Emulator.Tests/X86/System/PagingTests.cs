using Emulator.Arch.X86;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Tests.X86.System;

/// <summary>Page tables of all formats against the rules of chapter 4 of volume 3.</summary>
[TestFixture]
internal sealed class PagingTests
{
    private const ulong Tables = 0x10_0000;
    private const ulong Target = 0x1f_0000;
    private const ulong LowLinear = 0x0040_3123;

    public enum Format
    {
        Bits32,
        Pae,
        FourLevel,
        FiveLevel,
    }

    private static int Levels(Format format) => format switch { Format.Bits32 => 2, Format.Pae => 2, Format.FourLevel => 4, _ => 5 };

    [Test]
    public void Rights_follow_from_all_levels([Values] Format format)
    {
        using var fixture = Create(format);
        var cpu = fixture.Cpu;
        int levels = Levels(format);
        bool hasNx = format != Format.Bits32;
        var random = new Random(4711);
        for (int round = 0; round < 4000; round++)
        {
            ulong rights = 7;
            bool isNoExecute = false;
            bool isPresent = true;
            for (int level = 1; level <= levels; level++)
            {
                ulong bits = (ulong)(random.Next(8) | (random.Next(4) != 0 ? 1 : 0));
                bool noExecute = hasNx && random.Next(4) == 0;
                rights &= bits;
                isPresent &= (bits & 1) != 0;
                isNoExecute |= noExecute;
                SetEntry(fixture, format, level, bits | (noExecute ? 1ul << 63 : 0));
            }

            cpu.Registers.Cr0 = Cr0.Pe | Cr0.Et | Cr0.Pg | (random.Next(2) != 0 ? Cr0.Wp : 0);
            cpu.Registers.Cr4 = (cpu.Registers.Cr4 & ~(Cr4.Smep | Cr4.Smap)) | (random.Next(2) != 0 ? Cr4.Smep : 0) | (random.Next(2) != 0 ? Cr4.Smap : 0);
            var kind = (AccessKind)random.Next(3);
            var index = (X86MmuIndex)random.Next(3);
            bool isUser = index == X86MmuIndex.User;
            cpu.Registers.Cpl = (byte)(isUser ? 3 : 0);
            bool isUserPage = (rights & 4) != 0;
            bool isAllowed = (isUser, kind) switch
            {
                (true, AccessKind.Read) => isUserPage,
                (true, AccessKind.Write) => isUserPage && (rights & 2) != 0,
                (true, _) => isUserPage && !isNoExecute,
                (false, AccessKind.Execute) => !isNoExecute && !(isUserPage && (cpu.Registers.Cr4 & Cr4.Smep) != 0),
                (false, _) => (kind == AccessKind.Read || (rights & 2) != 0 || (cpu.Registers.Cr0 & Cr0.Wp) == 0)
                    && !(isUserPage && (cpu.Registers.Cr4 & Cr4.Smap) != 0 && index == X86MmuIndex.Supervisor),
            };
            bool showsFetch = hasNx || (cpu.Registers.Cr4 & Cr4.Smep) != 0;
            uint error = (isPresent ? 1u : 0) | (kind == AccessKind.Write ? 2u : 0) | (isUser ? 4u : 0) | (kind == AccessKind.Execute && showsFetch ? 16u : 0);
            bool ok = Translate(cpu, LowLinear, kind, index, out var translation, out var fault);
            string what = $"round {round}: {format}, {kind} by {index}, rights {rights}, CR4 {cpu.Registers.Cr4:x}";
            if (ok != (isPresent && isAllowed)) Assert.Fail($"{what}: {(ok ? "allowed" : $"refused {fault}")}");
            if (ok) CheckMarked(fixture, format, kind == AccessKind.Write, translation, what);
            else if (fault != X86Fault.PageFault(LowLinear, error)) Assert.Fail($"{what}: {fault}, expected error {error}");
        }
    }

    [Test]
    public void Reserved_bits_fault([Values] Format format)
    {
        using var fixture = Create(format);
        int levels = Levels(format);
        for (int level = 1; level <= levels; level++)
        {
            for (int bit = 0; bit < (format == Format.Bits32 ? 32 : 64); bit++)
            {
                for (int other = 1; other <= levels; other++) SetEntry(fixture, format, other, 7);
                bool isReserved = format switch
                {
                    Format.Bits32 => false,
                    Format.Pae => bit is >= 40 and < 63,
                    _ => bit is >= 40 and < 52 || (bit == 7 && level >= 4),
                };
                if (bit is 0 or 1 or 2 or 63 || (bit == 7 && level > 1 && !isReserved) || (bit >= 12 && !isReserved)) continue;
                SetEntry(fixture, format, level, 7 | (1ul << bit));
                bool ok = Translate(fixture.Cpu, LowLinear, AccessKind.Read, X86MmuIndex.User, out _, out var fault);
                Assert.That(ok, Is.EqualTo(!isReserved), $"{format} level {level} bit {bit}");
                if (!ok) Assert.That(fault.Value, Is.EqualTo(0b1101), $"{format} level {level} bit {bit}");
            }
        }
    }

    [TestCase(Format.Bits32, 2, 0x0040_0087ul, 0x0040_0000ul, 22)]
    [TestCase(Format.Bits32, 2, 0x0060_0087ul, null, 22, Description = "bit 21 is reserved")]
    [TestCase(Format.Bits32, 2, 0x0040_0087ul | (0x12 << 13), 0x12_0040_0000ul, 22, Description = "PSE-36")]
    [TestCase(Format.Pae, 2, 0x0060_0087ul, 0x0060_0000ul, 21)]
    [TestCase(Format.Pae, 2, 0x0060_2087ul, null, 21)]
    [TestCase(Format.FourLevel, 2, 0x0060_1087ul, 0x0060_0000ul, 21, Description = "PAT is no address bit")]
    [TestCase(Format.FourLevel, 3, 0x8000_0087ul, 0x8000_0000ul, 30)]
    [TestCase(Format.FourLevel, 3, 0x8020_0087ul, null, 30)]
    [TestCase(Format.FiveLevel, 3, 0x8000_0087ul, 0x8000_0000ul, 30)]
    public void Large_pages(Format format, int level, ulong entry, ulong? page, int bits)
    {
        using var fixture = Create(format);
        for (int other = 1; other <= Levels(format); other++) SetEntry(fixture, format, other, 7);
        fixture.Write(EntryAddress(format, level), format == Format.Bits32 ? 4 : 8, entry);
        bool ok = Translate(fixture.Cpu, LowLinear, AccessKind.Write, X86MmuIndex.User, out var translation, out var fault);
        Assert.That(ok, Is.EqualTo(page is not null));
        if (ok) Assert.That(translation.Physical.Value, Is.EqualTo(page!.Value | (LowLinear & ((1ul << bits) - 1))));
        else Assert.That(fault, Is.EqualTo(X86Fault.PageFault(LowLinear, 0b1111)));
    }

    [Test]
    public void Pointers_of_PAE_are_checked_when_CR3_is_loaded()
    {
        using var fixture = Create(Format.Pae);
        for (int bit = 1; bit < 64; bit++)
        {
            bool isReserved = bit is 1 or 2 or (>= 5 and <= 8) or >= 40;
            fixture.Write(Tables + 8, 8, 1 | (1ul << bit));
            Assert.That(fixture.Cpu.WriteControl(3, Tables), Is.EqualTo(isReserved ? X86Fault.GeneralProtection() : (GuestFault?)null), $"bit {bit}");
        }

        fixture.Write(Tables + 8, 8, 1ul << 40);
        Assert.That(fixture.Cpu.WriteControl(3, Tables), Is.Null, "an entry that is not present may hold anything");
    }

    [TestCase(false, 0x0000_7fff_ffff_ffffUL, true)]
    [TestCase(false, 0x0000_8000_0000_0000UL, false)]
    [TestCase(false, 0xffff_7fff_ffff_ffffUL, false)]
    [TestCase(false, 0xffff_8000_0000_0000UL, true)]
    [TestCase(true, 0x0000_8000_0000_0000UL, true)]
    [TestCase(true, 0x0100_0000_0000_0000UL, false)]
    public void Canonical_addresses(bool hasFiveLevels, ulong address, bool isCanonical)
    {
        using var fixture = Create(hasFiveLevels ? Format.FiveLevel : Format.FourLevel);
        Translate(fixture.Cpu, address, AccessKind.Read, X86MmuIndex.Supervisor, out _, out var fault);
        Assert.That(fault.Code == (uint)X86Exception.GeneralProtection, Is.EqualTo(!isCanonical));
    }

    private static bool Translate(X86Cpu cpu, ulong linear, AccessKind kind, X86MmuIndex index, out AddressTranslation translation, out GuestFault fault) =>
        ((VirtualCpu)cpu).TryTranslate(new GuestVirtualAddress(linear), kind, 1, (int)index, out translation, out fault);

    private static SystemFixture Create(Format format)
    {
        var fixture = new SystemFixture().EnterProtected();
        ref var registers = ref fixture.Cpu.Registers;
        registers.Cr4 = format == Format.Bits32 ? Cr4.Pse : Cr4.Pae;
        if (format == Format.FiveLevel) registers.Cr4 |= Cr4.La57;
        if (format != Format.Bits32) registers.Efer = Efer.Nxe;
        if (format >= Format.FourLevel) registers.Efer |= Efer.Lme | Efer.Lma;
        registers.Cr3 = format == Format.Pae ? Tables : Tables + ((ulong)Levels(format) * 0x1000);
        registers.Cr0 |= Cr0.Pg;
        if (format == Format.Pae)
        {
            fixture.Write(Tables, 8, (Tables + 0x2000) | 1);
            registers.DirectoryPointers[0] = (Tables + 0x2000) | 1;
        }

        fixture.Cpu.UpdateMode();
        return fixture;
    }

    private static ulong EntryAddress(Format format, int level)
    {
        ulong index = format == Format.Bits32
            ? (LowLinear >> (level == 1 ? 12 : 22)) & 0x3ff
            : (LowLinear >> (12 + (9 * (level - 1)))) & 0x1ff;
        return Tables + ((ulong)level * 0x1000) + (index * (format == Format.Bits32 ? 4u : 8u));
    }

    private static void SetEntry(SystemFixture fixture, Format format, int level, ulong bits)
    {
        ulong next = level == 1 ? Target : Tables + ((ulong)(level - 1) * 0x1000);
        fixture.Write(EntryAddress(format, level), format == Format.Bits32 ? 4 : 8, next | bits);
    }

    private static void CheckMarked(SystemFixture fixture, Format format, bool isWrite, AddressTranslation translation, string what)
    {
        Check(translation.Physical.Value == (Target | (LowLinear & 0xfff)), what);
        for (int level = 1; level <= Levels(format); level++)
        {
            ulong entry = fixture.Read(EntryAddress(format, level), format == Format.Bits32 ? 4 : 8);
            Check((entry & 0x20) != 0, $"{what}: level {level} is accessed");
            Check((entry & 0x40) != 0 == (isWrite && level == 1), $"{what}: level {level} is dirty");
        }
    }

    private static void Check(bool holds, string what)
    {
        if (!holds) Assert.Fail(what);
    }
}
