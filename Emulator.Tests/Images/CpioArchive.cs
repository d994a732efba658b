using System.Globalization;
using System.Text;

namespace Emulator.Tests.Images;

/// <summary>What a cpio archive has in it, read as strictly as the kernel's documentation describes "newc".</summary>
internal sealed record CpioEntry(string Name, uint Mode, byte[] Content, uint Major, uint Minor, uint Inode)
{
    public string Text => Encoding.UTF8.GetString(Content);
}

internal static class CpioArchive
{
    private const int FieldDigits = 8;
    private const int MagicLength = 6;
    private const int HeaderLength = MagicLength + (13 * FieldDigits);

    public static IReadOnlyList<CpioEntry> Read(byte[] archive)
    {
        List<CpioEntry> entries = [];
        int at = 0;
        while (true)
        {
            int header = at;
            Assert.That(Encoding.ASCII.GetString(archive, header, MagicLength), Is.EqualTo("070701"), $"at {header}");
            uint Field(int index) => uint.Parse(
                Encoding.ASCII.GetString(archive, header + MagicLength + (index * FieldDigits), FieldDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            int nameLength = (int)Field(11);
            string name = Encoding.UTF8.GetString(archive, at + HeaderLength, nameLength - 1);
            Assert.That(archive[at + HeaderLength + nameLength - 1], Is.Zero, name);
            int content = Align(at + HeaderLength + nameLength);
            int length = (int)Field(6);
            at = Align(content + length);
            if (name == "TRAILER!!!")
            {
                Assert.That(at, Is.EqualTo(archive.Length));
                return entries;
            }

            Assert.That((Field(2), Field(3), Field(5)), Is.EqualTo((0u, 0u, 0u)), $"owner and time of {name}");
            entries.Add(new(name, Field(1), archive[content..(content + length)], Field(9), Field(10), Field(0)));
        }
    }

    private static int Align(int at) => (at + 3) & ~3;
}
