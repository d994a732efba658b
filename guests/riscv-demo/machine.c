#include "machine.h"

#include <stddef.h>

#include "console.h"
#include "fdt.h"
#include "text.h"
#include "trap.h"

#define VIRTIO_MAGIC     0x74726976u // "virt"
#define VIRTIO_VERSION   4
#define VIRTIO_DEVICE_ID 8
#define DEFAULT_TIMEBASE 10000000

extern char image_start[];

struct machine machine;

static void add_reserved(struct range range)
{
    if (machine.reserved_count < MAX_RESERVED && range.end > range.start)
        machine.reserved[machine.reserved_count++] = range;
}

static void find_memory(void)
{
    struct range range;
    for (int node = 0; node < fdt_node_count(); node++)
    {
        if (!fdt_has_string(node, "device_type", "memory") || !fdt_enabled(node))
            continue;
        for (uint32_t i = 0; fdt_reg(node, i, &range) && machine.memory_count < MAX_BANKS; i++)
        {
            if (range.end > range.start)
                machine.memory[machine.memory_count++] = range;
        }
    }
    for (uint32_t i = 0; fdt_reservation(i, &range); i++)
        add_reserved(range);
    int reserved = fdt_find_path("/reserved-memory");
    for (int node = reserved + 1; reserved != FDT_NONE && node < fdt_node_count(); node++)
    {
        if (fdt_parent(node) == reserved && fdt_reg(node, 0, &range))
            add_reserved(range);
    }
    add_reserved(fdt_blob());

    int chosen = fdt_find_path("/chosen");
    struct fdt_property start;
    struct fdt_property end;
    if (fdt_property(chosen, "linux,initrd-start", &start) && fdt_property(chosen, "linux,initrd-end", &end))
    {
        // One cell or two: the last one is the low half.
        uint64_t first = fdt_cell(&start, start.length / 4 - 1) | (start.length == 8 ? (uint64_t)fdt_cell(&start, 0) << 32 : 0);
        uint64_t last = fdt_cell(&end, end.length / 4 - 1) | (end.length == 8 ? (uint64_t)fdt_cell(&end, 0) << 32 : 0);
        add_reserved((struct range){first, last});
    }
}

static void find_cpus(void)
{
    int cpus = fdt_find_path("/cpus");
    uint32_t timebase;
    machine.timebase = fdt_u32(cpus, "timebase-frequency", &timebase) && timebase != 0 ? timebase : DEFAULT_TIMEBASE;
    for (int node = cpus + 1; cpus != FDT_NONE && node < fdt_node_count() && machine.cpu_count < MAX_CPUS; node++)
    {
        struct fdt_property reg;
        if (fdt_parent(node) != cpus || !fdt_has_string(node, "device_type", "cpu") || !fdt_property(node, "reg", &reg))
            continue;
        struct cpu *cpu = &machine.cpus[machine.cpu_count++];
        cpu->id = reg.length >= 8 ? (uint64_t)fdt_cell(&reg, 0) << 32 | fdt_cell(&reg, 1) : fdt_cell(&reg, 0);
        cpu->node = node;
        cpu->enabled = fdt_enabled(node);
        fdt_u32(fdt_child(node, "interrupt-controller"), "phandle", &cpu->interrupt_controller);
    }
}

// The first of some compatible strings that is there and has registers.
static int find_device(const char *first, const char *second, struct range *range)
{
    int node = fdt_find_compatible(FDT_NONE, first);
    if (node == FDT_NONE)
        node = fdt_find_compatible(FDT_NONE, second);
    return fdt_reg(node, 0, range) ? node : FDT_NONE;
}

static uint32_t first_interrupt(int node)
{
    struct fdt_property interrupts;
    return fdt_property(node, "interrupts", &interrupts) ? fdt_cell(&interrupts, 0) : 0;
}

