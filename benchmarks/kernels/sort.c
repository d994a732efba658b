// Sorting with a comparison behind a pointer: Shell's sort of words, heap sort of records.
#include "kernel.h"

enum { Count = 20000, Rounds = 12 };

struct record { u32 group; i64 value; };

typedef int (*comparison)(const struct record *, const struct record *);

static struct record records[Count];

static int by_value(const struct record *a, const struct record *b)
{
    return a->value < b->value ? -1 : a->value > b->value;
}

static int by_group(const struct record *a, const struct record *b)
{
    return a->group != b->group ? (a->group < b->group ? -1 : 1) : by_value(b, a);
}

static void sink(struct record *heap, u64 at, u64 count, comparison compare)
{
    struct record moved = heap[at];
    for (u64 child; (child = 2 * at + 1) < count; at = child)
    {
        if (child + 1 < count && compare(&heap[child], &heap[child + 1]) < 0) child++;
        if (compare(&moved, &heap[child]) >= 0) break;
        heap[at] = heap[child];
    }
    heap[at] = moved;
}

static void heap_sort(struct record *items, u64 count, comparison compare)
{
    for (u64 at = count / 2; at-- != 0;) sink(items, at, count, compare);
    for (u64 last = count; last-- > 1;)
    {
        struct record largest = items[0];
        items[0] = items[last];
        items[last] = largest;
        sink(items, 0, last, compare);
    }
}

static void shell_sort(struct record *items, u64 count, comparison compare)
{
    for (u64 gap = count / 2; gap != 0; gap = gap * 4 / 9)
        for (u64 i = gap; i < count; i++)
        {
            struct record moved = items[i];
            u64 at = i;
            for (; at >= gap && compare(&items[at - gap], &moved) > 0; at -= gap) items[at] = items[at - gap];
            items[at] = moved;
        }
}

u64 kernel(void)
{
    static void (*const sorts[])(struct record *, u64, comparison) = { heap_sort, shell_sort };
    static const comparison comparisons[] = { by_value, by_group, by_value };
    u64 random = 362436069, sum = 0;
    for (int round = 0; round < Rounds; round++)
    {
        for (int i = 0; i < Count; i++) records[i] = (struct record){ (u32)next_random(&random) % 100, (i64)next_random(&random) >> 20 };
        sorts[round % 2](records, Count, comparisons[round % 3]);
        for (int i = 0; i < Count; i += 37) sum = mix(sum, records[i].group ^ (u64)records[i].value);
    }
    return sum;
}
