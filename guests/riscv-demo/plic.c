#include "plic.h"

#include <stddef.h>

#include "fdt.h"
#include "harts.h"
#include "machine.h"
#include "riscv.h"

#define PRIORITY(source)           (machine.plic.start + (source) * 4ul)
#define ENABLE(context, source)    (machine.plic.start + 0x2000 + (uint64_t)(context) * 0x80 + (source) / 32 * 4ul)
#define THRESHOLD(context)         (machine.plic.start + 0x200000 + (uint64_t)(context) * 0x1000)
#define CLAIM(context)             (THRESHOLD(context) + 4)

static uint32_t routed_source;
static void (*routed_handler)(void);
static int context = -1;

// Contexts are numbered by their place in "interrupts-extended": pairs of a hart's controller and an interrupt of it.
static int find_context(void)
{
    struct fdt_property pairs;
    if (!fdt_property(machine.plic_node, "interrupts-extended", &pairs))
        return -1;
    for (int i = 0; i < machine.cpu_count; i++)
    {
        for (uint32_t pair = 0; machine.cpus[i].id == harts[0].id && pair < pairs.length / 8; pair++)
        {
            if (fdt_cell(&pairs, pair * 2) == machine.cpus[i].interrupt_controller && fdt_cell(&pairs, pair * 2 + 1) == IRQ_EXTERNAL)
                return (int)pair;
        }
    }
    return -1;
}

// "interrupt-parent" is inherited from the nearest node above that has one.
static int interrupt_parent(int device)
{
    uint32_t phandle;
    for (int node = device; node != FDT_NONE; node = fdt_parent(node))
    {
        if (fdt_u32(node, "interrupt-parent", &phandle))
            return fdt_find_phandle(phandle);
    }
    return FDT_NONE;
}

bool plic_route(int device, uint32_t source, void (*handler)(void))
{
    if (machine.plic_node == FDT_NONE || interrupt_parent(device) != machine.plic_node)
        return false;
    if (source == 0 || source > machine.plic_sources)
        return false;
    context = find_context();
    if (context < 0 || CLAIM(context) + 4 > machine.plic.end)
        return false;
    routed_source = source;
    routed_handler = handler;
    mmio_write32(PRIORITY(source), 1);
    mmio_write32(THRESHOLD(context), 0);
    mmio_write32(ENABLE(context, source), mmio_read32(ENABLE(context, source)) | 1u << source % 32);
    csr_set(sie, 1ul << IRQ_EXTERNAL);
    return true;
}

void plic_handle(void)
{
    uint32_t source;
    if (context < 0)
        return;
    while ((source = mmio_read32(CLAIM(context))) != 0)
    {
        if (source == routed_source)
            routed_handler();
        mmio_write32(CLAIM(context), source);
    }
}

int plic_context(void)
{
    return context;
}
