using System.Buffers.Binary;
using Emulator.Core.Loading;
using Emulator.Tests.Images;
using Emulator.Tests.Loading;

namespace Emulator.Tests.Cli;

/// <summary>Programs of a few instructions for machine mode at the start of RAM, made without a compiler.</summary>
internal static class GuestPrograms
{
    public const ulong Start = 0x8000_0000;
    public const ulong Data = 0x8000_1000;
    private const int DataDistance = 1; // pages, for auipc

    // Opcodes of the RISC-V base (Unpriv. spec, chapter "RV32/64G Instruction Set Listings").
    private const uint Lui = 0x37;
    private const uint Auipc = 0x17;
    private const uint OpImm = 0x13;
    private const uint Store = 0x23;
    private const uint JumpToSelf = 0x0000_006f;
    private const uint JumpBack = 0xffdf_f06f; // j -4
    private const uint Wfi = 0x1050_0073;
    private const uint T0 = 5;
    private const uint T1 = 6;
    private const uint Word = 2;
    private const uint Double = 3;
    private const uint FinisherPage = 0x100; // 0x100000
    private const uint UartPage = 0x1_0000; // 0x10000000

    /// <summary>The finisher's command for an orderly end.</summary>
    public const uint Pass = 0x5555;

    /// <summary>The finisher's command for a failure with a code in the upper half.</summary>
    public const uint Fail = 0x3333;

    /// <summary>Stores a command to the test finisher.</summary>
    public static uint[] Finish(uint command) => [Upper(Lui, T0, FinisherPage), .. Load(T1, command), StoreOf(Word, T0, T1), JumpToSelf];

    /// <summary>Stores a value to the word at <see cref="Data"/>, and waits.</summary>
    public static uint[] WriteData(uint value, bool whole) => [Upper(Auipc, T0, DataDistance), .. Load(T1, value), StoreOf(whole ? Double : Word, T0, T1), JumpToSelf];

    /// <summary>Says that it runs, then runs forever.</summary>
    public static uint[] Loop(char says) => [.. Say(says), JumpToSelf];

    /// <summary>Says that it runs, then sleeps forever.</summary>
    public static uint[] Sleep(char says) => [.. Say(says), Wfi, JumpBack];

    /// <summary>Says the same forever.</summary>
    public static uint[] Flood(char says) => [.. Say(says), JumpBack];

    /// <summary>An ELF file with some code at the start of RAM, and data and symbols if wanted.</summary>
    public static byte[] Elf(uint[] code, byte[]? data = null, ElfClass width = ElfClass.Elf64, params (string Name, ulong Address)[] symbols)
    {
        byte[] bytes = new byte[code.Length * sizeof(uint)];
        for (int i = 0; i < code.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * sizeof(uint)), code[i]);
        var builder = new ElfBuilder(width) { Entry = Start }.Load(Start, bytes);
        if (data is not null) builder.Load(Data, data);
        foreach (var (name, address) in symbols) builder.Symbol(name, address);
        return builder.Build();
    }

    /// <summary>The same as a file.</summary>
    public static string Write(TemporaryFolder folder, uint[] code) => folder.Write("guest.elf", Elf(code));

    private static uint[] Say(char character) => [Upper(Lui, T0, UartPage), .. Load(T1, character), StoreOf(0, T0, T1)];

    private static uint[] Load(uint register, uint value) =>
        [Upper(Lui, register, (value + 0x800) >> 12), Immediate(register, register, value & 0xfff)];

    private static uint Upper(uint opcode, uint register, uint page) => (page << 12) | (register << 7) | opcode;

    private static uint Immediate(uint destination, uint source, uint value) => (value << 20) | (source << 15) | (destination << 7) | OpImm;

    private static uint StoreOf(uint width, uint address, uint value) => (value << 20) | (address << 15) | (width << 12) | Store;
}
