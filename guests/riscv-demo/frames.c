#include "frames.h"

#include <stddef.h>

#include "console.h"
#include "lock.h"
#include "machine.h"
#include "power.h"
#include "text.h"

extern char image_start[];
extern char image_end[];

struct free_frame
{
    struct free_frame *next;
};

static struct spinlock lock;
static struct range arena;
static uint64_t next_frame;
static struct free_frame *released;
static uint64_t released_count;

// The first reserved range that touches `range`, our own image among them.
static bool first_overlap(struct range range, struct range *found)
{
    struct range image = {(uint64_t)image_start, (uint64_t)image_end};
    bool any = false;
    for (int i = -1; i < machine.reserved_count; i++)
    {
        struct range other = i < 0 ? image : machine.reserved[i];
        if (other.start >= range.end || other.end <= range.start)
            continue;
        if (!any || other.start < found->start)
            *found = other;
        any = true;
    }
    return any;
}

static void consider(struct range piece)
{
    piece.start = align_up(piece.start, FRAME_BYTES);
    piece.end = align_down(piece.end, FRAME_BYTES);
    if (piece.end > piece.start && range_size(piece) > range_size(arena))
        arena = piece;
}

bool frames_init(void)
{
    for (int i = 0; i < machine.memory_count; i++)
    {
        struct range left = machine.memory[i];
        struct range taken;
        while (left.end > left.start && first_overlap(left, &taken))
        {
            consider((struct range){left.start, taken.start > left.start ? taken.start : left.start});
            left.start = taken.end;
        }
        if (left.end > left.start)
            consider(left);
    }
    next_frame = arena.start;
    return range_size(arena) != 0;
}

void *frames_take(uint64_t count)
{
    void *frame = NULL;
    uint64_t saved = lock_take(&lock);
    if (count == 1 && released != NULL)
    {
        frame = released;
        released = released->next;
        released_count--;
    }
    else if (count <= (arena.end - next_frame) / FRAME_BYTES)
    {
        frame = (void *)next_frame;
        next_frame += count * FRAME_BYTES;
    }
    lock_release(&lock, saved);
    if (frame == NULL)
    {
        print("out of memory: %lu frames wanted, %lu left\n", count, frames_free());
        power_off(false);
    }
    return memset(frame, 0, count * FRAME_BYTES);
}

void frame_release(void *frame)
{
    struct free_frame *entry = frame;
    uint64_t saved = lock_take(&lock);
    entry->next = released;
    released = entry;
    released_count++;
    lock_release(&lock, saved);
}

struct range frames_arena(void)
{
    return arena;
}

uint64_t frames_free(void)
{
    return (arena.end - next_frame) / FRAME_BYTES + released_count;
}
