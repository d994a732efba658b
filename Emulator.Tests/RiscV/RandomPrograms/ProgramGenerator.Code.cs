using Emulator.Arch.RiscV.Decoding;

namespace Emulator.Tests.RiscV.RandomPrograms;

/// <content>Computation, memory and control transfer.</content>
internal sealed partial class ProgramGenerator
{
    private const int NearLabels = 6;
    private const int AtomicAlignment = 16;
    private const int PageMask = Layout.Page - 1;

    private const ulong Untouched = 0x2b7e_1516_28ae_d2a6; // not what a word in memory is loaded as

    private static readonly string[] Branches = ["beq", "bne", "blt", "bge", "bltu", "bgeu"];
    private static readonly string[] Harmless = ["add", "sub", "xor", "or", "and", "sltu"];

    private void Computing()
    {
        var (bits, length) = _pool.Computing(_random);
        _a.Raw(bits, length);
    }

    private void Access()
    {
        var (bits, length) = _pool.Access(_random, _bases);
        _a.Raw(bits, length);
    }

    /// <summary>The address comes from data, with any alignment.</summary>
    private void AccessByData()
    {
        int address = Data();
        int mask = Other(address);
        _a.Constant(mask, (ulong)(_random.Next(4) == 0 ? PageMask & ~7 : PageMask));
        _a.Emit("and", address, Data(), mask);
        _a.Emit("add", address, address, ProgramRegisters.Near);
        var (bits, length) = _pool.Access(_random, [address], _random.Next(-8, 9));
        _a.Raw(bits, length);
    }

    private void Atomic()
    {
        int address = Data();
        AtomicAddress(address, _random.Next(10) == 0);
        _a.Raw(_pool.Atomic(_random, address), sizeof(uint));
    }

    // in memory for certain: QEMU reports atomics on nothing as loads
    private void AtomicAddress(int address, bool isMisaligned)
    {
        int offset = _random.Next(-Layout.Page / 2 / AtomicAlignment, Layout.Page / 2 / AtomicAlignment) * AtomicAlignment;
        if (isMisaligned) offset = Math.Min(offset + _random.Next(AtomicAlignment), (Layout.Page / 2) - 1);
        else if (_random.Next(2) == 0) offset += offset < 0 ? 8 : -8;
        _a.Emit("addi", address, ProgramRegisters.Near, imm: Math.Max(offset, -Layout.Page / 2));
    }

    // Only where nothing traps: what a trap does to a reservation, and whether an SC without one may trap, is the machine's choice.
    private void LoadReservedStoreConditional()
    {
        int address = Data();
        int probe = Other(address);
        int untouched = Other(address);
        if (untouched == probe) return;
        var skip = new Label();
        string width = _is64 && _random.Next(2) == 0 ? "d" : "w";
        int offset = _random.Next(-Layout.Page / 2 / AtomicAlignment, Layout.Page / 2 / AtomicAlignment) * AtomicAlignment;
        _a.Emit("addi", address, ProgramRegisters.Near, imm: offset);
        _a.Constant(probe, Untouched);
        _a.Constant(untouched, Untouched);
        _a.Emit("amoor.w", probe, address);
        _a.To(skip, "beq", rs1: probe, rs2: untouched);
        _a.Emit($"lr.{width}", Other(address), address);
        for (int i = _random.Next(3); i > 0; i--) _a.Emit(Harmless[_random.Next(Harmless.Length)], Other(address), Data(), Data());
        if (_random.Next(4) == 0) _a.Emit("addi", address, address, imm: 8);
        for (int i = _random.Next(1, 3); i > 0; i--) _a.Emit($"sc.{width}", Other(address), address, _random.Next(32));
        _a.Place(skip);
    }

    private void BranchForward()
    {
        if (_isCompressed && _random.Next(3) == 0)
        {
            JumpTo(_random.Next(2) == 0 ? "c.beqz" : "c.bnez", 8, false, rs1: _random.Next(8, 16));
            return;
        }

        JumpTo(Branches[_random.Next(Branches.Length)], 12, false, rs1: _random.Next(32), rs2: _random.Next(32));
    }

    /// <summary>Goes back while a data-dependent condition holds, at most some times in a row.</summary>
    private void LoopBack()
    {
        int counter = Data();
        var skip = new Label();
        BurnFuel();
        _a.Emit("andi", counter, ProgramRegisters.Fuel, imm: (1 << _random.Next(1, 7)) - 1);
        _a.To(skip, "beq", rs1: counter);
        if (_isCompressed && _random.Next(4) == 0) JumpTo("c.bnez", 8, true, rs1: _random.Next(10, 16));
        else if (_random.Next(3) == 0) JumpTo("jal", 20, true);
        else JumpTo(Branches[_random.Next(Branches.Length)], 12, true, rs1: _random.Next(32), rs2: _random.Next(32));
        _a.Place(skip);
    }

    private void JumpForward()
    {
        if (_isCompressed && _random.Next(2) == 0) JumpTo("c.j", 11, false);
        else JumpTo("jal", 20, false, rd: _random.Next(2) == 0 ? 0 : Data());
    }

    private void Call()
    {
        bool isBack = _random.Next(2) == 0;
        if (isBack) BurnFuel();
        if (_isCompressed && !_is64 && _random.Next(2) == 0) JumpTo("c.jal", 11, isBack, rd: ProgramRegisters.Link);
        else JumpTo("jal", 20, isBack, rd: ProgramRegisters.Link);
    }

