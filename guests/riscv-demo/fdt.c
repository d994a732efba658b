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
