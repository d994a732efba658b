using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Decoding;

namespace Emulator.Tests.RiscV.RandomPrograms;

/// <content>Traps, CSRs, modes, protection and translation.</content>
internal sealed partial class ProgramGenerator
{
    private const ulong SupervisorInterrupts = 0x222;
    private const ulong ModifyPrivilege = 1 << 17;
    private const ulong FloatStatus = 3 << 13;
    private const int PreviousPrivilegeShift = 11;
    private const int PreviousSupervisorShift = 8;
    private const int InvalidRounding = 5;
    private const int Nothing = 0;

    // SIE, MIE, SPIE, MPIE, SPP, SUM, MXR; of the last, trapping ones (TVM, TW, TSR) and MPRV change in ChangeStatus alone
    private static readonly int[] StatusBits = [1, 3, 5, 7, 8, 18, 19];
    private static readonly int[] AllStatusBits = [1, 3, 5, 7, 8, 13, 14, 17, 18, 19, 20, 21, 22];
    private static readonly int[] FloatCsrs = [1, 2, 3];
    private static readonly int[] CauseCsrs = [CsrNumber.Mcause, CsrNumber.Scause];
    private static readonly int[] ScratchCsrs = [.. CauseCsrs, CsrNumber.Mtval, CsrNumber.Stval]; // mepc: QEMU 10 and before keep bit 0
    private static readonly int[] Counters = [0xc00, 0xc01, 0xc02];
    private static readonly int[] AbsentOrReadOnly = [0x005, 0x017, 0x5c0, 0x7b0, 0x800, 0xc00, 0xc01, 0xc02, 0xf11, 0xf14, 0xfff];
    private static readonly string[] CsrOperations = ["csrrw", "csrrs", "csrrc", "csrrwi", "csrrsi", "csrrci"];

    // where neither machine has anything
    private static readonly ulong[] BadAddresses = [0, 8, 0x7f8, 0x9000_0000, 0x9fff_fff8, 0xffff_fff8];
    private static readonly ulong[] WideBadAddresses = [1ul << 40, 1ul << 57, 0x8000_0000_0000_0000, ulong.MaxValue - 7, 0x7fff_ffff_ffff_fff8];

    private void Trap()
    {
        switch (_random.Next(8))
        {
            case 0: _a.Emit("ecall"); break;
            case 1: _a.Emit("ebreak"); break;
            case 2 when _isCompressed: _a.Emit("c.ebreak"); break;
            case 3: BadRounding(); break;
            case 4: _a.Emit("sfence.vma", rs1: Data(), rs2: Data()); break;
            default:
                var (bits, length) = _pool.Illegal(_random);
                _a.Raw(bits, length);
                break;
        }
    }

    private void BadRounding()
    {
        uint bits = _a.Row(_random.Next(2) == 0 ? "fadd.s" : "fsqrt.d").Random(_random);
        _a.Raw((bits & ~((uint)FixedPlaceField.RmMask << FixedPlaceField.RmShift)) | (InvalidRounding << FixedPlaceField.RmShift), sizeof(uint));
    }

    private ulong BadAddress() =>
        _is64 && _random.Next(2) == 0 ? WideBadAddresses[_random.Next(WideBadAddresses.Length)] : BadAddresses[_random.Next(BadAddresses.Length)];

    private void AccessFault()
    {
        int address = Data();
        _a.Constant(address, BadAddress());
        var (bits, length) = _pool.Access(_random, [address], 0); // aligned: QEMU says where the aligned parts of a misaligned access are
        _a.Raw(bits, length);
    }

    private void JumpFault()
    {
        int address = Data();
        _a.Constant(address, BadAddress());
        _a.Emit("jalr", _random.Next(2) == 0 ? 0 : Data(), address);
    }

    private void AccessFloatCsr() => AccessCsr(FloatCsrs[_random.Next(FloatCsrs.Length)], _random.Next(32), _random.Next(2) == 0 ? 0 : Data());

    private void AccessScratchCsr()
    {
        if (_random.Next(4) == 0)
        {
            _a.ReadCsr(0, Counters[_random.Next(Counters.Length)]); // permitted or not; the value is nobody's
            return;
        }

        int[] csrs = _pool.HasExactTrapValues ? ScratchCsrs : CauseCsrs;
        AccessCsr(csrs[_random.Next(csrs.Length)], _random.Next(32), _random.Next(2) == 0 ? 0 : Data());
    }

    private void AccessAbsentCsr()
    {
        int csr = AbsentOrReadOnly[_random.Next(AbsentOrReadOnly.Length)];
        _a.Emit("csrrw", Data(), Data(), csr: csr);
    }

    private void AccessCsr(int csr, int source, int destination)
    {
        string operation = CsrOperations[_random.Next(CsrOperations.Length)];
        if (operation.EndsWith('i')) _a.Emit(operation, destination, imm: source, csr: csr);
        else _a.Emit(operation, destination, source, csr: csr);
    }

    private void ChangeStatus()
    {
        int mask = Data();
        int csr = _random.Next(3) == 0 ? CsrNumber.Sstatus : CsrNumber.Mstatus;
        ulong bits = 0;
        for (int i = _random.Next(1, 4); i > 0; i--) bits |= 1ul << AllStatusBits[_random.Next(AllStatusBits.Length)];
        if (!_pool.ClearsModifyPrivilege) bits &= ~ModifyPrivilege;
        int old = 0;
        if (_random.Next(2) == 0)
        {
            // FS may be Dirty earlier than it must: what is read has it Dirty for certain
            old = Other(mask);
            _a.Constant(mask, FloatStatus);
            _a.Emit("csrrs", 0, mask, csr: csr);
        }

        _a.Constant(mask, bits);
        _a.Emit(_random.Next(2) == 0 ? "csrrs" : "csrrc", old, mask, csr: csr);
    }

