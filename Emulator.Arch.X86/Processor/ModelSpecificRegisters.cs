using Emulator.Core.Execution;

namespace Emulator.Arch.X86.Processor;

/// <summary>One model-specific register.</summary>
/// <param name="Number">ECX.</param>
/// <param name="Name">As the manual has it.</param>
/// <param name="Read">Gives the content.</param>
/// <param name="Write">Takes it; false for #GP. Null: every write is #GP.</param>
internal sealed record ModelSpecificRegister(uint Number, string Name, Func<X86Cpu, ulong> Read, Func<X86Cpu, ulong, bool>? Write = null);

/// <summary>All model-specific registers (Intel SDM volume 4); others raise #GP.</summary>
internal static class ModelSpecificRegisters
{
    private const ulong VariableRangeCount = MemoryTypeState.VariableRanges.Count;
    private const ulong HasFixedRanges = 1 << 8;
    private const ulong HasWriteCombining = 1 << 10;
    private const ulong Locked = 1;
    private const ulong MicrocodeRevision = 1ul << 32;

    // RDCL_NO, SKIP_L1DFL_VMENTRY, SSB_NO, MDS_NO, PSCHANGE_MC_NO, TAA_NO, SBDR_SSDP_NO, FBSDP_NO, PSDP_NO, BHI_NO, PBRSB_NO, GDS_NO,
    // RFDS_NO: nothing here speculates
    private const ulong ArchitecturalCapabilities =
        1 << 0 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 20 | 1 << 24 | 1 << 26 | 1 << 27;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ModelSpecificRegister> All { get; } =
    [
        new(0x10, "IA32_TIME_STAMP_COUNTER", static c => c.TimeStamp, static (c, v) => c.SetTimeStamp(v)),
        Constant(0x17, "IA32_PLATFORM_ID", 0),
        new(0x1b, "IA32_APIC_BASE", static c => c.Registers.Msrs.ApicBase, static (c, v) => c.SetApicBase(v)),
        Constant(0x3a, "IA32_FEATURE_CONTROL", Locked),
        new(0x79, "IA32_BIOS_UPDT_TRIG", static _ => 0, Ignore),
        new(0x8b, "IA32_BIOS_SIGN_ID", static _ => MicrocodeRevision, Ignore),
        Constant(0xfe, "IA32_MTRRCAP", VariableRangeCount | HasFixedRanges | HasWriteCombining),
        Constant(0x10a, "IA32_ARCH_CAPABILITIES", ArchitecturalCapabilities),
        new(0x174, "IA32_SYSENTER_CS", static c => c.Registers.Msrs.SysenterCs, static (c, v) => Set(ref c.Registers.Msrs.SysenterCs, (uint)v)),
        new(0x175, "IA32_SYSENTER_ESP", static c => c.Registers.Msrs.SysenterEsp, static (c, v) => SetAddress(c, ref c.Registers.Msrs.SysenterEsp, v)),
        new(0x176, "IA32_SYSENTER_EIP", static c => c.Registers.Msrs.SysenterEip, static (c, v) => SetAddress(c, ref c.Registers.Msrs.SysenterEip, v)),
        Constant(0x179, "IA32_MCG_CAP", 0),
        new(0x17a, "IA32_MCG_STATUS", static _ => 0, Ignore),
        new(0x1a0, "IA32_MISC_ENABLE", static c => c.Registers.Msrs.MiscEnable, static (c, v) => Set(ref c.Registers.Msrs.MiscEnable, v)),
        new(0x1d9, "IA32_DEBUGCTL", static _ => 0, static (_, v) => v == 0),
        new(0x277, "IA32_PAT", static c => c.Registers.Msrs.Pat, static (c, v) => HasValidTypes(v) && Set(ref c.Registers.Msrs.Pat, v)),
        new(0x2ff, "IA32_MTRR_DEF_TYPE", static c => c.Registers.Msrs.MemoryTypes.Default, static (c, v) => Set(ref c.Registers.Msrs.MemoryTypes.Default, v)),
        new(0xc0000080, "IA32_EFER", static c => c.Registers.Efer, static (c, v) => c.WriteEfer(v) is null),
        new(0xc0000081, "IA32_STAR", static c => c.Registers.Msrs.Star, static (c, v) => Set(ref c.Registers.Msrs.Star, v)),
        new(0xc0000082, "IA32_LSTAR", static c => c.Registers.Msrs.LStar, static (c, v) => SetAddress(c, ref c.Registers.Msrs.LStar, v)),
        new(0xc0000083, "IA32_CSTAR", static c => c.Registers.Msrs.CStar, static (c, v) => SetAddress(c, ref c.Registers.Msrs.CStar, v)),
        new(0xc0000084, "IA32_FMASK", static c => c.Registers.Msrs.SfMask, static (c, v) => Set(ref c.Registers.Msrs.SfMask, (uint)v)),
        new(0xc0000100, "IA32_FS_BASE", static c => c[X86Slots.SegmentBase(X86Cpu.Fs)], static (c, v) => SetBase(c, X86Cpu.Fs, v)),
        new(0xc0000101, "IA32_GS_BASE", static c => c[X86Slots.SegmentBase(X86Cpu.Gs)], static (c, v) => SetBase(c, X86Cpu.Gs, v)),
        new(0xc0000102, "IA32_KERNEL_GS_BASE", static c => c.Registers.Msrs.KernelGsBase, static (c, v) => SetAddress(c, ref c.Registers.Msrs.KernelGsBase, v)),
        new(0xc0000103, "IA32_TSC_AUX", static c => c.Registers.Msrs.TscAux, static (c, v) => v <= uint.MaxValue && Set(ref c.Registers.Msrs.TscAux, v)),
        .. MemoryRanges(),
    ];

