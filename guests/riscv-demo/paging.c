#include "paging.h"

#include <stddef.h>

#include "fdt.h"
#include "frames.h"
#include "harts.h"
#include "lock.h"
#include "machine.h"
#include "sbi.h"

#define SATP_SV39      (8ul << 60)
#define LEVELS         3
#define ENTRIES        512ul
#define PTE_PPN_SHIFT  10
#define PAGE_SHIFT     12
#define INDEX_BITS     9
#define LEAF_BITS      (PTE_R | PTE_W | PTE_X)
#define DATA           (PTE_V | PTE_R | PTE_W | PTE_G | PTE_A | PTE_D)
#define CODE           (PTE_V | PTE_R | PTE_X | PTE_G | PTE_A)
#define CONSTANTS      (PTE_V | PTE_R | PTE_G | PTE_A)

extern char image_start[], image_text_end[], image_rodata_end[], image_end[], boot_stack_guard[];

static struct spinlock lock;
static uint64_t *root;

static uint64_t level_size(int level)
{
    return 1ul << (PAGE_SHIFT + INDEX_BITS * level);
}

static uint64_t *entry_of(uint64_t *table, uint64_t address, int level)
{
    return &table[address >> (PAGE_SHIFT + INDEX_BITS * level) & (ENTRIES - 1)];
}

static uint64_t *table_behind(uint64_t entry)
{
    return (uint64_t *)(entry >> PTE_PPN_SHIFT << PAGE_SHIFT);
}

static uint64_t entry_for(uint64_t physical, uint64_t flags)
{
    return physical >> PAGE_SHIFT << PTE_PPN_SHIFT | flags;
}

// The entry that maps `address` at `level`. Missing tables are made; larger pages on the way are split into a table of
// smaller ones that map the same.
static uint64_t *leaf_entry(uint64_t address, int level)
{
    uint64_t *table = root;
    for (int at = LEVELS - 1; at > level; at--)
    {
        uint64_t *entry = entry_of(table, address, at);
        if (!(*entry & PTE_V) || (*entry & LEAF_BITS) != 0)
        {
            uint64_t *below = frames_take(1);
            for (uint64_t i = 0; (*entry & PTE_V) && i < ENTRIES; i++)
                below[i] = *entry + entry_for(i * level_size(at - 1), 0);
            fence_all(); // the table's contents before the pointer to it
            *entry = entry_for((uint64_t)below, PTE_V);
        }
        table = table_behind(*entry);
    }
    return entry_of(table, address, level);
}

static void map_identity(struct range range, uint64_t flags)
{
    uint64_t at = align_down(range.start, FRAME_BYTES);
    uint64_t end = align_up(range.end, FRAME_BYTES);
    while (at < end)
    {
        int level = LEVELS - 1;
        while (level > 0 && ((at & (level_size(level) - 1)) != 0 || end - at < level_size(level)))
            level--;
        *leaf_entry(at, level) = entry_for(at, flags);
        at += level_size(level);
    }
}

static void flush_here(void)
{
    __asm__ volatile("sfence.vma" ::: "memory");
}

// Makes every hart forget [start, start + size).
static void flush_everywhere(uint64_t start, uint64_t size)
{
    flush_here();
    for (int i = 0; i < hart_count; i++)
    {
        if (harts[i].online && &harts[i] != hart_self())
            sbi_remote_sfence_vma(1, harts[i].id, start, size);
    }
}

void paging_init(void)
{
    root = frames_take(1);
    for (int i = 0; i < machine.memory_count; i++)
    {
        // Firmware below us is none of our business: leave it out.
        struct range bank = machine.memory[i];
        bool is_ours = (uint64_t)image_start >= bank.start && (uint64_t)image_start < bank.end;
        map_identity((struct range){is_ours ? (uint64_t)image_start : bank.start, bank.end}, DATA);
    }
    for (uint64_t at = (uint64_t)image_start; at < (uint64_t)image_rodata_end; at += FRAME_BYTES)
        *leaf_entry(at, 0) = entry_for(at, at < (uint64_t)image_text_end ? CODE : CONSTANTS);
    *leaf_entry((uint64_t)boot_stack_guard, 0) = 0;

    map_identity(fdt_blob(), CONSTANTS); // wherever the boot loader put it
    map_identity(machine.uart, DATA);
    map_identity(machine.plic, DATA);
    map_identity(machine.finisher, DATA);
    map_identity(machine.rtc, DATA);
    for (int i = 0; i < machine.virtio_count; i++)
        map_identity((struct range){machine.virtio[i].base, machine.virtio[i].base + FRAME_BYTES}, DATA);

    flush_here();
    csr_write(satp, paging_satp());
    flush_here();
}