    private void SwitchMode()
    {
        int temporary = Data();
        BurnFuel();
        _a.AddressOf(temporary, AnyLabel());
        bool isMachine = _random.Next(3) != 0;
        _a.WriteCsr(isMachine ? CsrNumber.Mepc : CsrNumber.Sepc, temporary);
        int status = isMachine ? CsrNumber.Mstatus : CsrNumber.Sstatus;
        int shift = isMachine ? PreviousPrivilegeShift : PreviousSupervisorShift;
        _a.Constant(temporary, (isMachine ? 3ul : 1ul) << shift);
        _a.Emit("csrrc", 0, temporary, csr: status);
        var to = _space is null ? (Privilege)_random.Next(2) : HomePrivilege();
        if (isMachine && _random.Next(4) == 0) to = Privilege.Machine;
        _a.Constant(temporary, (ulong)to << shift);
        _a.Emit("csrrs", 0, temporary, csr: status);
        _a.Emit(isMachine ? "mret" : "sret");
    }

    private void Interrupt()
    {
        int temporary = Data();
        bool isMachine = _random.Next(2) == 0;
        switch (_random.Next(4))
        {
            case 0:
                _a.Constant(temporary, SupervisorInterrupts & (ulong)_random.Next(1 << 10));
                _a.Emit("csrrs", 0, temporary, csr: isMachine ? CsrNumber.Mip : CsrNumber.Sip);
                break;
            case 1:
                _a.Constant(temporary, SupervisorInterrupts & (ulong)_random.Next(1 << 10));
                _a.WriteCsr(isMachine ? CsrNumber.Mie : CsrNumber.Sie, temporary);
                break;
            case 2:
                _a.Emit(_random.Next(2) == 0 ? "csrrs" : "csrrc", Data(), 0, csr: isMachine ? CsrNumber.Mip : CsrNumber.Sie);
                break;
            default:
                WaitForPending(isMachine);
                break;
        }
    }

    /// <summary>WFI when an interrupt is certain to end it: where the registers may not be read there seems to be none.</summary>
    private void WaitForPending(bool isMachine)
    {
        int pending = Data();
        int enabled = Other(pending);
        var skip = new Label();
        _a.Constant(pending, Nothing);
        _a.Constant(enabled, Nothing);
        _a.ReadCsr(pending, isMachine ? CsrNumber.Mip : CsrNumber.Sip);
        _a.ReadCsr(enabled, isMachine ? CsrNumber.Mie : CsrNumber.Sie);
        _a.Emit("and", pending, pending, enabled);
        _a.To(skip, "beq", rs1: pending);
        _a.Emit("wfi");
        _a.Place(skip);
    }

    private void ChangeProtection()
    {
        int temporary = Data();
        _a.Constant(temporary, ProtectedWindow());
        _a.WriteCsr(_random.Next(2) == 0 ? CsrNumber.Pmpaddr0 : CsrNumber.Pmpaddr1, temporary);
        _a.Constant(temporary, ProtectionConfigs());
        _a.WriteCsr(CsrNumber.Pmpcfg0, temporary);
        _a.Emit("sfence.vma");
    }

    // A naturally aligned region with the whole window: whether an access across the end of a region is one or two is the machine's choice
    // (Priv. spec 3.7.1), and programs cross the pages inside.
    private ulong ProtectedWindow()
    {
        const uint Size = Layout.WindowPages * Layout.Page;
        return ((_address + Layout.Window) >> 2) | ((Size >> 3) - 1);
    }

    // two entries, off or naturally aligned, with any permissions but the reserved ones
    private ulong ProtectionConfigs() => Config() | (Config() << 8);

    private ulong Config()
    {
        ulong permissions = (ulong)_random.Next(8);
        if ((permissions & 3) == 2) permissions |= 1;
        return permissions | (_random.Next(3) == 0 ? 0ul : 0x18);
    }

    private void ChangeTranslation()
    {
        int temporary = Data();
        int address = Other(temporary);
        if (_random.Next(3) == 0)
        {
            _a.Constant(temporary, _random.Next(3) == 0 ? 0 : _space!.Satp);
            _a.WriteCsr(CsrNumber.Satp, temporary);
            _a.Emit("sfence.vma");
            return;
        }

        int page = _random.Next(Layout.WindowPages);
        int offset = Layout.Window + (page * Layout.Page);
        _a.Constant(address, _address + (ulong)(_space!.WindowLeaf + (page * (_is64 ? Layout.Word : sizeof(uint)))));
        _a.Constant(temporary, _space.RandomLeaf(offset, _isUserCode));
        _a.Emit(_a.StoreX, rs1: address, rs2: temporary);
        _a.Constant(address, _address + (ulong)offset);
        _a.Emit("sfence.vma", rs1: _random.Next(2) == 0 ? 0 : address);
    }

    private void Fence()
    {
        switch (_random.Next(3))
        {
            case 0: _a.Emit("fence", imm: _random.Next(256)); break;
            case 1: _a.Emit("pause"); break;
            default: _a.Emit("fence.i"); break;
        }
    }
}
