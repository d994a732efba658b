// Sv39 (Priv. 10.4): everything we use is mapped at its own physical address with the largest pages that fit, our own
// image page by page so that code cannot be written and data cannot be run. A window far above all of it is empty:
// a page there appears when somebody touches it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "range.h"

#define PTE_V (1ul << 0)
#define PTE_R (1ul << 1)
#define PTE_W (1ul << 2)
#define PTE_X (1ul << 3)
#define PTE_G (1ul << 5)
#define PTE_A (1ul << 6)
#define PTE_D (1ul << 7)

#define PAGING_WINDOW       0x2000000000ul
#define PAGING_WINDOW_PAGES 256ul

// Builds the tables and turns translation on for this hart.
void paging_init(void);

// What the other harts load into satp.
uint64_t paging_satp(void);

// Removes one page so that touching it faults: the guard below a stack.
void paging_unmap_guard(uint64_t address);

bool paging_in_window(uint64_t address);

// Called on a page fault: maps the page when it is in the window. False when the fault is somebody's mistake.
bool paging_resolve(uint64_t address);

// What a page of the window may be used for.
enum paging_use
{
    PAGING_DATA,
    PAGING_CODE, // writable too: for code made at run time
};

// The window's pages: where one is mapped to (0: nowhere), remapping, and throwing all away, on every hart.
uint64_t paging_window_frame(uint64_t address);
void paging_window_set(uint64_t address, void *frame, enum paging_use use);
void paging_window_clear(void);

// How a virtual address is mapped: the leaf entry and its level (0: 4 KiB, 1: 2 MiB, 2: 1 GiB), or 0.
uint64_t paging_lookup(uint64_t address, int *level);

// Leaves in the tables by level.
void paging_count(uint64_t counts[3]);
