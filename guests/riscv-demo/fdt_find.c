// Finding nodes, and what their addresses mean; everything goes through the checked accessors of fdt.c.
#include "fdt.h"

#include <stddef.h>

#include "text.h"

bool fdt_has_string(int node, const char *name, const char *wanted)
{
    struct fdt_property property;
    if (!fdt_property(node, name, &property))
        return false;
    const char *text;
    for (uint32_t i = 0; (text = fdt_string_at(&property, i)) != NULL; i++)
    {
        if (text_equal(text, wanted))
            return true;
    }
    return false;
}

int fdt_find_compatible(int after, const char *compatible)
{
    for (int node = after + 1; node < fdt_node_count(); node++)
    {
        if (fdt_has_string(node, "compatible", compatible))
            return node;
    }
    return FDT_NONE;
}

int fdt_find_phandle(uint32_t phandle)
{
    uint32_t value;
    for (int node = 0; node < fdt_node_count(); node++)
    {
        if (fdt_u32(node, "phandle", &value) && value == phandle)
            return node;
    }
    return FDT_NONE;
}

// A path component names a node with or without its unit address.
static bool component_matches(const char *name, const char *component, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
    {
        if (name[i] != component[i])
            return false;
    }
    return name[length] == 0 || name[length] == '@';
}

static int find_below(int node, const char *path)
{
    while (node != FDT_NONE)
    {
        while (*path == '/')
            path++;
        uint32_t length = 0;
        while (path[length] != 0 && path[length] != '/' && path[length] != ':')
            length++;
        if (length == 0)
            return node;
        int parent = node;
        node = FDT_NONE;
        for (int child = parent + 1; child < fdt_node_count() && node == FDT_NONE; child++)
        {
            if (fdt_parent(child) == parent && component_matches(fdt_name(child), path, length))
                node = child;
        }
        path += length;
    }
    return FDT_NONE;
}

int fdt_find_path(const char *path)
{
    if (fdt_node_count() == 0)
        return FDT_NONE;
    if (*path == '/')
        return find_below(0, path);
    char alias[32];
    uint32_t length = 0;
    while (path[length] != 0 && path[length] != '/' && path[length] != ':' && length + 1 < sizeof alias)
    {
        alias[length] = path[length];
        length++;
    }
    alias[length] = 0;
    const char *target = fdt_string(find_below(0, "/aliases"), alias);
    return target != NULL && *target == '/' ? find_below(find_below(0, target), path + length) : FDT_NONE;
}

int fdt_child(int parent, const char *name)
{
    return find_below(parent, name);
}

static uint32_t cells_of(int node, const char *name, uint32_t standard)
{
    uint32_t cells;
    return node != FDT_NONE && fdt_u32(node, name, &cells) && cells <= 3 ? cells : standard;
}

// `count` cells from cell `at` on as one number. Three cells are a PCI address: the first holds flags, not address bits.
static uint64_t read_cells(const struct fdt_property *property, uint32_t at, uint32_t count)
{
    uint64_t low = count == 0 ? 0 : fdt_cell(property, at + count - 1);
    uint64_t high = count < 2 ? 0 : fdt_cell(property, at + count - 2);
    return high << 32 | low;
}

// Translates an address on the bus `bus` to its parent's bus. Empty "ranges" means "the same"; none means "not reachable".
static bool translate(int bus, uint64_t *address)
{
    struct fdt_property ranges;
    if (!fdt_property(bus, "ranges", &ranges))
        return false;
    if (ranges.length == 0)
        return true;
    uint32_t child_cells = cells_of(bus, "#address-cells", 2);
    uint32_t size_cells = cells_of(bus, "#size-cells", 1);
    uint32_t parent_cells = cells_of(fdt_parent(bus), "#address-cells", 2);
    uint32_t entry = child_cells + parent_cells + size_cells;
    for (uint32_t at = 0; entry != 0 && at + entry <= ranges.length / 4; at += entry)
    {
        uint64_t child = read_cells(&ranges, at, child_cells);
        uint64_t parent = read_cells(&ranges, at + child_cells, parent_cells);
        uint64_t size = read_cells(&ranges, at + child_cells + parent_cells, size_cells);
        if (*address >= child && *address - child < size)
        {
            *address = *address - child + parent;
            return true;
        }
    }
    return false;
}

bool fdt_reg(int node, uint32_t index, struct range *range)
{
    struct fdt_property reg;
    if (node <= 0 || !fdt_property(node, "reg", &reg))
        return false;
    int parent = fdt_parent(node);
    uint32_t address_cells = cells_of(parent, "#address-cells", 2);
    uint32_t size_cells = cells_of(parent, "#size-cells", 1);
    uint32_t entry = address_cells + size_cells;
    if (entry == 0 || index >= reg.length / 4 / entry)
        return false;
    uint64_t address = read_cells(&reg, index * entry, address_cells);
    uint64_t size = read_cells(&reg, index * entry + address_cells, size_cells);
    for (int bus = parent; bus > 0; bus = fdt_parent(bus))
    {
        if (!translate(bus, &address))
            return false;
    }
    *range = (struct range){address, address + size};
    return range->end >= range->start;
}

bool fdt_enabled(int node)
{
    struct fdt_property property;
    return !fdt_property(node, "status", &property) || fdt_has_string(node, "status", "okay") || fdt_has_string(node, "status", "ok");
}
