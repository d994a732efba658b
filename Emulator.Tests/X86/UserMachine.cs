using Emulator.Arch.X86;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Emulator.Tests.X86.Host;

namespace Emulator.Tests.X86;

/// <summary>Bits of page table entries.</summary>
[Flags]
internal enum PageBits : ulong
{
    Present = 1,
    Writable = 2,
    User = 4,
    NoExecute = 1ul << 63,
}

/// <summary>
/// A processor in long mode that runs user code (CPL 3) in 64-bit or compatibility mode as Linux sets it up: paging, descriptor
/// tables, a TSS, and handlers that halt for every exception.
/// </summary>
internal sealed class UserMachine : IDisposable
{
    private const ulong System = 0x10_0000; // physical
    private const ulong SystemLinear = 0xffff_8000_0010_0000;
    private const int SystemPages = 64;
    private const ulong Gdt = SystemLinear;
    private const ulong Idt = SystemLinear + 0x1000;
    private const ulong Tss = SystemLinear + 0x2000;
    private const ulong Handlers = SystemLinear + 0x3000;
    private const ulong KernelStackTop = SystemLinear + 0x6000;
    private const int FirstTable = 6; // pages of the system's memory from here on are page tables
    private const int HandlerBytes = 16;
    private const int Vectors = 256;
    private const ushort KernelCode = 0x10;
    private const ushort KernelData = 0x18;
    private const ushort TssSelector = 0x40;
    private const int LimitOfTss = 103;
    private const ushort LimitOfGdt = 0x7f;
    private const SegmentAttributes BusyTss = (SegmentAttributes)11;
    private const byte Hlt = 0xf4;

    private readonly World _world = new() { IsSingleThreaded = true };
    private readonly TranslationCache _cache;
    private readonly StopSignal _stop = new();
    private int _tables = FirstTable;

    public UserMachine(EngineOptions options)
    {
        var architecture = new X86Architecture();
        Memory.AddRam("system", new GuestPhysicalAddress(System), SystemPages * GuestPage.Size);
        _cache = new TranslationCache(architecture, Memory, _world, options, new ExecutionCounters());
        Cpu = new X86Cpu(architecture, Memory, 0);
        Cpu.Attach(_world, _cache);
        Map(SystemLinear, System, SystemPages, PageBits.Present | PageBits.Writable);
        WriteTables();
        Cpu.Registers.Cr0 = Cr0.Pe | Cr0.Mp | Cr0.Et | Cr0.Ne | Cr0.Wp | Cr0.Am | Cr0.Pg;
        Cpu.Registers.Cr3 = System + (FirstTable * GuestPage.Size);
        Cpu.Registers.Cr4 = Cr4.Pae | Cr4.Pge | Cr4.OsFxsr | Cr4.OsXmmExcpt | Cr4.Umip;
        Cpu.Registers.Efer = Efer.Sce | Efer.Lme | Efer.Lma | Efer.Nxe;
        Cpu.Registers.Gdtr = new TableRegister(Gdt, LimitOfGdt);
        Cpu.Registers.Idtr = new TableRegister(Idt, (Vectors * 16) - 1);
        Cpu.Registers.Ldtr = default;
        Cpu.Registers.Tr = new SystemSegment(TssSelector, Tss, LimitOfTss, SegmentAttributes.Present | BusyTss);
        Cpu.FlushTlb();
    }

    public MemorySystem Memory { get; } = new();

    public X86Cpu Cpu { get; }

    /// <summary>Adds memory at a physical address, mapped at the same linear one.</summary>
    public void AddMemory(string name, ulong address, int pages, PageBits bits)
    {
        Memory.AddRam(name, new GuestPhysicalAddress(address), (ulong)pages * GuestPage.Size);
        Map(address, address, pages, bits);
    }

    /// <summary>Changes the rights of pages that are mapped at their physical address; before the first instruction.</summary>
    public void Map(ulong linear, ulong physical, int pages, PageBits bits)
    {
        for (int i = 0; i < pages; i++, linear += GuestPage.Size, physical += GuestPage.Size)
        {
            ulong table = System + (FirstTable * GuestPage.Size);
            if (_tables == FirstTable) _tables++;
            for (int level = 3; level > 0; level--)
            {
                ulong entry = Entry(table, linear, level);
                Memory.TryRead(new GuestPhysicalAddress(entry), 8, out ulong next);
                if (next == 0)
                {
                    next = (System + ((ulong)_tables++ * GuestPage.Size)) | (ulong)(PageBits.Present | PageBits.Writable | PageBits.User);
                    Memory.TryWrite(new GuestPhysicalAddress(entry), 8, next);
                }

                table = next & GuestPage.Mask;
            }

            Memory.TryWrite(new GuestPhysicalAddress(Entry(table, linear, 0)), 8, physical | (ulong)bits);
        }
    }

