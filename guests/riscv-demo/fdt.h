// Reads the flattened device tree that the boot loader hands over (Devicetree Specification 0.4, chapter 5).
// The whole blob is checked once by fdt_open; afterwards nothing here can read outside it.
// Nodes are numbered in the order of the blob: the root is 0, a parent comes before its children.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "range.h"

#define FDT_NONE (-1)

// Null when the blob is good, else what is wrong with it.
const char *fdt_open(const void *blob);

struct range fdt_blob(void);
int fdt_node_count(void);
const char *fdt_name(int node);
int fdt_parent(int node);
int fdt_depth(int node);

struct fdt_property
{
    const char *name;
    const uint8_t *value;
    uint32_t length;
    uint32_t next; // where fdt_next_property goes on
};

// Walks a node's properties: zero the struct first; false at the end.
bool fdt_next_property(int node, struct fdt_property *property);
bool fdt_property(int node, const char *name, struct fdt_property *property);

// A cell (32 bits, big-endian) of a property.
uint32_t fdt_cell(const struct fdt_property *property, uint32_t index);

bool fdt_u32(int node, const char *name, uint32_t *value);

// A property that is one NUL-terminated string; null when missing or malformed.
const char *fdt_string(int node, const char *name);

// Entry `index` of a list of strings.
const char *fdt_string_at(const struct fdt_property *property, uint32_t index);
bool fdt_has_string(int node, const char *name, const char *wanted);

// The next node behind `after` (FDT_NONE: from the start) that is compatible.
int fdt_find_compatible(int after, const char *compatible);
int fdt_find_phandle(uint32_t phandle);

// A full path or an alias; anything from ':' on (the options of stdout-path) is ignored.
int fdt_find_path(const char *path);
int fdt_child(int parent, const char *name);

// Entry `index` of "reg" as an address of the CPU, through every "ranges" above.
bool fdt_reg(int node, uint32_t index, struct range *range);

// Nodes without "status" are there; else only "okay" ones are.
bool fdt_enabled(int node);

// The entries of the memory reservation block; false behind the last.
bool fdt_reservation(uint32_t index, struct range *range);
