using System.Runtime.InteropServices;

namespace Emulator.Arch.X86.Processor;

/// <summary>Types of system descriptors (Intel SDM volume 3, table 3-2).</summary>
internal enum SystemType : byte
{
    Tss16 = 1,
    Ldt = 2,
    BusyTss16 = 3,
    CallGate16 = 4,
    TaskGate = 5,
    InterruptGate16 = 6,
    TrapGate16 = 7,

    /// <summary>Also the 64-bit TSS.</summary>
    Tss32 = 9,
    BusyTss32 = 11,
    CallGate32 = 12,
    InterruptGate32 = 14,
    TrapGate32 = 15,
}

/// <summary>An entry of a descriptor table: eight bytes, and in IA-32e mode eight more of system descriptors.</summary>
/// <param name="Low">The first eight bytes.</param>
/// <param name="High">The second eight, or 0.</param>
/// <param name="Address">Linear address of the entry.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Descriptor(ulong Low, ulong High, ulong Address)
{
    private const int AttributesShift = 40;
    private const ushort AttributesMask = 0xf0ff;
    private const int SelectorMask = 3;

    public SegmentAttributes Attributes => (SegmentAttributes)((ushort)(Low >> AttributesShift) & AttributesMask);

    public ulong Base => ((Low >> 16) & 0xff_ffff) | ((Low >> 32) & 0xff00_0000) | (High << 32);

    /// <summary>The last byte's offset.</summary>
    public uint Limit
    {
        get
        {
            uint limit = (uint)(Low & 0xffff) | (uint)((Low >> 32) & 0xf_0000);
            return Has(SegmentAttributes.PageGranular) ? (limit << 12) | 0xfff : limit;
        }
    }

    public int Dpl => Attributes.Dpl;

    public bool IsPresent => Has(SegmentAttributes.Present);

    public bool IsSystem => !Has(SegmentAttributes.NotSystem);

    public SystemType Type => (SystemType)((int)Attributes & 0xf);

    public bool IsCode => !IsSystem && Has(SegmentAttributes.Code);

    public bool IsConforming => IsCode && Has(SegmentAttributes.ExpandDown);

    public bool IsWritableData => !IsSystem && !IsCode && Has(SegmentAttributes.Writable);

    public bool IsReadable => !IsSystem && (!IsCode || Has(SegmentAttributes.Writable));

    /// <summary>64-bit code: L without D.</summary>
    public bool Is64BitCode => IsCode && Has(SegmentAttributes.Long) && !Has(SegmentAttributes.Default32);

    /// <summary>A gate's selector.</summary>
    public ushort GateSelector => (ushort)(Low >> 16);

    /// <summary>A gate's offset; bits that its size does not have are 0.</summary>
    public ulong GateOffset => (Low & 0xffff) | (Type >= SystemType.Tss32 ? (Low >> 32) & 0xffff_0000 : 0) | (High << 32);

    /// <summary>Parameters that a call gate copies.</summary>
    public int GateParameters => (int)(Low >> 32) & 0x1f;

    /// <summary>The stack of a 64-bit interrupt gate, 1 to 7, or 0.</summary>
    public int GateStack => (int)(Low >> 32) & 7;

    public bool Has(SegmentAttributes attribute) => (Attributes & attribute) != 0;

    public SegmentCache Cache(int selector) => new((ushort)selector, Limit, Attributes | SegmentAttributes.Accessed);

    public SystemSegment SystemSegment(ushort selector) => new(selector, Base, Limit, Attributes);

    /// <summary>A null selector, whatever its RPL.</summary>
    public static bool IsNull(int selector) => (selector & ~SelectorMask) == 0;

    public static int Rpl(int selector) => selector & SelectorMask;
}

/// <summary>Parts of access rights.</summary>
internal static class SegmentAttributesExtensions
{
    private const int PrivilegeShift = 5;

    extension(SegmentAttributes attributes)
    {
        public int Dpl => (int)(attributes & SegmentAttributes.PrivilegeMask) >> PrivilegeShift;

        public static SegmentAttributes OfDpl(int dpl) => (SegmentAttributes)(dpl << PrivilegeShift);
    }
}
