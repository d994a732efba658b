using Emulator.Arch.RiscV;
using Emulator.Arch.RiscV.Sbi;
using Emulator.Core.Bus;
using Emulator.Core.Execution;
using Emulator.Core.Loading;
using Emulator.Core.Memory;
using Emulator.Devices;
using Emulator.Devices.Host;
using Emulator.Devices.Storage;
using Emulator.Devices.Virtio;
using Emulator.Devices.Work;

namespace Emulator.Machines.RiscVVirt;

/// <summary>The parts of one <c>riscv-virt</c> machine.</summary>
internal sealed class RiscVVirtBoard : IMachineBoard
{
    private const int MachineSoftware = 3;
    private const int MachineTimer = 7;
    private const int MachineExternal = 11;
    private const int SupervisorSoftware = 1;
    private const int SupervisorExternal = 9;
    private static readonly DateTimeOffset DeterministicStart = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly RiscVVirtDescription _description;
    private readonly MachineContext _context;
    private readonly List<IResettable> _resettables = [];
    private readonly List<IDisposable> _owned = [];
    private readonly List<RiscVHart> _harts = [];
    private readonly WorkQueue _work;
    private readonly BootPlan _plan;
    private readonly Aclint _aclint;
    private readonly Uart16550 _uart;
    private readonly HtifPort? _htif;

