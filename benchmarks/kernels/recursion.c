// Calls: queens on a board, and Takeuchi's function.
#include "kernel.h"

enum { Queens = 12, Rounds = 8 };

__attribute__((noinline)) static u32 place(u32 columns, u32 down, u32 up, u32 all)
{
    if (columns == all) return 1;
    u32 count = 0;
    for (u32 open = all & ~(columns | down | up); open != 0; open &= open - 1)
    {
        u32 queen = open & -open;
        count += place(columns | queen, (down | queen) << 1, (up | queen) >> 1, all);
    }
    return count;
}

__attribute__((noinline)) static int takeuchi(int x, int y, int z)
{
    return y >= x ? y : takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

u64 kernel(void)
{
    u64 sum = 0;
    for (int round = 0; round < Rounds; round++)
    {
        for (u32 size = 4; size <= Queens; size++) sum = mix(sum, place(0, 0, 0, (1u << size) - 1));
        sum = mix(sum, (u64)takeuchi(10 + round % 2, 5, 0));
    }
    return sum;
}
