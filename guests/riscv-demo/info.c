// The tables of `info` and `harts`.
#include "info.h"

#include <stddef.h>

#include "console.h"
#include "fdt.h"
#include "frames.h"
#include "harts.h"
#include "machine.h"
#include "paging.h"
#include "plic.h"
#include "sbi.h"
#include "text.h"

#define LABEL_WIDTH 10
#define TEXT_WIDTH  66
#define ISA_SIZE    400
#define OPENSBI     1

extern char image_start[], image_end[];

// "label  text", continued below itself when it is too long; breaks only before `separator`.
static void row(const char *label, const char *text, char separator)
{
    do
    {
        int length = (int)text_length(text);
        if (length > TEXT_WIDTH)
        {
            length = TEXT_WIDTH;
            while (length > 1 && text[length] != separator)
                length--;
        }
        print("  %-*s %.*s\n", LABEL_WIDTH, label, length, text);
        text += length;
        while (*text == ' ')
            text++;
        label = "";
    } while (*text != 0);
}

static void print_range(const char *label, struct range range, const char *note)
{
    uint64_t size = range_size(range);
    const char *unit = size >= 1 << 20 ? "MiB" : size >= 1 << 10 ? "KiB" : "B";
    int shift = size >= 1 << 20 ? 20 : size >= 1 << 10 ? 10 : 0;
    print("  %-*s %012lx - %012lx %6lu %-3s%s%s\n", LABEL_WIDTH, label, range.start, range.end, size >> shift, unit,
        *note == 0 ? "" : "  ", note);
}

static const char *virtio_name(uint32_t device)
{
    static const char *const names[] = {
        [1] = "network", [2] = "block", [3] = "console", [4] = "entropy", [5] = "balloon", [8] = "SCSI", [9] = "9P", [16] = "GPU",
        [18] = "input", [19] = "socket", [20] = "crypto", [23] = "IOMMU", [24] = "memory", [25] = "sound", [26] = "file system",
    };
    return device < sizeof names / sizeof names[0] && names[device] != NULL ? names[device] : "unknown";
}

static void print_sbi(void)
{
    char text[256];
    uint64_t spec = sbi_spec_version();
    uint64_t implementation = sbi_implementation_id();
    uint64_t version = sbi_implementation_version();
    int length = print_to(text, sizeof text, "specification %lu.%lu, ", spec >> 24 & 0x7f, spec & 0xffffff);
    length += print_to(text + length, (int)sizeof text - length, "%s (id %lu) ", sbi_implementation_name(implementation), implementation);
    if (implementation == OPENSBI)
        print_to(text + length, (int)sizeof text - length, "%lu.%lu", version >> 16, version & 0xffff);
    else
        print_to(text + length, (int)sizeof text - length, "version %lx", version);
    row("SBI", text, ' ');

    length = 0;
    for (int i = 0; i < sbi_extension_count; i++)
    {
        if (sbi_probe(sbi_extensions[i].id))
            length += print_to(text + length, (int)sizeof text - length, "%s%s", length == 0 ? "" : " ", sbi_extensions[i].name);
    }
    row("", text, ' ');
}

// Harts that are alike share a line.
static void print_harts(void)
{
    char text[ISA_SIZE];
    char other[ISA_SIZE];
    const char *mmu;
    for (int first = 0; first < machine.cpu_count;)
    {
        int next = first;
        machine_isa(&machine.cpus[first], text, sizeof text);
        do
        {
            next++;
            if (next < machine.cpu_count)
                machine_isa(&machine.cpus[next], other, sizeof other);
        } while (next < machine.cpu_count && text_equal(text, other));
        if (next - first == 1)
            print_to(other, sizeof other, "hart %lu", machine.cpus[first].id);
        else
            print_to(other, sizeof other, "harts %lu-%lu", machine.cpus[first].id, machine.cpus[next - 1].id);
        row(other, text, '_');
        mmu = fdt_string(machine.cpus[first].node, "mmu-type");
        if (mmu != NULL)
            row("", mmu, ' ');
        first = next;
    }
}

