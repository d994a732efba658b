using System.Buffers.Binary;
using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Isa;
using Emulator.Tests.RiscV.Oracle;

namespace Emulator.Tests.RiscV.RandomPrograms;

/// <summary>
/// One random program and all that it starts with, as the content of a slot. Its items are single instructions or short sequences,
/// entered only at their first instruction; it always ends, because every way back costs fuel and the monitor counts its traps.
/// </summary>
internal sealed partial class ProgramGenerator
{
    private const int MinItems = 60;
    private const int MaxItems = 700;
    private const int Stubs = 8;
    private const int PatchPlaces = 4;
    private const int MaxFuel = 600;
    private const ulong AllDelegable = 0xb1ff; // but not the calls from S and M, by which programs end
    private const ulong AllCounters = 7;
    private const ulong HardwareUpdates = 1ul << 61; // menvcfg.ADUE

    private readonly InstructionPool _pool;
    private readonly Random _random;
    private readonly InstructionOperands _operands;
    private readonly bool _is64;
    private readonly bool _isCompressed;
    private readonly ulong _address;
    private readonly byte[] _slot = new byte[Layout.SlotSize];
    private readonly Assembler _a;
    private readonly AddressSpace? _space;
    private readonly bool _isUserCode;
    private readonly Privilege _privilege;
    private readonly List<Label> _labels = [];
    private readonly Label _exit = new();
    private readonly Label _stubs = new();
    private readonly Label[] _patches = [.. Enumerable.Range(0, PatchPlaces).Select(_ => new Label())];
    private readonly int[] _bases;

    private ProgramGenerator(InstructionPool pool, int seed, ulong address)
    {
        _pool = pool;
        _random = new Random(seed);
        _is64 = pool.Architecture.Isa.Is64;
        _isCompressed = pool.Architecture.Isa.Has(RiscVExtension.Zca);
        _operands = new InstructionOperands(_random, _is64);
        _address = address;
        _a = new Assembler(pool.Architecture);
        bool isPaged = _random.Next(5) < 3;
        _isUserCode = _random.Next(2) == 0;
        _privilege = _random.Next(3) switch
        {
            0 => Privilege.Machine,
            1 => Privilege.Supervisor,
            _ => Privilege.User,
        };
        if (isPaged && _privilege != Privilege.Machine) _privilege = _isUserCode ? Privilege.User : Privilege.Supervisor;
        _space = isPaged ? new AddressSpace(_slot, address, _is64, _isUserCode, pool.UsesReservedPteBits, _random) : null;
        _bases = _random.Next(2) == 0
            ? [ProgramRegisters.Near, ProgramRegisters.Near, ProgramRegisters.Near, ProgramRegisters.Edge]
            : [ProgramRegisters.Near, ProgramRegisters.Near, ProgramRegisters.Near, ProgramRegisters.Edge, ProgramRegisters.Alias];
    }

    /// <summary>The content of a slot at an address.</summary>
    public static byte[] Generate(InstructionPool pool, int seed, ulong address)
    {
        var generator = new ProgramGenerator(pool, seed, address);
        int entry = generator._random.Next(Layout.Page / sizeof(uint)) * sizeof(uint);
        byte[] code = generator.Body();
        Assert.That(entry + code.Length, Is.LessThan(Layout.CodeSize), $"seed {seed}");
        code.CopyTo(generator._slot, Layout.Code + entry);
        SupervisorHandler.Build(pool.Architecture).CopyTo(generator._slot, Layout.SupervisorCode);
        generator.FillWindow();
        generator.FillContexts(entry);
        return generator._slot;
    }

    private byte[] Body()
    {
        var items = Items();
        int total = items.Sum(item => item.Weight);
        int count = _random.Next(MinItems, MaxItems);
        int[] patchAt = [.. _patches.Select(_ => _random.Next(count))];
        NewLabel();
        for (int i = 0; i < count; i++)
        {
            if (_random.Next(3) == 0) NewLabel();
            foreach (int place in Enumerable.Range(0, PatchPlaces).Where(p => patchAt[p] == i)) PatchPlace(_patches[place]);
            int pick = _random.Next(total);
            foreach (var (weight, emit) in items)
            {
                pick -= weight;
                if (pick >= 0) continue;
                emit();
                break;
            }
        }

        _a.Place(_exit);
        _a.Emit("ecall");
        _a.Place(_stubs);
        for (int i = 0; i < Stubs; i++) _a.To(AnyLabel(), "jal");
        return _a.Finish();
    }

    private (int Weight, Action Emit)[] Items()
    {
        int[] densities = [0, 1, 4, 10];
        int traps = densities[_random.Next(densities.Length)];
        int system = densities[_random.Next(densities.Length)];
        int floats = _random.Next(3);
        return
        [
            (200, Computing),
            (35, Access),
            (8, AccessByData),
            (6, Atomic),
            (3, LoadReservedStoreConditional),
            (12, BranchForward),
            (8, LoopBack),
            (3, JumpForward),
            (2, Call),
            (3, Return),
            (3, Dispatch),
            (2, PatchCode),
            (1, Fence),
            (3 * floats, AccessFloatCsr),
            (2 * traps, Trap),
            (traps, AccessFault),
            (traps / 4, JumpFault),
            (2 * system, AccessScratchCsr),
            (2 * system, ChangeStatus),
            (system, AccessAbsentCsr),
            (system, SwitchMode),
            (system, Interrupt),
            (system, ChangeProtection),
            (_space is null ? 0 : system, ChangeTranslation),
        ];
    }

