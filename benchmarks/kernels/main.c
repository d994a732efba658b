// Runs the kernel, prints its checksum on the UART and powers off through the test finisher.
#include "kernel.h"

static volatile u8 *const uart = (volatile u8 *)0x10000000;
static volatile u32 *const finisher = (volatile u32 *)0x100000;

// The compiler may call these for copies and initialisers.
void *memset(void *to, int value, u64 length)
{
    u8 *at = to;
    while (length-- != 0) *at++ = (u8)value;
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, u64 length)
{
    u8 *at = to;
    const u8 *source = from;
    while (length-- != 0) *at++ = *source++;
    return to;
}

static void print(const char *text)
{
    while (*text != 0) *uart = (u8)*text++;
}

int main(void)
{
    u64 sum = kernel();
    char digits[17];
    for (int i = 0; i < 16; i++) digits[i] = "0123456789abcdef"[(sum >> (60 - 4 * i)) & 15];
    digits[16] = 0;
    print("checksum ");
    print(digits);
    print("\n");
    *finisher = 0x5555;
    for (;;) {}
}