static void find_uart(void)
{
    if (machine.stdout_path == NULL)
        return;
    int node = fdt_find_path(machine.stdout_path);
    bool is_16550 = fdt_has_string(node, "compatible", "ns16550a") || fdt_has_string(node, "compatible", "ns16550");
    if (is_16550 && fdt_enabled(node) && fdt_reg(node, 0, &machine.uart))
    {
        machine.uart_node = node;
        machine.uart_interrupt = first_interrupt(node);
    }
}

static void find_virtio(void)
{
    struct range range;
    int node = FDT_NONE;
    while ((node = fdt_find_compatible(node, "virtio,mmio")) != FDT_NONE && machine.virtio_count < MAX_VIRTIO)
    {
        if (fdt_reg(node, 0, &range))
            machine.virtio[machine.virtio_count++] = (struct virtio_slot){.base = range.start, .interrupt = first_interrupt(node)};
    }
}

void machine_clear(void)
{
    machine.uart_node = FDT_NONE;
    machine.plic_node = FDT_NONE;
    machine.clint_node = FDT_NONE;
    machine.rtc_node = FDT_NONE;
    machine.finisher_node = FDT_NONE;
    machine.pci_node = FDT_NONE;
}

void machine_discover(void)
{
    int chosen = fdt_find_path("/chosen");
    machine.model = fdt_string(0, "model");
    machine.bootargs = fdt_string(chosen, "bootargs");
    machine.stdout_path = fdt_string(chosen, "stdout-path");
    find_memory();
    find_cpus();
    find_uart();
    machine.plic_node = find_device("riscv,plic0", "sifive,plic-1.0.0", &machine.plic);
    fdt_u32(machine.plic_node, "riscv,ndev", &machine.plic_sources);
    machine.clint_node = find_device("riscv,clint0", "sifive,clint0", &machine.clint);
    machine.rtc_node = find_device("google,goldfish-rtc", "google,goldfish-rtc", &machine.rtc);
    machine.finisher_node = find_device("sifive,test0", "sifive,test1", &machine.finisher);
    machine.pci_node = find_device("pci-host-ecam-generic", "pci-host-ecam-generic", &machine.pci);
    find_virtio();
    // Below us in our own memory bank lives the firmware, whether it says so or not.
    for (int i = 0; i < machine.memory_count; i++)
    {
        struct range bank = machine.memory[i];
        if ((uint64_t)image_start >= bank.start && (uint64_t)image_start < bank.end)
            add_reserved((struct range){bank.start, (uint64_t)image_start});
    }
}

void machine_probe_virtio(void)
{
    for (int i = 0; i < machine.virtio_count; i++)
    {
        struct virtio_slot *slot = &machine.virtio[i];
        uint32_t magic;
        slot->mapped = trap_load32(slot->base, &magic) && magic == VIRTIO_MAGIC
            && trap_load32(slot->base + VIRTIO_VERSION, &slot->version)
            && trap_load32(slot->base + VIRTIO_DEVICE_ID, &slot->device);
    }
}

void machine_isa(const struct cpu *cpu, char *buffer, int size)
{
    const char *isa = fdt_string(cpu->node, "riscv,isa");
    const char *base = fdt_string(cpu->node, "riscv,isa-base");
    struct fdt_property extensions;
    if (isa != NULL || base == NULL || !fdt_property(cpu->node, "riscv,isa-extensions", &extensions))
    {
        print_to(buffer, size, "%s", isa != NULL ? isa : "not given");
        return;
    }
    int length = print_to(buffer, size, "%s", base);
    const char *extension;
    bool joined = true; // single letters follow the base directly, names are separated: rv64imac_zicsr
    for (uint32_t i = 0; (extension = fdt_string_at(&extensions, i)) != NULL; i++)
    {
        bool letter = text_length(extension) == 1;
        if (letter && i == 0 && *extension == 'i' && buffer[length - 1] == 'i')
            continue;
        length += print_to(buffer + length, size - length, "%s%s", letter && joined ? "" : "_", extension);
        joined = letter;
    }
}

uint64_t machine_microseconds(uint64_t ticks)
{
    return ticks / machine.timebase * 1000000 + ticks % machine.timebase * 1000000 / machine.timebase;
}
