// A digest of text by rotations (ARX) over eight words, and a table with open addressing under those digests.
#include "kernel.h"

enum { Slots = 1 << 15, Keys = 20000, Rounds = 150, Turns = 10 };

static struct { u64 key, count; } table[Slots];

static inline u64 rotate(u64 x, int by) { return x << by | x >> (64 - by); }

static u64 digest(const u64 text[8])
{
    u64 a = 0x243f6a8885a308d3UL, b = 0x13198a2e03707344UL, c = 0xa4093822299f31d0UL, d = 0x082efa98ec4e6c89UL;
    for (int turn = 0; turn < Turns; turn++)
        for (int i = 0; i < 8; i += 2)
        {
            a += b + text[i];
            d = rotate(d ^ a, 32);
            c += d;
            b = rotate(b ^ c, 40);
            a += b + text[i + 1];
            d = rotate(d ^ a, 48);
            c += d;
            b = rotate(b ^ c, 1);
        }
    return a ^ b ^ c ^ d;
}

static u64 *count_of(u64 key)
{
    u64 at = key % Slots;
    while (table[at].count != 0 && table[at].key != key) at = (at + 1) % Slots;
    table[at].key = key;
    return &table[at].count;
}

u64 kernel(void)
{
    u64 sum = 0;
    for (int round = 0; round < Rounds; round++)
    {
        for (int i = 0; i < Slots; i++) table[i].key = table[i].count = 0;
        for (u64 i = 0; i < Keys; i++)
        {
            u64 text[8];
            for (u64 word = 0; word < 8; word++) text[word] = (i * i % 15013) * (word + 1) + (u64)round;
            u64 *count = count_of(digest(text));
            sum = mix(sum, ++*count);
        }
    }
    return sum;
}
