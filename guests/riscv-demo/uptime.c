#include "uptime.h"

#include "console.h"
#include "fdt.h"
#include "harts.h"
#include "machine.h"
#include "riscv.h"

// The Goldfish RTC (Android's emulator documentation): nanoseconds since 1970; reading the low half holds the high one.
#define RTC_TIME_LOW  0
#define RTC_TIME_HIGH 4
#define DAY           86400ul
#define DAYS_IN_400   146097ul
#define DAYS_IN_4     1461ul

static uint64_t started;

// The calendar counts from 1 March 2000 (day 11017 of 1970's count): leap days come last in a year that starts in March.
static void print_date(void)
{
    static const uint16_t month_starts[] = {0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337};
    uint64_t low = mmio_read32(machine.rtc.start + RTC_TIME_LOW);
    uint64_t seconds = ((uint64_t)mmio_read32(machine.rtc.start + RTC_TIME_HIGH) << 32 | low) / 1000000000;
    if (seconds / DAY < 11017)
        return; // nobody has set it
    uint64_t day = (seconds / DAY - 11017) % DAYS_IN_400;
    uint64_t century = day / 36524 > 3 ? 3 : day / 36524;
    day -= century * 36524;
    uint64_t four = day / DAYS_IN_4;
    day %= DAYS_IN_4;
    uint64_t year = day / 365 > 3 ? 3 : day / 365;
    day -= year * 365;
    uint64_t month = 11;
    while (month_starts[month] > day)
        month--;
    year += 2000 + (seconds / DAY - 11017) / DAYS_IN_400 * 400 + century * 100 + four * 4 + (month >= 10);
    print("%lu-%02lu-%02lu %02lu:%02lu:%02lu UTC, ", year, (month + 2) % 12 + 1, day - month_starts[month] + 1,
        seconds % DAY / 3600, seconds / 60 % 60, seconds % 60);
}

void uptime_start(void)
{
    started = read_time();
}

void uptime_print(void)
{
    uint64_t interrupts = 0;
    uint64_t microseconds = machine_microseconds(read_time() - started);
    for (int i = 0; i < hart_count; i++)
        interrupts += harts[i].ipis + harts[i].timer_interrupts + harts[i].external_interrupts;
    if (machine.rtc_node != FDT_NONE)
        print_date();
    print("up %lu.%06lu s, %d of %d harts, %lu interrupts\n", microseconds / 1000000, microseconds % 1000000, harts_online(),
        machine.cpu_count, interrupts);
}