    private RiscVVirtBoard(RiscVVirtDescription description, MachineContext context)
    {
        _description = description;
        _context = context;
        var clock = HartGroup.CreateClock(description.Engine);
        var architecture = new RiscVArchitecture(description.Isa);
        _work = description.Engine.IsDeterministic ? WorkQueue.CreateInline(context.Logger) : WorkQueue.CreateThreaded(logger: context.Logger);
        try
        {
            Memory.AddRam("RAM", new GuestPhysicalAddress(RiscVVirtMap.Ram), description.Memory);
            Aclint? aclint = null;
            var environment = new RiscVHartEnvironment(clock)
            {
                Time = () => aclint?.Time ?? 0,
                Entropy = description.Engine.IsDeterministic ? DeterministicEntropy() : null,
            };
            for (int i = 0; i < description.Harts; i++) _harts.Add(new RiscVHart(architecture, Memory, i, environment));
            var timers = _harts.ConvertAll(static h => new AclintHart(h.GetInterruptLine(MachineSoftware), h.GetInterruptLine(MachineTimer)));
            aclint = _aclint = new Aclint(clock, timers, () => _harts.ForEach(static h => h.OnTimeChanged()));
            Add("clint", RiscVVirtMap.Clint, RiscVVirtMap.ClintSize, _aclint);
            Add("sswi", RiscVVirtMap.Sswi, RiscVVirtMap.SswiSize, new AclintSswi(_harts.ConvertAll(static h => h.GetInterruptLine(SupervisorSoftware))));
            var plic = new Plic(RiscVVirtMap.PlicSources,
                [.. _harts.SelectMany(h => (IInterruptLine[])[h.GetInterruptLine(MachineExternal), h.GetInterruptLine(SupervisorExternal)])],
                RiscVVirtMap.UartSource); // as QEMU's: xv6 never quietens an empty transmitter, and would see nothing but its interrupt
            Add("plic", RiscVVirtMap.Plic, plic.WindowSize, plic);
            Add("finisher", RiscVVirtMap.Finisher, RiscVVirtMap.FinisherSize, new TestFinisher(context.Control));
            Add("rtc", RiscVVirtMap.Rtc, RiscVVirtMap.RtcSize, new GoldfishRtc(plic.Source(RiscVVirtMap.RtcSource), clock, GoldfishRtcOptions.StartingAt(StartTime())));
            _uart = new Uart16550(plic.Source(RiscVVirtMap.UartSource), context.Console);
            Add("uart", RiscVVirtMap.Uart, RiscVVirtMap.UartSize, _uart);
            AddVirtio(plic);
            if (description.Flash.Length > 0) AddFlash();
            _plan = BootPlan.Create(description, CreateTree);
            Memory.AddRom("boot ROM", new GuestPhysicalAddress(RiscVVirtMap.BootRom), RiscVVirtMap.BootRomSize,
                BootRom.Build(description.Isa.Is64, _plan.Start, _plan.Tree, _plan.Next));
            CheckParts();
            if (description.Kernel is ElfImage elf) _htif = HtifPort.TryAttach(elf, Memory, clock, context);
            ConnectFirmware();
            Harts = new HartGroup(architecture, Memory, description.Engine, _harts, clock, context.Logger);
        }
        catch
        {
            foreach (var owned in _owned) owned.Dispose();
            Memory.Dispose();
            (clock as IDisposable)?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public MemorySystem Memory { get; } = new();

    /// <inheritdoc/>
    public HartGroup Harts { get; }

    /// <inheritdoc/>
    public ICharacterDevice ConsoleDevice => _uart;

    /// <summary>Builds the machine in its power-on state.</summary>
    public static RiscVVirtBoard Create(RiscVVirtDescription description, MachineContext context)
    {
        if (description.Harts is < 1 or > RiscVVirtMap.MaxHarts)
        {
            throw new MachineConfigurationException($"{description.Name}: {description.Harts} harts; expected 1 to {RiscVVirtMap.MaxHarts}");
        }

        if (description.Memory < 1.MiB() || (description.Memory & 0xfff) != 0 || (!description.Isa.Is64 && description.Memory > 2.GiB()))
        {
            throw new MachineConfigurationException($"{description.Name}: {description.Memory} bytes of memory; expected a multiple of 4096 from 1 MiB (to 2 GiB with 32 bits)");
        }

        if (description.Disks.Length > RiscVVirtMap.VirtioSlots - 1)
        {
            throw new MachineConfigurationException($"{description.Name}: {description.Disks.Length} disks; expected at most {RiscVVirtMap.VirtioSlots - 1}");
        }

        if (description.Flash.Length > RiscVVirtMap.FlashBanks)
        {
            throw new MachineConfigurationException($"{description.Name}: {description.Flash.Length} flash images; expected at most {RiscVVirtMap.FlashBanks}");
        }

        var board = new RiscVVirtBoard(description, context);
        board.Reset();
        return board;
    }

    /// <inheritdoc/>
    public void Reset()
    {
        foreach (var device in _resettables) device.Reset();
        _htif?.Reset();
        foreach (var part in _plan.Parts) part.CopyTo(Memory);
        foreach (var hart in _harts) hart.Reset();
    }

    /// <inheritdoc/>
    public Task PauseDevicesAsync() => _work.PauseAsync();

    /// <inheritdoc/>
    public void ResumeDevices() => _work.Resume();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _work.DisposeAsync();
        _htif?.Dispose();
        foreach (var owned in _owned) owned.Dispose();
        Harts.Dispose();
        Memory.Dispose();
    }

    private void Add(string name, ulong address, ulong size, IMmioDevice device)
    {
        Memory.AddDevice(name, new GuestPhysicalAddress(address), size, device);
        if (device is IResettable resettable) _resettables.Add(resettable);
        if (device is IDisposable disposable) _owned.Add(disposable);
    }

    private void AddVirtio(Plic plic)
    {
        for (int slot = 0; slot < RiscVVirtMap.VirtioSlots; slot++)
        {
            ulong address = RiscVVirtMap.Virtio + ((ulong)slot * RiscVVirtMap.VirtioSize);
            Add($"virtio{slot}", address, RiscVVirtMap.VirtioSize, CreateVirtio(slot, plic.Source(RiscVVirtMap.FirstVirtioSource + slot)));
        }
    }

    // disks from the first slot on; entropy in the last
    private IMmioDevice CreateVirtio(int slot, IInterruptLine line)
    {
        if (slot < _description.Disks.Length)
        {
            var disk = DiskImage.Open(_description.Disks[slot]);
            _owned.Add(disk);
            return new VirtioMmioTransport(new VirtioBlock(disk, logger: _context.Logger), Memory, line, _work, _context.Logger);
        }

        if (slot < RiscVVirtMap.VirtioSlots - 1) return new VirtioMmioEmptySlot();
        var source = _description.Engine.IsDeterministic ? EntropySource.FromSeed(0) : EntropySource.Host;
        return new VirtioMmioTransport(new VirtioEntropy(source), Memory, line, _work, _context.Logger);
    }

    private void AddFlash()
    {
        for (int bank = 0; bank < RiscVVirtMap.FlashBanks; bank++)
        {
            var image = bank < _description.Flash.Length ? _description.Flash[bank] : FlashImage.Erased;
            var options = FlashOptions(bank, image);
            var address = new GuestPhysicalAddress(RiscVVirtMap.Flash + ((ulong)bank * CfiFlash.BankSize));
            var flash = Memory.AddDeviceMemory($"flash{bank}", address, CfiFlash.BankSize, cells => new CfiFlash(cells, options));
            _resettables.Add(flash);
            _owned.Insert(0, flash); // before its image
        }
    }

    private CfiFlashOptions FlashOptions(int bank, FlashImage image)
    {
        var file = image.File is { } options ? DiskImage.Open(options with { Format = DiskFormat.Raw, ReadOnly = options.ReadOnly || options.Snapshot, Snapshot = false }) : null;
        if (file is not null) _owned.Add(file);
        bool keepsWrites = file is { IsReadOnly: false };
        long length = file?.Length ?? image.Contents.Length;
        if (length > CfiFlash.BankSize || (keepsWrites && length < CfiFlash.BankSize))
        {
            throw new MachineConfigurationException(
                $"{image.File?.Path ?? _description.Name}: {length} bytes for flash bank {bank}; expected {CfiFlash.BankSize}, or fewer that are readonly or a snapshot");
        }

        return new CfiFlashOptions { Image = file, Contents = image.Contents, IsWriteProtected = image.IsWriteProtected, IsSnapshot = !keepsWrites };
    }

    private byte[] CreateTree((ulong Start, ulong End)? initrd)
    {
        byte[] seed = new byte[32];
        if (!_description.Engine.IsDeterministic) HostEntropy.Fill(seed);
        var tree = _description.DeviceTree ?? RiscVVirtDeviceTree.Create(_description, seed);
        if (_description.Append.Length > 0 || _description.DeviceTree is null) tree.SetBootArguments(_description.Append);
        if (initrd is { } range) tree.SetInitrd(new GuestPhysicalAddress(range.Start), new GuestPhysicalAddress(range.End));
        return tree.ToBlob();
    }

    private void CheckParts()
    {
        foreach (var part in _plan.Parts)
        {
            bool fits = part.Size <= _description.Memory && Memory.Map.Find(part.Address) is { Name: "RAM" } ram && ram.Last - part.Address >= part.Size - 1;
            if (part.Size == 0 || fits) continue;
            throw new MachineConfigurationException(
                $"{part.Name}: {part.Size} bytes at {part.Address} are not inside RAM, {new GuestPhysicalAddress(RiscVVirtMap.Ram)}..{new GuestPhysicalAddress(RiscVVirtMap.Ram + _description.Memory - 1)}");
        }
    }

    private DateTimeOffset StartTime() => _description.StartTime ?? (_description.Engine.IsDeterministic ? DeterministicStart : DateTimeOffset.UtcNow);

    private static Func<ushort> DeterministicEntropy()
    {
        var random = new Random(0);
        return () => (ushort)random.Next(1 << 16);
    }

    private void ConnectFirmware()
    {
        foreach (var hart in _harts) hart.ResetVector = RiscVVirtMap.BootRom;
        if (_description.EffectiveFirmware is not Firmware.BuiltInSbi) return;
        var sbi = new SbiFirmware(_harts, new UartConsole(_uart, _context.Console), _context.Control)
        {
            Boot = new SupervisorBoot(_plan.Start, _plan.Tree),
        };
        foreach (var hart in _harts) hart.Firmware = sbi;
    }
}