uint64_t paging_satp(void)
{
    return SATP_SV39 | (uint64_t)root >> PAGE_SHIFT;
}

void paging_unmap_guard(uint64_t address)
{
    uint64_t saved = lock_take(&lock);
    *leaf_entry(address, 0) = 0;
    lock_release(&lock, saved);
    flush_everywhere(address, FRAME_BYTES);
}

bool paging_in_window(uint64_t address)
{
    return address >= PAGING_WINDOW && address < PAGING_WINDOW + PAGING_WINDOW_PAGES * FRAME_BYTES;
}

bool paging_resolve(uint64_t address)
{
    if (!paging_in_window(address) || root == NULL)
        return false;
    uint64_t saved = lock_take(&lock);
    uint64_t *entry = leaf_entry(address, 0);
    // Another hart may have been faster, or this one remembered that the page was missing: then try again.
    if (!(*entry & PTE_V))
        *entry = entry_for((uint64_t)frames_take(1), DATA & ~PTE_G);
    lock_release(&lock, saved);
    __asm__ volatile("sfence.vma %0, zero" ::"r"(address) : "memory");
    return true;
}

uint64_t paging_window_frame(uint64_t address)
{
    uint64_t saved = lock_take(&lock);
    uint64_t entry = *leaf_entry(address, 0);
    lock_release(&lock, saved);
    return entry & PTE_V ? (uint64_t)table_behind(entry) : 0;
}

void paging_window_set(uint64_t address, void *frame, enum paging_use use)
{
    uint64_t flags = (DATA & ~PTE_G) | (use == PAGING_CODE ? PTE_X : 0);
    uint64_t saved = lock_take(&lock);
    *leaf_entry(address, 0) = entry_for((uint64_t)frame, flags);
    lock_release(&lock, saved);
    flush_everywhere(address, FRAME_BYTES);
}

void paging_window_clear(void)
{
    // Frames may be used again only when no hart can reach them any more.
    static uint64_t frames[PAGING_WINDOW_PAGES];
    for (uint64_t i = 0; i < PAGING_WINDOW_PAGES; i++)
    {
        uint64_t address = PAGING_WINDOW + i * FRAME_BYTES;
        frames[i] = paging_window_frame(address);
        *leaf_entry(address, 0) = 0;
    }
    flush_everywhere(PAGING_WINDOW, PAGING_WINDOW_PAGES * FRAME_BYTES);
    for (uint64_t i = 0; i < PAGING_WINDOW_PAGES; i++)
    {
        if (frames[i] != 0)
            frame_release((void *)frames[i]);
    }
}

uint64_t paging_lookup(uint64_t address, int *level)
{
    uint64_t *table = root;
    // Bits 63 to 39 of an Sv39 address repeat bit 38 (10.4.1).
    int64_t upper = (int64_t)address >> (PAGE_SHIFT + INDEX_BITS * LEVELS - 1);
    if (upper != 0 && upper != -1)
        return 0;
    for (*level = LEVELS - 1; *level >= 0; (*level)--)
    {
        uint64_t entry = *entry_of(table, address, *level);
        if (!(entry & PTE_V))
            return 0;
        if ((entry & LEAF_BITS) != 0)
            return entry;
        table = table_behind(entry);
    }
    return 0;
}

static void count_table(const uint64_t *table, int level, uint64_t counts[3])
{
    for (uint64_t i = 0; i < ENTRIES; i++)
    {
        if (!(table[i] & PTE_V))
            continue;
        if ((table[i] & LEAF_BITS) != 0)
            counts[level]++;
        else
            count_table(table_behind(table[i]), level - 1, counts);
    }
}

void paging_count(uint64_t counts[3])
{
    counts[0] = counts[1] = counts[2] = 0;
    count_table(root, LEVELS - 1, counts);
}
