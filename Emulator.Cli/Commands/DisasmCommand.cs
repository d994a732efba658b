using System.CommandLine;
using Emulator.Arch.RiscV;
using Emulator.Cli.Listing;
using Emulator.Cli.Options;
using Emulator.Cli.Running;
using Emulator.Core.Loading;

namespace Emulator.Cli.Commands;

/// <summary><c>emu disasm FILE</c>: guest code with, on request, IR and host code.</summary>
internal static class DisasmCommand
{
    private const ulong DefaultBase = 0x8000_0000;

    // What a program may do most in: machine mode, with floating point on.
    private static readonly RiscVMode Mode = new(Privilege.Machine, RiscVMmuIndex.Machine, IsFloatOn: true, 0);

    /// <summary>Creates the command.</summary>
    public static Command Create(CliStreams streams)
    {
        var file = new Argument<string>("FILE") { Description = "ELF program, Linux Image or raw code for RISC-V" };
        var ir = new Option<bool>("--ir") { Description = "Print the IR beside the instructions it comes from, block by block" };
        var host = new Option<bool>("--host") { Description = "Print the machine code of the region that begins at each symbol" };
        var symbol = new Option<string>("--symbol") { HelpName = "NAME", Description = "Print only what the symbol names, up to the next one" };
        var cpu = new Option<string>("--cpu") { HelpName = "LIST", Description = "ISA string or model, as for emu run" };
        var start = new Option<ulong?>("--base")
        {
            HelpName = "ADDRESS",
            Description = $"Where an image without addresses begins (default 0x{DefaultBase:x}, a Linux Image at its offset behind)",
            CustomParser = static result =>
            {
                if (Numbers.TryParse(result.Tokens[^1].Value, out ulong address)) return address;
                result.AddError($"--base {result.Tokens[^1].Value}: expected an address such as 0x{DefaultBase:x}");
                return null;
            },
        };
        var command = new Command("disasm", "Print guest code with, on request, IR and host code") { file, ir, host, symbol, cpu, start };
        command.SetAction(parsed =>
        {
            var image = InputFile.Use("disasm", parsed.GetRequiredValue(file), static path => GuestImage.Load(path));
            ulong offset = image is LinuxImage linux ? linux.TextOffset : 0;
            var sections = CodeSection.Of(image, parsed.GetValue(start) ?? DefaultBase + offset);
            var symbols = new SymbolMap(image is ElfImage elf ? elf.Symbols : [], sections);
            var (from, to) = parsed.GetValue(symbol) is { } name ? RangeOf(name, image, symbols) : (0, ulong.MaxValue);
            using var listing = parsed.GetValue(host) ? new HostCodeListing() : null;
            new CodeListing(new RiscVArchitecture(MachineCatalog.Isa(parsed.GetValue(cpu), image)), symbols, streams.Out)
            {
                Mode = Mode.Pack(),
                ShowsIr = parsed.GetValue(ir),
                Host = listing,
            }.Write(sections, from, to);
        });
        return command;
    }

    private static (ulong From, ulong To) RangeOf(string name, GuestImage image, SymbolMap symbols) =>
        image is ElfImage elf && elf.Symbols.TryFind(name, out var symbol)
            ? (symbol.Address.Value, symbols.NextAfter(symbol.Address.Value))
            : throw new InputException($"{image.Name}: has no symbol {name}");
}
