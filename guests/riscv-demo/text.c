#include "text.h"

void *memcpy(void *to, const void *from, size_t size)
{
    uint8_t *t = to;
    const uint8_t *f = from;
    if ((((uintptr_t)t | (uintptr_t)f) & 7) == 0)
    {
        for (; size >= 8; size -= 8, t += 8, f += 8)
            *(uint64_t *)t = *(const uint64_t *)f;
    }
    while (size-- > 0)
        *t++ = *f++;
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    uint8_t *t = to;
    const uint8_t *f = from;
    if (t <= f || t >= f + size)
        return memcpy(to, from, size);
    while (size-- > 0)
        t[size] = f[size];
    return to;
}

void *memset(void *to, int value, size_t size)
{
    uint8_t *t = to;
    uint64_t pattern = (uint8_t)value * 0x0101010101010101ul;
    for (; size > 0 && ((uintptr_t)t & 7) != 0; size--)
        *t++ = (uint8_t)value;
    for (; size >= 8; size -= 8, t += 8)
        *(uint64_t *)t = pattern;
    while (size-- > 0)
        *t++ = (uint8_t)value;
    return to;
}

int memcmp(const void *left, const void *right, size_t size)
{
    const uint8_t *l = left;
    const uint8_t *r = right;
    for (; size > 0; size--, l++, r++)
    {
        if (*l != *r)
            return *l - *r;
    }
    return 0;
}

size_t text_length(const char *text)
{
    size_t length = 0;
    while (text[length] != 0)
        length++;
    return length;
}

bool text_equal(const char *left, const char *right)
{
    while (*left != 0 && *left == *right)
    {
        left++;
        right++;
    }
    return *left == *right;
}

bool text_starts(const char *text, const char *prefix)
{
    while (*prefix != 0)
    {
        if (*text++ != *prefix++)
            return false;
    }
    return true;
}

bool text_has_word(const char *text, const char *word)
{
    size_t length = text_length(word);
    if (text == NULL)
        return false;
    for (const char *at = text; *at != 0; at++)
    {
        bool starts = at == text || at[-1] == ' ';
        if (starts && text_starts(at, word) && (at[length] == 0 || at[length] == ' '))
            return true;
    }
    return false;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

bool text_number(const char *text, uint64_t *value)
{
    uint64_t base = 10;
    uint64_t result = 0;
    if (text_starts(text, "0x"))
    {
        base = 16;
        text += 2;
    }
    if (*text == 0)
        return false;
    for (; *text != 0; text++)
    {
        uint64_t digit = (uint64_t)digit_value(*text);
        uint64_t next;
        if (digit >= base || __builtin_mul_overflow(result, base, &next) || __builtin_add_overflow(next, digit, &result))
            return false;
    }
    *value = result;
    return true;
}
