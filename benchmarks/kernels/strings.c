// Length, copy, comparison and search of strings, a byte at a time and, where both are aligned, eight.
#include "kernel.h"

enum { Words = 512, Longest = 64, Rounds = 700 };

static char words[Words][Longest], copy[Words * Longest];

static u64 length(const char *text)
{
    const char *at = text;
    while (*at) at++;
    return (u64)(at - text);
}

static int compare(const char *a, const char *b)
{
    while (*a && *a == *b) a++, b++;
    return (u8)*a - (u8)*b;
}

static char *append(char *to, const char *from)
{
    while ((*to = *from++)) to++;
    return to;
}

static void copy_words(u64 *to, const u64 *from, u64 count)
{
    for (; count >= 4; count -= 4, to += 4, from += 4)
    {
        to[0] = from[0];
        to[1] = from[1];
        to[2] = from[2];
        to[3] = from[3];
    }
    while (count-- != 0) *to++ = *from++;
}

static u64 find(const char *text, char wanted)
{
    for (u64 i = 0; text[i]; i++)
        if (text[i] == wanted) return i;
    return ~0UL;
}

u64 kernel(void)
{
    u64 random = 2463534242UL, sum = 0;
    for (int i = 0; i < Words; i++)
    {
        u64 size = 4 + next_random(&random) % (Longest - 8);
        for (u64 j = 0; j < size; j++) words[i][j] = (char)('a' + (j < 3 ? 0 : next_random(&random) % 26));
    }
    for (int round = 0; round < Rounds; round++)
    {
        char *end = copy;
        for (int i = 0; i < Words; i += 2) end = append(end, words[i]);
        sum = mix(sum, length(copy) + find(copy, (char)('z' - round % 26)));
        int ordered = 0;
        for (int i = 1; i < Words; i++) ordered += compare(words[i - 1], words[i]) < 0;
        sum = mix(sum, (u64)ordered);
        copy_words((u64 *)copy, (const u64 *)words, sizeof copy / 8);
        sum = mix(sum, ((u64 *)copy)[round % 1000]);
        words[round % Words][3] = (char)('a' + sum % 26);
    }
    return sum;
}