    /// <summary>Puts the processor at the start of user code; general registers, flags and the program counter are the caller's.</summary>
    public void EnterUser(int bits)
    {
        const SegmentAttributes user = SegmentAttributes.RealMode | SegmentAttributes.PrivilegeMask | SegmentAttributes.PageGranular;
        const SegmentAttributes data = user | SegmentAttributes.Default32;
        Cpu.Registers.Cpl = 3;
        Cpu.IsHalted = false;
        for (int i = 0; i < 4; i++) Cpu.SetSegment(i, new SegmentCache(HostLayout.DataSelector, uint.MaxValue, data), 0);
        Cpu.SetSegment(X86Cpu.Fs, new SegmentCache(HostLayout.FsSelector, uint.MaxValue, data), HostLayout.FsBase);
        Cpu.SetSegment(X86Cpu.Gs, new SegmentCache(HostLayout.GsSelector, uint.MaxValue, data), HostLayout.GsBase);
        var code = user | SegmentAttributes.Code | (bits == 64 ? SegmentAttributes.Long : SegmentAttributes.Default32);
        ushort selector = bits == 64 ? HostLayout.Code64Selector : HostLayout.Code32Selector;
        Cpu.SetSegment(X86Cpu.Cs, new SegmentCache(selector, uint.MaxValue, code), 0);
    }

    /// <summary>Runs until an exception's handler halts, or to the limit of instructions.</summary>
    public void Run()
    {
        _world.Enter();
        Cpu.Run(_stop);
        _world.Exit();
    }

    /// <summary>The vector whose handler the processor is in; null when in none.</summary>
    public int? HandlerEntered => Cpu.ProgramCounter - Handlers < Vectors * HandlerBytes ? (int)(Cpu.ProgramCounter - Handlers) / HandlerBytes : null;

    /// <summary>What the exception pushed, the last value first: RIP, CS, RFLAGS, RSP, SS; before them the error code if there is one.</summary>
    public ulong[] Frame()
    {
        ulong pointer = Cpu[X86Slots.Rsp];
        var frame = new ulong[(KernelStackTop - pointer) / 8];
        for (int i = 0; i < frame.Length; i++)
        {
            Memory.TryRead(new GuestPhysicalAddress(pointer + ((ulong)i * 8) - SystemLinear + System), 8, out frame[i]);
        }

        return frame;
    }

    public void Dispose()
    {
        Cpu.Dispose();
        _cache.Dispose();
        Memory.Dispose();
    }

    private static ulong Entry(ulong table, ulong linear, int level) => table + (((linear >> (12 + (9 * level))) & 511) * 8);

    private void WriteTables()
    {
        Descriptor(KernelCode, 0x00af_9b00_0000_ffff);
        Descriptor(KernelData, 0x00cf_9300_0000_ffff);
        Descriptor(HostLayout.Code32Selector, 0x00cf_fb00_0000_ffff);
        Descriptor(HostLayout.DataSelector, 0x00cf_f300_0000_ffff);
        Descriptor(HostLayout.Code64Selector, 0x00af_fb00_0000_ffff);
        Descriptor(HostLayout.FsSelector, Data(HostLayout.FsBase));
        Descriptor(HostLayout.GsSelector, Data(HostLayout.GsBase));
        Descriptor(HostLayout.ProcessorSelector, 0x0040_f500_0000_0000);
        ulong low = Tss & 0xffff_ffff;
        Descriptor(TssSelector, LimitOfTss | ((low & 0xff_ffff) << 16) | (0x8bul << 40) | ((low >> 24) << 56));
        Descriptor(TssSelector + 8, Tss >> 32);
        Write(Tss + 4, KernelStackTop); // RSP0
        Write(Tss + 100, 104ul << 16); // no I/O permission map
        for (ulong vector = 0; vector < Vectors; vector++)
        {
            const ulong interruptGate = 0x8e;
            const ulong forUsers = 0xee; // as Linux has it for #BP and #OF
            ulong handler = Handlers + (vector * HandlerBytes);
            ulong type = vector is (ulong)X86Exception.Breakpoint or (ulong)X86Exception.Overflow ? forUsers : interruptGate;
            Write(Idt + (vector * 16), (handler & 0xffff) | ((ulong)KernelCode << 16) | (type << 40) | ((handler & 0xffff_0000) << 32));
            Write(Idt + (vector * 16) + 8, handler >> 32);
            Write(handler, Hlt);
        }

        // thread-local storage has the bit that is the system's
        static ulong Data(ulong start) => 0x00df_f300_0000_ffff | ((start & 0xff_ffff) << 16) | ((start >> 24) << 56);
        void Descriptor(int selector, ulong value) => Write(Gdt + (ulong)(selector & ~7), value);
        void Write(ulong linear, ulong value) => Memory.TryWrite(new GuestPhysicalAddress(linear - SystemLinear + System), 8, value);
    }
}
