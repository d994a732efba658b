#include "fdt.h"

#include <stddef.h>

#include "text.h"

#define MAGIC             0xd00dfeedu
#define LAST_COMPATIBLE   16u // the version whose layout we read
#define HEADER_SIZE       40u
#define MAX_SIZE          (16u << 20) // no sane tree is larger; a wild total size is a broken header
#define MAX_NODES         2048
#define MAX_DEPTH         32

#define BEGIN_NODE 1u
#define END_NODE   2u
#define PROP       3u
#define NOP        4u
#define END        9u

struct node
{
    const char *name;
    uint32_t properties; // offset of the first token behind the name
    int16_t parent;
    int16_t depth;
};

static const uint8_t *blob_start;
static uint32_t blob_size;
static const uint8_t *structure;
static uint32_t structure_size;
static const char *strings;
static uint32_t strings_size;
static uint32_t reservations;
static struct node nodes[MAX_NODES];
static int node_count;

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t be64(const uint8_t *at)
{
    return (uint64_t)be32(at) << 32 | be32(at + 4);
}

static bool block_fits(uint32_t offset, uint32_t size)
{
    return offset >= HEADER_SIZE && offset <= blob_size && size <= blob_size - offset;
}

// Length of the string at `at`, or -1 when it has no end before `limit`.
static int64_t bounded_length(const char *at, const char *limit)
{
    for (const char *c = at; c < limit; c++)
    {
        if (*c == 0)
            return c - at;
    }
    return -1;
}

static const char *check_header(const uint8_t *blob)
{
    if (blob == NULL || ((uintptr_t)blob & 7) != 0)
        return "a1 is not an aligned pointer";
    if (be32(blob) != MAGIC)
        return "no device tree magic at a1";
    blob_start = blob;
    blob_size = be32(blob + 4);
    uint32_t structure_offset = be32(blob + 8);
    uint32_t strings_offset = be32(blob + 12);
    reservations = be32(blob + 16);
    structure_size = be32(blob + 36);
    strings_size = be32(blob + 32);
    if (blob_size < HEADER_SIZE || blob_size > MAX_SIZE)
        return "total size out of bounds";
    if (be32(blob + 20) < LAST_COMPATIBLE || be32(blob + 24) > LAST_COMPATIBLE + 1)
        return "unknown version";
    if (!block_fits(structure_offset, structure_size) || (structure_offset & 3) != 0)
        return "structure block out of bounds";
    if (!block_fits(strings_offset, strings_size))
        return "strings block out of bounds";
    if (!block_fits(reservations, 16) || (reservations & 7) != 0)
        return "reservation block out of bounds";
    structure = blob + structure_offset;
    strings = (const char *)blob + strings_offset;
    return NULL;
}

// One token of the structure block; `at` moves behind it. Null while all is well.
static const char *check_token(uint32_t *at, int *current, bool *done)
{
    uint32_t left = structure_size - *at;
    if (left < 4)
        return "structure block has no end";
    uint32_t token = be32(structure + *at);
    *at += 4;
    left -= 4;
    switch (token)
    {
        case BEGIN_NODE:
        {
            const char *name = (const char *)structure + *at;
            int64_t length = bounded_length(name, name + left);
            int depth = *current == FDT_NONE ? 0 : nodes[*current].depth + 1;
            if (length < 0)
                return "node name without end";
            if (depth >= MAX_DEPTH || node_count >= MAX_NODES || (*current == FDT_NONE && node_count > 0))
                return "too many nodes, or too deep";
            *at += (uint32_t)align_up((uint64_t)length + 1, 4);
            nodes[node_count] = (struct node){name, *at, (int16_t)*current, (int16_t)depth};
            *current = node_count++;
            return NULL;
        }
        case END_NODE:
            if (*current == FDT_NONE)
                return "node end without a node";
            *current = nodes[*current].parent;
            return NULL;
        case PROP:
        {
            if (*current == FDT_NONE || left < 8)
                return "property outside a node";
            uint32_t length = be32(structure + *at);
            uint32_t name = be32(structure + *at + 4);
            if (length > left - 8)
                return "property value out of bounds";
            if (name >= strings_size || bounded_length(strings + name, strings + strings_size) < 0)
                return "property name out of bounds";
            *at += 8 + (uint32_t)align_up(length, 4);
            return NULL;
        }
        case NOP:
            return NULL;
        case END:
            *done = true;
            return *current == FDT_NONE && node_count > 0 ? NULL : "structure block ends inside a node";
        default:
            return "unknown token";
    }
}

