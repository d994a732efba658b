using System.Runtime.InteropServices;
using Emulator.Arch.X86;
using Emulator.Arch.X86.Processor;
using Emulator.Core.Execution;
using Emulator.Core.Memory;

namespace Emulator.Tests.X86.Host;

/// <summary>Executes cases on one of the engines, in memory like the host program's.</summary>
internal sealed class GuestProcessor : IDisposable
{
    private const int LongestCase = 100_000;
    private const ushort Ud2 = 0x0b0f;
    private const int FrameWithError = 6;

    private readonly UserMachine _machine;
    private readonly Dictionary<ulong, byte[]> _contents = [];

    /// <param name="kind">The engine; code is compiled when it is executed for the second time, and tier 0 soon has handlers for what comes often.</param>
    public GuestProcessor(EngineKind kind)
    {
        const PageBits data = PageBits.Present | PageBits.User | PageBits.NoExecute;
        _machine = new UserMachine(new EngineOptions { Kind = kind, IsDeterministic = true, HotThreshold = 2, CommonRun = 3, CommonSequence = 12 });
        _machine.AddMemory("code", HostLayout.Code, HostLayout.CodePages, PageBits.Present | PageBits.User | PageBits.Writable);
        _machine.AddMemory("exits", HostLayout.Exit64, 2, PageBits.Present | PageBits.User);
        _machine.AddMemory("data", HostLayout.Data, HostLayout.DataPages, data | PageBits.Writable);
        _machine.Map(HostLayout.ReadOnlyData, HostLayout.ReadOnlyData, 1, data);
        _machine.AddMemory("stack", HostLayout.Stack, HostLayout.StackPages, data | PageBits.Writable);
        for (int i = 0; i < 2 * HostLayout.PageSize; i += 2) Write(HostLayout.Exit64 + (ulong)i, MemoryMarshal.AsBytes([Ud2]));
        Span<byte> traps = stackalloc byte[HostLayout.PageSize];
        traps.Fill(0xcc);
        for (int i = 0; i < HostLayout.CodePages; i++) Write(HostLayout.Code + (ulong)(i * HostLayout.PageSize), traps);
        foreach (var (start, length) in HostLayout.Writable)
        {
            _contents[start] = ContentOf(start, length);
            Write(start, _contents[start]);
        }

        Write(HostLayout.ReadOnlyData, ContentOf(HostLayout.ReadOnlyData, HostLayout.PageSize));
    }

    public HostResult Run(in HostCase start)
    {
        var cpu = _machine.Cpu;
        WriteCode(start);
        for (int i = 0; i < start.PatchCount; i++) WritePatch(start.Patches[i]);
        _machine.EnterUser(start.Bits);
        for (int i = 0; i < 16; i++) cpu[X86Slots.General64(i)] = start.Registers[i];
        for (int i = 0; i < 32; i++) cpu[X86Slots.Xmm(i / 2, i % 2)] = start.Vectors[i];
        cpu.Mxcsr = start.Mxcsr;
        cpu.EFlags = start.Flags;
        cpu.ProgramCounter = start.InstructionPointer;
        cpu.LimitTime(cpu.TimeSpent + LongestCase);
        _machine.Run();
        var state = StateOf();
        if (!cpu.IsHalted) state.Trap = HostState.Timeout;
        return new HostResult(state, Differences());
    }

    public void Dispose() => _machine.Dispose();

    private static byte[] ContentOf(ulong start, int length)
    {
        var content = new ulong[length / 8];
        for (int i = 0; i < content.Length; i++) content[i] = HostLayout.Content(start + ((ulong)i * 8));
        return MemoryMarshal.AsBytes(content.AsSpan()).ToArray();
    }

    private void Write(ulong address, ReadOnlySpan<byte> bytes) => Assert.That(_machine.Memory.TryWrite(new GuestPhysicalAddress(address), bytes));

    private void WriteCode(in HostCase start)
    {
        const ulong end = HostLayout.Code + (HostLayout.CodePages * HostLayout.PageSize);
        ReadOnlySpan<byte> code = start.Code;
        int length = (int)Math.Min(start.CodeLength, end - start.CodeAddress);
        Write(start.CodeAddress, code[..length]);
    }

    private void WritePatch(in Patch patch)
    {
        ReadOnlySpan<byte> bytes = patch.Bytes;
        foreach (var (start, length) in HostLayout.Writable)
        {
            ulong from = Math.Max(patch.Address, start);
            ulong to = Math.Min(patch.Address + (ulong)bytes.Length, start + (ulong)length);
            if (from < to) Write(from, bytes[(int)(from - patch.Address)..(int)(to - patch.Address)]);
        }
    }

    private HostState StateOf()
    {
        var cpu = _machine.Cpu;
        var state = new HostState { InstructionPointer = cpu.ProgramCounter, Flags = cpu.EFlags, Mxcsr = cpu.Mxcsr };
        for (int i = 0; i < 16; i++) state.Registers[i] = cpu[X86Slots.General64(i)];
        for (int i = 0; i < 32; i++) state.Vectors[i] = cpu[X86Slots.Xmm(i / 2, i % 2)];
        for (int i = 0; i < 6; i++) state.Selectors[i] = cpu.Registers.Segments[i].Selector;
        if (_machine.HandlerEntered is { } vector)
        {
            // RIP, CS, RFLAGS, RSP
            var frame = _machine.Frame().AsSpan();
            state.Error = frame.Length == FrameWithError ? frame[0] : 0;
            if (frame.Length == FrameWithError) frame = frame[1..];
            state.Trap = (uint)vector;
            state.InstructionPointer = frame[0];
            state.Flags = frame[2];
            state.Registers[4] = frame[3];
            state.Selectors[X86Cpu.Cs] = (ushort)frame[1];
            state.Selectors[X86Cpu.Ss] = (ushort)frame[4];
            state.Address = cpu.Registers.Cr2;
        }

        if (state.Trap == (uint)X86Exception.InvalidOpcode && (IsExit(64) || IsExit(32)))
        {
            state.Trap = HostState.NoTrap;
        }

        if (state.Trap != (uint)X86Exception.PageFault) state.Address = 0;
        return state;

        bool IsExit(int bits) => state.InstructionPointer - HostLayout.Exit(bits, 0) < HostLayout.Exits * HostLayout.ExitBytes;
    }

    // Memory is as before afterwards.
    private MemoryDifference[] Differences()
    {
        List<MemoryDifference>? found = null;
        foreach (var (start, before) in _contents)
        {
            Assert.That(_machine.Memory.TryGetReadableSpan(new GuestPhysicalAddress(start), before.Length, out var now));
            for (int at = now.CommonPrefixLength(before); at < before.Length; at += now[at..].CommonPrefixLength(before.AsSpan(at)))
            {
                at &= ~7;
                (found ??= []).Add(new MemoryDifference(start + (ulong)at, MemoryMarshal.Read<ulong>(now[at..])));
                Write(start + (ulong)at, before.AsSpan(at, 8));
            }
        }

        return found?.ToArray() ?? [];
    }
}
