using Emulator.Arch.X86;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Bus;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Core.Time;
using Emulator.Devices;
using Emulator.Devices.Host;

namespace Emulator.Machines.BareX86;

/// <summary>The parts of one <c>bare-x86</c> machine.</summary>
internal sealed class BareX86Board : IMachineBoard
{
    private static readonly DateTimeOffset DeterministicStart = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly BareX86Description _description;
    private readonly MachineContext _context;
    private readonly PortSpace _ports = new();
    private readonly List<IResettable> _resettables = [];
    private readonly List<IDisposable> _owned = [];
    private readonly List<SerialPort> _outputs = [];
    private readonly BareX86Boot _boot;
    private readonly X86Cpu _processor;
    private readonly Uart16550 _uart;

    private BareX86Board(BareX86Description description, MachineContext context)
    {
        _description = description;
        _context = context;
        var clock = HartGroup.CreateClock(description.Engine);
        var architecture = new X86Architecture();
        try
        {
            _boot = BareX86Boot.Create(description);
            AddMemory();
            CheckParts();
            var interrupts = new InterruptInput();
            _processor = new X86Cpu(architecture, Memory, 0, new X86CpuEnvironment { Ports = _ports, Interrupts = interrupts, Clock = clock });
            _processor.ShutDown = context.Control.RequestReset; // as PCs do
            interrupts.Processor = _processor;
            var controllers = interrupts.Controllers = new Pic8259Pair(interrupts);
            _uart = new Uart16550(controllers.Input(BareX86Map.Com1Input), context.Console);
            AddChips(controllers, clock);
            AddDebugPorts();
            Harts = new HartGroup(architecture, Memory, description.Engine, [_processor], clock, context.Logger);
        }
        catch
        {
            foreach (var owned in _owned) owned.Dispose();
            foreach (var output in _outputs) _ = output.DisposeAsync().AsTask(); // nothing was written yet
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
    public static BareX86Board Create(BareX86Description description, MachineContext context)
    {
        if (description.Harts != 1) throw new MachineConfigurationException($"{description.Name}: {description.Harts} processors; expected 1");
        if (description.Memory < 1.MiB() || description.Memory % BareX86Map.PageSize != 0)
        {
            throw new MachineConfigurationException($"{description.Name}: {description.Memory} bytes of memory; expected a multiple of {BareX86Map.PageSize} from 1 MiB");
        }

        if (!description.Disks.IsEmpty) throw new MachineConfigurationException($"{description.Name}: {description.Disks.Length} disks; this board has none");
        var board = new BareX86Board(description, context);
        board.Reset();
        return board;
    }

    /// <inheritdoc/>
    public void Reset()
    {
        foreach (var device in _resettables) device.Reset();
        foreach (var part in _boot.Parts) part.CopyTo(Memory);
        _processor.Reset();
    }

    /// <inheritdoc/>
    public Task PauseDevicesAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public void ResumeDevices()
    {
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var output in _outputs) await output.DisposeAsync();
        foreach (var owned in _owned) owned.Dispose();
        Harts.Dispose();
        Memory.Dispose();
    }

    // Below 1 MiB there is RAM wherever the ROM is not.
    private void AddMemory()
    {
        var rom = _boot.Rom.Span;
        var alias = rom[^Math.Min(rom.Length, BareX86Map.LargestRomAlias)..];
        ulong aliasStart = BareX86Map.ExtendedStart - (ulong)alias.Length;
        ulong low = Math.Min(_description.Memory, BareX86Map.LowRamEnd);
        Memory.AddRam("RAM", default, aliasStart);
        Memory.AddRom("ROM", new GuestPhysicalAddress(aliasStart), (ulong)alias.Length, alias);
        if (low > BareX86Map.ExtendedStart) Memory.AddRam("extended RAM", new GuestPhysicalAddress(BareX86Map.ExtendedStart), low - BareX86Map.ExtendedStart);
        Memory.AddRom("high ROM", new GuestPhysicalAddress(BareX86Map.RomEnd - (ulong)rom.Length), (ulong)rom.Length, rom);
        if (_description.Memory > low) Memory.AddRam("high RAM", new GuestPhysicalAddress(BareX86Map.HighRamStart), _description.Memory - low);
    }

    private void CheckParts()
    {
        foreach (var part in _boot.Parts)
        {
            bool fits = Memory.Map.Find(part.Address) is { } ram && !ram.Name.EndsWith("ROM", StringComparison.Ordinal) && ram.Last - part.Address >= part.Size - 1;
            if (part.Size == 0 || fits) continue;
            throw new MachineConfigurationException($"{part.Name}: {part.Size} bytes at {part.Address} are not inside RAM, of which there are {_description.Memory >> 10} KiB");
        }
    }

    // Controllers first: others drive their inputs when they are reset.
    private void AddChips(Pic8259Pair controllers, IVirtualClock clock)
    {
        Own(controllers);
        Add("PIC", BareX86Map.MasterPic, BareX86Map.PicPorts, controllers);
        Add("second PIC", BareX86Map.SlavePic, BareX86Map.PicPorts, controllers, BareX86Map.PicPorts);
        Add("ELCR", BareX86Map.EdgeLevelControl, BareX86Map.PicPorts, controllers, 2 * BareX86Map.PicPorts);

        var timer = new Pit8254(controllers.Input(BareX86Map.PitInput), clock);
        Own(timer);
        Add("PIT", BareX86Map.Pit, BareX86Map.PitPorts, timer);
        Add("system control B", BareX86Map.SystemControlB, 1, timer, BareX86Map.PitPorts);

        var rtc = new Mc146818(controllers.Input(BareX86Map.RtcInput), clock, new Mc146818Options { Start = StartTime(), Memory = CmosMemory.Of(_description.Memory) });
        Own(rtc);
        Add("RTC", BareX86Map.Rtc, BareX86Map.RtcPorts, rtc);

        var control = new PcSystemControl(_context.Control, new AddressLine20(_processor));
        Own(control);
        Add("system control A", BareX86Map.SystemControlA, 1, control, PcSystemControl.PortAOffset);
        Add("reset control", BareX86Map.ResetControl, 1, control, PcSystemControl.ResetControlOffset);
        Add("power control", BareX86Map.PowerControl, BareX86Map.PowerControlPorts, control, PcSystemControl.PowerControlOffset, sizeof(ushort));

        Own(_uart);
        Add("COM1", BareX86Map.Com1, BareX86Map.UartPorts, _uart);
    }

    private DateTimeOffset StartTime() => _description.StartTime ?? (_description.Engine.IsDeterministic ? DeterministicStart : DateTimeOffset.UtcNow);

    private void AddDebugPorts()
    {
        if (_description.DebugExit is { } exit) Add("debug exit", exit, 1, new DebugExit(_context.Control), 0, sizeof(uint));
        foreach (var (port, path) in _description.DebugOutputs)
        {
            var output = new SerialPort(path == DebugOutput.StandardOutput ? StreamTransport.ToStandardOutput() : StreamTransport.ToFile(path), new SerialPortOptions
            {
                WhenFull = _description.Engine.IsDeterministic ? OverflowPolicy.KeepAll : OverflowPolicy.HoldGuest,
            });
            _outputs.Add(output);
            Add("debug console", port, 1, new DebugConsole(output));
        }
    }

    private void Add(string name, ushort port, int count, IMmioDevice device, uint offset = 0, int widest = 1)
    {
        try
        {
            _ports.Add(new PortWindow(name, port, count, device) { Offset = offset, WidestAccess = widest });
        }
        catch (ArgumentException exception)
        {
            throw new MachineConfigurationException($"{_description.Name}: {exception.Message}", exception);
        }
    }

    private void Own(IResettable device)
    {
        _resettables.Add(device);
        if (device is IDisposable disposable) _owned.Add(disposable);
    }
}
