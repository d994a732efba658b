#include "dump.h"

#include <stdbool.h>

#include "console.h"
#include "fdt.h"
#include "paging.h"
#include "trap.h"

#define DUMP_BYTES 256
#define ROW_BYTES  16
#define LINE_WIDTH 78

void dump_memory(uint64_t address)
{
    int level = 0;
    uint64_t entry = paging_lookup(address, &level);
    if (entry == 0)
        print("  not mapped%s\n", paging_in_window(address) ? "; looking at it maps it" : "");
    else
        print("  in a %s page: %c%c%c\n", level == 2 ? "1 GiB" : level == 1 ? "2 MiB" : "4 KiB",
            entry & PTE_R ? 'r' : '-', entry & PTE_W ? 'w' : '-', entry & PTE_X ? 'x' : '-');
    address &= ~(uint64_t)(ROW_BYTES - 1);
    for (uint64_t row = address; row != address + DUMP_BYTES; row += ROW_BYTES)
    {
        uint8_t bytes[ROW_BYTES];
        for (int i = 0; i < ROW_BYTES; i++)
        {
            if (!trap_load8(row + (uint64_t)i, &bytes[i]))
            {
                print("  %016lx  cannot be read\n", row + (uint64_t)i);
                return;
            }
        }
        print("  %016lx ", row);
        for (int i = 0; i < ROW_BYTES; i++)
            print("%s%02x", i == ROW_BYTES / 2 ? "  " : " ", bytes[i]);
        print("  ");
        for (int i = 0; i < ROW_BYTES; i++)
            print("%c", bytes[i] >= ' ' && bytes[i] < 0x7f ? bytes[i] : '.');
        print("\n");
    }
}

// Device trees do not say what a value is: one or more printable strings, else cells, else bytes.
static bool looks_like_text(const struct fdt_property *property)
{
    if (property->length == 0 || property->value[property->length - 1] != 0 || property->value[0] == 0)
        return false;
    for (uint32_t i = 0; i < property->length; i++)
    {
        uint8_t c = property->value[i];
        bool ends_a_string = c == 0 && property->value[i - 1] != 0;
        if (!ends_a_string && (c < ' ' || c >= 0x7f))
            return false;
    }
    return true;
}

static void print_property(int indent, const struct fdt_property *property)
{
    char item[16];
    bool cells = property->length % 4 == 0;
    int column = indent + 3;
    print("%*s%s", indent, "", property->name);
    for (const char *c = property->name; *c != 0; c++)
        column++;
    if (property->length == 0)
    {
        print(";\n");
        return;
    }
    print(" = ");
    if (looks_like_text(property))
    {
        const char *text;
        for (uint32_t i = 0; (text = fdt_string_at(property, i)) != NULL; i++)
            print("%s\"%s\"", i == 0 ? "" : ", ", text);
        print(";\n");
        return;
    }
    for (uint32_t i = 0; i < (cells ? property->length / 4 : property->length); i++)
    {
        int width = cells ? print_to(item, sizeof item, "%s0x%x", i == 0 ? "<" : " ", fdt_cell(property, i))
                          : print_to(item, sizeof item, "%s%02x", i == 0 ? "[" : " ", property->value[i]);
        if (column + width > LINE_WIDTH)
        {
            print("\n%*s", indent + 4, "");
            column = indent + 4;
        }
        print("%s", item);
        column += width;
    }
    print("%s;\n", cells ? ">" : "]");
}

void dump_tree(const char *path)
{
    int top = fdt_find_path(path);
    if (top == FDT_NONE)
    {
        print("no such node: %s\n", path);
        return;
    }
    int base = fdt_depth(top);
    int open = base;
    int node = top;
    do
    {
        struct fdt_property property = {0};
        int indent = (fdt_depth(node) - base) * 2;
        // Close what lies deeper than this node, or as deep.
        for (; node != top && open >= fdt_depth(node); open--)
            print("%*s};\n", (open - base) * 2, "");
        open = fdt_depth(node);
        print("%*s%s {\n", indent, "", *fdt_name(node) != 0 ? fdt_name(node) : "/");
        while (fdt_next_property(node, &property))
            print_property(indent + 2, &property);
        node++;
    } while (node < fdt_node_count() && fdt_depth(node) > base);
    for (; open >= base; open--)
        print("%*s};\n", (open - base) * 2, "");
}
