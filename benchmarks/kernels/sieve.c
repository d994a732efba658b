// The sieve of Eratosthenes over odd numbers, a byte each.
#include "kernel.h"

enum { Limit = 2000000, Rounds = 150 };

static u8 composite[Limit / 2];

u64 kernel(void)
{
    u64 sum = 0;
    for (int round = 0; round < Rounds; round++)
    {
        for (int i = 0; i < Limit / 2; i++) composite[i] = 0;
        u64 count = 1;
        for (u64 i = 1; i < Limit / 2; i++)
        {
            if (composite[i]) continue;
            count++;
            u64 prime = 2 * i + 1;
            for (u64 at = prime * prime / 2; at < Limit / 2; at += prime) composite[at] = 1;
        }
        sum = mix(sum, count);
    }
    return sum;
}
