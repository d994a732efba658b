#include "uptime.h"

#include "console.h"
#include "harts.h"
#include "machine.h"
#include "riscv.h"

static uint64_t started;

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
    print("up %lu.%06lu s, %d of %d harts, %lu interrupts\n", microseconds / 1000000, microseconds % 1000000, harts_online(), machine.cpu_count, interrupts);
}