    private static readonly Dictionary<uint, ModelSpecificRegister> ByNumber = All.ToDictionary(static r => r.Number);

    /// <summary>RDMSR.</summary>
    public static GuestFault? Read(X86Cpu cpu, uint number, out ulong value)
    {
        bool exists = ByNumber.TryGetValue(number, out var register);
        value = exists ? register!.Read(cpu) : 0;
        return exists ? null : X86Fault.GeneralProtection();
    }

    /// <summary>WRMSR.</summary>
    public static GuestFault? Write(X86Cpu cpu, uint number, ulong value) =>
        ByNumber.TryGetValue(number, out var register) && register.Write is { } write && write(cpu, value) ? null : X86Fault.GeneralProtection();

    private static ModelSpecificRegister Constant(uint number, string name, ulong value) => new(number, name, _ => value);

    private static bool Ignore(X86Cpu cpu, ulong value) => true;

    private static bool Set(ref ulong register, ulong value)
    {
        register = value;
        return true;
    }

    private static bool SetAddress(X86Cpu cpu, ref ulong register, ulong value) => cpu.IsCanonicalForRegister(value) && Set(ref register, value);

    private static bool SetBase(X86Cpu cpu, int segment, ulong value)
    {
        if (!cpu.IsCanonicalForRegister(value)) return false;
        cpu[X86Slots.SegmentBase(segment)] = value;
        return true;
    }

    // 0, 1, 4, 5, 6, 7 in each of eight bytes
    private static bool HasValidTypes(ulong value)
    {
        for (int i = 0; i < 8; i++)
        {
            if ((byte)(value >> (8 * i)) is 2 or 3 or > 7) return false;
        }

        return true;
    }

    private static IEnumerable<ModelSpecificRegister> MemoryRanges()
    {
        for (int i = 0; i < 2 * MemoryTypeState.VariableRanges.Count; i++)
        {
            int index = i;
            yield return new ModelSpecificRegister(
                0x200 + (uint)i, (i & 1) == 0 ? $"IA32_MTRR_PHYSBASE{i / 2}" : $"IA32_MTRR_PHYSMASK{i / 2}",
                c => c.Registers.Msrs.MemoryTypes.Variable[index], (c, v) => Set(ref c.Registers.Msrs.MemoryTypes.Variable[index], v));
        }

        (uint Number, string Name)[] fixedRanges =
        [
            (0x250, "64K_00000"), (0x258, "16K_80000"), (0x259, "16K_A0000"), (0x268, "4K_C0000"), (0x269, "4K_C8000"), (0x26a, "4K_D0000"),
            (0x26b, "4K_D8000"), (0x26c, "4K_E0000"), (0x26d, "4K_E8000"), (0x26e, "4K_F0000"), (0x26f, "4K_F8000"),
        ];
        for (int i = 0; i < fixedRanges.Length; i++)
        {
            int index = i;
            yield return new ModelSpecificRegister(
                fixedRanges[i].Number, $"IA32_MTRR_FIX{fixedRanges[i].Name}",
                c => c.Registers.Msrs.MemoryTypes.Fixed[index], (c, v) => Set(ref c.Registers.Msrs.MemoryTypes.Fixed[index], v));
        }
    }
}
