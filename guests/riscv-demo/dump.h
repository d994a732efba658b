// Looking into memory and into the device tree.
#pragma once

#include <stdint.h>

void dump_memory(uint64_t address);
void dump_tree(const char *path);