    private void Return()
    {
        BurnFuel();
        switch (_random.Next(_isCompressed ? 4 : 2))
        {
            case 0: _a.Emit("jalr", 0, ProgramRegisters.Link); break;
            case 1: _a.Emit("jalr", ProgramRegisters.Link, ProgramRegisters.Link); break;
            case 2: _a.Emit("c.jr", rs1: ProgramRegisters.Link); break;
            default: _a.Emit("c.jalr", ProgramRegisters.Link, ProgramRegisters.Link); break;
        }
    }

    /// <summary>Jumps through a table by data, here or in another mapping of the code.</summary>
    private void Dispatch()
    {
        int target = Data();
        int index = Other(target);
        BurnFuel();
        _a.AddressOf(target, _stubs);
        _a.Emit("andi", index, Data(), imm: (Stubs - 1) * sizeof(uint));
        _a.Emit("add", target, target, index);
        if (_space is not null && _random.Next(2) == 0) MoveTo(target, index, Mapping());
        int link = _random.Next(3) switch
        {
            0 => 0,
            1 => ProgramRegisters.Link,
            _ => Data(),
        };
        int offset = !_isCompressed && _random.Next(6) == 0 ? 2 : _random.Next(2);
        if (_isCompressed && offset == 0 && link is 0 or ProgramRegisters.Link && _random.Next(2) == 0)
        {
            if (link == 0) _a.Emit("c.jr", rs1: target);
            else _a.Emit("c.jalr", ProgramRegisters.Link, target);
        }
        else
        {
            _a.Emit("jalr", link, target, imm: offset);
        }
    }

    private void PatchPlace(Label place)
    {
        NewLabel();
        _a.Place(place);
        var (bits, length) = _pool.Computing(_random, sizeof(uint));
        _a.Raw(bits, length);
    }

    /// <summary>Replaces an instruction, in one store or two.</summary>
    private void PatchCode()
    {
        int place = Data();
        int bits = Other(place);
        _a.AddressOf(place, _patches[_random.Next(PatchPlaces)]);
        if (_space is not null && _random.Next(2) == 0) MoveTo(place, bits, Mapping());
        if (_isCompressed && _random.Next(3) == 0)
        {
            uint pair = _pool.Computing(_random, 2).Bits | (_pool.Computing(_random, 2).Bits << 16);
            _a.Constant(bits, (ulong)(int)pair);
            _a.Emit("sw", rs1: place, rs2: bits);
        }
        else if (_random.Next(3) == 0)
        {
            _a.Constant(bits, (ulong)(int)_pool.Computing(_random, sizeof(uint)).Bits);
            _a.Emit("sh", rs1: place, rs2: bits);
            _a.Emit("srli", bits, bits, imm: 16);
            _a.Emit("sh", rs1: place, rs2: bits, imm: 2);
        }
        else
        {
            _a.Constant(bits, (ulong)(int)_pool.Computing(_random, sizeof(uint)).Bits);
            _a.Emit("sw", rs1: place, rs2: bits);
        }

        _a.Emit("fence.i");
    }

    /// <summary>Makes an address in the code one in another mapping of it.</summary>
    private void MoveTo(int address, int temporary, ulong mapping)
    {
        _a.Constant(temporary, Layout.CodeSize - 1);
        _a.Emit("and", address, address, temporary);
        _a.Constant(temporary, mapping);
        _a.Emit("add", address, address, temporary);
    }

    private ulong Mapping() => _random.Next(4) switch
    {
        0 => _space!.LargeAlias,
        1 or 2 => _space!.Alias,
        _ => _address,
    };

    // the first instructions of every way back
    private void BurnFuel()
    {
        var go = new Label();
        _a.Emit("addi", ProgramRegisters.Fuel, ProgramRegisters.Fuel, imm: -1);
        _a.To(go, "bge", rs1: ProgramRegisters.Fuel);
        _a.To(_exit, "jal");
        _a.Place(go);
    }

    /// <summary>A jump to a label before or behind it within reach, mostly near.</summary>
    /// <param name="mnemonic">A branch or direct jump.</param>
    /// <param name="reachBits">Bits of its distance.</param>
    /// <param name="isBack">To a label before it; else behind it.</param>
    /// <param name="rd">Its destination.</param>
    /// <param name="rs1">Its first source.</param>
    /// <param name="rs2">Its second source.</param>
    private void JumpTo(string mnemonic, int reachBits, bool isBack, int rd = 0, int rs1 = 0, int rs2 = 0)
    {
        int pick = _random.Next();
        bool isNear = _random.Next(5) != 0;
        int reach = (1 << reachBits) - 2;
        int length = _a.Row(mnemonic).Encoding.Length;
        _a.Later(mnemonic, at =>
        {
            var inReach = isBack
                ? _labels.Where(label => label.Position <= at && at - label.Position <= reach).OrderByDescending(label => label.Position)
                : _labels.Where(label => label.Position > at && label.Position - at <= reach).OrderBy(label => label.Position);
            Label[] candidates = [.. isNear ? inReach.Take(NearLabels) : inReach];
            int distance = candidates.Length == 0 ? length : candidates[pick % candidates.Length].Position - at;
            return new Operands { Rd = (byte)rd, Rs1 = (byte)rs1, Rs2 = (byte)rs2, Immediate = distance };
        });
    }
}
