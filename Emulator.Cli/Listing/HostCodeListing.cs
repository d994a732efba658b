using System.Globalization;
using System.Runtime.InteropServices;
using Emulator.Core.Execution;
using Emulator.Core.Memory;
using Iced.Intel;

namespace Emulator.Cli.Listing;

/// <summary>Writes the machine code that a region of guest code is compiled to.</summary>
internal sealed class HostCodeListing : IDisposable
{
    private const int Bits = 64;
    private const int BytesPerLine = 16;
    private readonly CompiledMethods _methods = new();

    /// <summary>Compiles the region that begins at an address and writes its code.</summary>
    public void Write(CodeInspector inspector, ulong address, uint mode, TextWriter output)
    {
        if (inspector.Compile(new GuestVirtualAddress(address), mode) is not { } host)
        {
            output.WriteLine($"; no region begins at {address:x}");
            return;
        }

        var place = _methods.Find(host.Name);
        string size = place is { } known ? $"{known.Size} bytes of {RuntimeInformation.ProcessArchitecture} code" : "machine code of unknown size";
        output.WriteLine($"; region {host.Name}: {host.GuestInstructions} guest instructions, {host.CilBytes} bytes of CIL, {size}");
        if (place is not { } method) return;
        byte[] code = new byte[method.Size];
        Marshal.Copy(method.Start, code, 0, code.Length);
        if (RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64) WriteX64(code, method.Start, output);
        else WriteBytes(code, output);
    }

    private static void WriteX64(byte[] code, nint start, TextWriter output)
    {
        var formatter = new NasmFormatter();
        formatter.Options.HexPrefix = "0x";
        formatter.Options.HexSuffix = "";
        formatter.Options.BranchLeadingZeros = false;
        var text = new StringOutput();
        var decoder = Decoder.Create(Bits, code, (ulong)start);
        while (decoder.IP < (ulong)start + (ulong)code.Length)
        {
            decoder.Decode(out var instruction);
            formatter.Format(instruction, text);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $";   {instruction.IP - (ulong)start,5:x}  {text.ToStringAndReset()}"));
        }
    }

    private static void WriteBytes(byte[] code, TextWriter output)
    {
        foreach (byte[] line in code.Chunk(BytesPerLine)) output.WriteLine($";   {Convert.ToHexStringLower(line)}");
    }

    /// <inheritdoc/>
    public void Dispose() => _methods.Dispose();
}