    private void FillWindow()
    {
        for (int at = Layout.Window; at < Layout.Window + (Layout.WindowPages * Layout.Page); at += Layout.Word)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_slot.AsSpan(at), _operands.Fill(0).X[0]);
        }
    }

    private void FillContexts(int entry)
    {
        ulong code = _address + Layout.Code;
        for (int i = 0; i < 32; i++)
        {
            Set(Layout.Context, i * Layout.Word, _operands.Fill(0).X[0]);
            Set(Layout.Context, ContextLayout.Floats + (i * Layout.Word), _operands.Fill(0).F[0]);
        }

        ulong window = Layout.Window + Layout.Page;
        bool usesAlias = _space is not null && _privilege != Privilege.Machine;
        Set(Layout.Context, ContextLayout.Hash, 0);
        SetX(ProgramRegisters.Link, AddressOf(AnyLabel()));
        SetX(ProgramRegisters.Near, _address + window);
        SetX(ProgramRegisters.Edge, _address + window + Layout.Page - (ulong)(_random.Next(8) * Layout.Word));
        SetX(ProgramRegisters.Alias, (usesAlias ? _space!.Alias : _address) + window);
        SetX(ProgramRegisters.Fuel, (ulong)_random.Next(1, MaxFuel));

        ulong exitOffset = (ulong)(entry + _exit.Position);
        Set(Layout.Context, ContextLayout.CodeAddress, code);
        Set(Layout.Context, ContextLayout.ExitOffset, exitOffset);
        Set(Layout.Context, ContextLayout.SupervisorPage, _address + Layout.SupervisorCode);
        Set(Layout.Context, ContextLayout.HomePrivilege, (ulong)HomePrivilege() << 11);
        Set(Layout.SupervisorContext, SupervisorContextLayout.CodeAddress, code);
        Set(Layout.SupervisorContext, SupervisorContextLayout.ExitOffset, exitOffset);
        for (int i = 0; i < ContextLayout.TargetCount; i++)
        {
            Set(Layout.Context, ContextLayout.Targets + (i * Layout.Word), AddressOf(AnyLabel()));
            Set(Layout.SupervisorContext, SupervisorContextLayout.Targets + (i * Layout.Word), AddressOf(AnyLabel()));
        }

        for (int i = 0; i < CsrNumber.Initial.Length; i++)
        {
            Set(Layout.Context, ContextLayout.InitialCsrs + (i * Layout.Word), InitialCsr(CsrNumber.Initial[i], entry));
        }

        void SetX(int register, ulong value) => Set(Layout.Context, register * Layout.Word, value);
        ulong AddressOf(Label label) => code + (ulong)(entry + label.Position);
    }

    private ulong InitialCsr(int csr, int entry) => csr switch
    {
        CsrNumber.Fcsr => (ulong)((_random.Next(5) << 5) | _random.Next(32)),
        CsrNumber.Medeleg => _random.Next(3) == 0 ? 0 : AllDelegable & (ulong)_random.Next(1 << 16),
        CsrNumber.Mideleg => SupervisorInterrupts & (ulong)_random.Next(1 << 16),
        CsrNumber.Mie => SupervisorInterrupts & (ulong)_random.Next(1 << 16),
        CsrNumber.Stvec => _address + Layout.SupervisorCode,
        CsrNumber.Sscratch => _address + Layout.SupervisorContext,
        CsrNumber.Mcounteren or CsrNumber.Scounteren => AllCounters & (ulong)_random.Next(),
        CsrNumber.Menvcfg => (_is64 ? HardwareUpdates : 0) | CacheOperations(),
        CsrNumber.Senvcfg => CacheOperations(),
        CsrNumber.Pmpaddr0 or CsrNumber.Pmpaddr1 => ProtectedWindow(),
        CsrNumber.Pmpcfg0 => _random.Next(2) == 0 ? 0 : ProtectionConfigs(),
        CsrNumber.Satp => _space?.Satp ?? 0,
        CsrNumber.Mepc => _address + Layout.Code + (ulong)entry,
        CsrNumber.Mstatus => InitialStatus(),
        _ => 0,
    };

    private ulong InitialStatus()
    {
        ulong status = (ulong)_privilege << 11;
        if (_random.Next(10) != 0) status |= (ulong)_random.Next(1, 4) << 13;
        foreach (int bit in StatusBits) status |= (ulong)_random.Next(2) << bit;
        return status;
    }

    // CBIE 0, 1 or 3, CBCFE, CBZE
    private ulong CacheOperations() => _random.Next(4) == 0 ? 0 : (ulong)(_random.Next(2) | (_random.Next(2) << 1)) << 4 & 0x30 | (ulong)_random.Next(4) << 6;

    private Privilege HomePrivilege() => _space is null ? (Privilege)(_random.Next(2)) : _isUserCode ? Privilege.User : Privilege.Supervisor;

    private void Set(int context, int offset, ulong value)
    {
        if (!_is64 && offset is < ContextLayout.Floats or >= ContextLayout.TrapCount) value = (uint)value;
        BinaryPrimitives.WriteUInt64LittleEndian(_slot.AsSpan(context + offset), value);
    }

    private void NewLabel() => _labels.Add(_a.Here());

    private Label AnyLabel() => _labels[_random.Next(_labels.Count)];

    /// <summary>An x register that holds data.</summary>
    private int Data()
    {
        while (true)
        {
            int register = _random.Next(3, 32);
            if (!ProgramRegisters.IsReserved(register)) return register;
        }
    }

    private int Other(int register)
    {
        while (true)
        {
            int other = Data();
            if (other != register) return other;
        }
    }
}
