#pragma once

#include <stdint.h>

// Addresses from start up to, but not including, end.
struct range
{
    uint64_t start;
    uint64_t end;
};

static inline uint64_t range_size(struct range range)
{
    return range.end - range.start;
}

static inline uint64_t align_down(uint64_t value, uint64_t unit)
{
    return value & ~(unit - 1);
}

static inline uint64_t align_up(uint64_t value, uint64_t unit)
{
    return align_down(value + unit - 1, unit);
}