const char *fdt_open(const void *blob)
{
    node_count = 0;
    const char *problem = check_header(blob);
    uint32_t at = 0;
    int current = FDT_NONE;
    bool done = false;
    while (problem == NULL && !done)
    {
        problem = at > structure_size ? "structure block has no end" : check_token(&at, &current, &done);
    }
    if (problem != NULL)
        node_count = 0;
    return problem;
}

struct range fdt_blob(void)
{
    return (struct range){(uint64_t)blob_start, (uint64_t)blob_start + blob_size};
}

int fdt_node_count(void)
{
    return node_count;
}

const char *fdt_name(int node)
{
    return nodes[node].name;
}

int fdt_parent(int node)
{
    return nodes[node].parent;
}

int fdt_depth(int node)
{
    return nodes[node].depth;
}

bool fdt_next_property(int node, struct fdt_property *property)
{
    uint32_t at = property->next == 0 ? nodes[node].properties : property->next;
    // Bounds were checked by fdt_open. A node's properties come before its children.
    while (be32(structure + at) == NOP)
        at += 4;
    if (be32(structure + at) != PROP)
        return false;
    property->length = be32(structure + at + 4);
    property->name = strings + be32(structure + at + 8);
    property->value = structure + at + 12;
    property->next = at + 12 + (uint32_t)align_up(property->length, 4);
    return true;
}

bool fdt_property(int node, const char *name, struct fdt_property *property)
{
    if (node < 0)
        return false;
    *property = (struct fdt_property){0};
    while (fdt_next_property(node, property))
    {
        if (text_equal(property->name, name))
            return true;
    }
    return false;
}

uint32_t fdt_cell(const struct fdt_property *property, uint32_t index)
{
    return index < property->length / 4 ? be32(property->value + index * 4) : 0;
}

bool fdt_u32(int node, const char *name, uint32_t *value)
{
    struct fdt_property property;
    if (!fdt_property(node, name, &property) || property.length != 4)
        return false;
    *value = be32(property.value);
    return true;
}

const char *fdt_string_at(const struct fdt_property *property, uint32_t index)
{
    const char *at = (const char *)property->value;
    const char *limit = at + property->length;
    for (;;)
    {
        int64_t length = bounded_length(at, limit);
        if (length < 0)
            return NULL;
        if (index-- == 0)
            return at;
        at += length + 1;
    }
}

const char *fdt_string(int node, const char *name)
{
    struct fdt_property property;
    return fdt_property(node, name, &property) ? fdt_string_at(&property, 0) : NULL;
}

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
    for (int node = after + 1; node < node_count; node++)
    {
        if (fdt_has_string(node, "compatible", compatible))
            return node;
    }
    return FDT_NONE;
}

int fdt_find_phandle(uint32_t phandle)
{
    uint32_t value;
    for (int node = 0; node < node_count; node++)
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
        for (int child = parent + 1; child < node_count && node == FDT_NONE; child++)
        {
            if (nodes[child].parent == parent && component_matches(nodes[child].name, path, length))
                node = child;
        }
        path += length;
    }
    return FDT_NONE;
}

int fdt_find_path(const char *path)
{
    if (node_count == 0)
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

// `count` cells as one number. Three cells are a PCI address: the first holds flags, not address bits.
static uint64_t read_cells(const uint8_t *at, uint32_t count)
{
    if (count == 0)
        return 0;
    return count == 1 ? be32(at) : be64(at + (count - 2) * 4);
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
    uint32_t parent_cells = cells_of(nodes[bus].parent, "#address-cells", 2);
    uint32_t entry = (child_cells + parent_cells + size_cells) * 4;
    for (uint32_t at = 0; entry != 0 && at + entry <= ranges.length; at += entry)
    {
        uint64_t child = read_cells(ranges.value + at, child_cells);
        uint64_t parent = read_cells(ranges.value + at + child_cells * 4, parent_cells);
        uint64_t size = read_cells(ranges.value + at + (child_cells + parent_cells) * 4, size_cells);
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
    int parent = nodes[node].parent;
    uint32_t address_cells = cells_of(parent, "#address-cells", 2);
    uint32_t size_cells = cells_of(parent, "#size-cells", 1);
    uint64_t entry = (address_cells + size_cells) * 4;
    if (entry == 0 || (index + 1) * entry > reg.length)
        return false;
    uint64_t address = read_cells(reg.value + index * entry, address_cells);
    uint64_t size = read_cells(reg.value + index * entry + address_cells * 4, size_cells);
    for (int bus = parent; bus > 0; bus = nodes[bus].parent)
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

bool fdt_reservation(uint32_t index, struct range *range)
{
    uint64_t offset = reservations + index * 16ul;
    if (offset + 16 > blob_size)
        return false;
    uint64_t start = be64(blob_start + offset);
    uint64_t size = be64(blob_start + offset + 8);
    *range = (struct range){start, start + size};
    return size != 0;
}
