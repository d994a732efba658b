// What a kernel is made of: one function whose result depends on all of its work.
#ifndef KERNEL_H
#define KERNEL_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef long i64;

u64 kernel(void);

// Mixes a value into a checksum.
static inline u64 mix(u64 sum, u64 value)
{
    sum = (sum ^ value) * 0x9e3779b97f4a7c15UL;
    return sum ^ (sum >> 29);
}

// The next of a row of pseudo-random numbers (xorshift).
static inline u64 next_random(u64 *state)
{
    u64 x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

#endif