static void print_devices(void)
{
    char note[80];
    if (machine.uart_node != FDT_NONE)
    {
        print_to(note, sizeof note, "%s, interrupt %u", fdt_string(machine.uart_node, "compatible"), machine.uart_interrupt);
        print_range("UART", machine.uart, note);
    }
    if (machine.plic_node != FDT_NONE)
    {
        print_to(note, sizeof note, "%u sources, our context %d", machine.plic_sources, plic_context());
        print_range("PLIC", machine.plic, note);
    }
    if (machine.clint_node != FDT_NONE)
        print_range("CLINT", machine.clint, "the firmware's");
    if (machine.rtc_node != FDT_NONE)
        print_range("RTC", machine.rtc, fdt_string(machine.rtc_node, "compatible"));
    if (machine.finisher_node != FDT_NONE)
        print_range("finisher", machine.finisher, fdt_string(machine.finisher_node, "compatible"));
    if (machine.pci_node != FDT_NONE)
        print_range("PCI", machine.pci, "configuration space");
}

static void print_virtio(void)
{
    int empty = 0;
    for (int i = 0; i < machine.virtio_count; i++)
    {
        const struct virtio_slot *slot = &machine.virtio[i];
        if (slot->mapped && slot->device != 0)
            print("  %-*s %012lx   %s (device id %u, version %u, interrupt %u)\n", LABEL_WIDTH, "virtio", slot->base,
                virtio_name(slot->device), slot->device, slot->version, slot->interrupt);
        else
            empty += slot->mapped;
    }
    if (machine.virtio_count > 0)
        print("  %-*s %d slots, %d empty\n", LABEL_WIDTH, "virtio", machine.virtio_count, empty);
}

void info_machine(void)
{
    char text[128];
    row("machine", machine.model != NULL ? machine.model : "unnamed", ' ');
    print_sbi();
    print_harts();
    print_to(text, sizeof text, "%lu Hz", machine.timebase);
    row("timebase", text, ' ');
    for (int i = 0; i < machine.memory_count; i++)
        print_range("memory", machine.memory[i], "");
    print_devices();
    print_virtio();
    print_to(text, sizeof text, "%s; input %s", console_output_name(), console_input_name());
    row("console", text, ' ');
    row("stdout", machine.stdout_path != NULL ? machine.stdout_path : "not given", ' ');
    row("bootargs", machine.bootargs != NULL && *machine.bootargs != 0 ? machine.bootargs : "none", ' ');
}

void info_memory(void)
{
    uint64_t leaves[3];
    char text[128];
    for (int i = 0; i < machine.memory_count; i++)
        print_range("memory", machine.memory[i], "");
    for (int i = 0; i < machine.reserved_count; i++)
        print_range("reserved", machine.reserved[i], machine.reserved[i].start == fdt_blob().start ? "this device tree" : "");
    print_range("program", (struct range){(uint64_t)image_start, (uint64_t)image_end}, "code, constants, data");
    print_to(text, sizeof text, "%lu MiB free", frames_free() * FRAME_BYTES >> 20);
    print_range("frames", frames_arena(), text);
    paging_count(leaves);
    print("  %-*s Sv39: %lu x 1 GiB, %lu x 2 MiB, %lu x 4 KiB\n", LABEL_WIDTH, "pages", leaves[2], leaves[1], leaves[0]);
    print_range("window", (struct range){PAGING_WINDOW, PAGING_WINDOW + PAGING_WINDOW_PAGES * FRAME_BYTES}, "mapped on demand");
}

void info_harts(void)
{
    print("  hart  state            IPIs   timer  device  faults   jobs\n");
    for (int i = 0; i < hart_count; i++)
    {
        const struct hart *hart = &harts[i];
        const char *state = i == 0 ? "running this" : sbi_hart_state_name(sbi_hart_status(hart->id));
        print("  %4lu  %-14s %6lu  %6lu  %6lu  %6lu %6lu\n", hart->id, state, hart->ipis, hart->timer_interrupts,
            hart->external_interrupts, hart->page_faults, hart->jobs);
    }
}
