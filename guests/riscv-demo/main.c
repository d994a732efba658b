// What happens in which order. Reached from start.S on the boot hart: S-mode, no translation, interrupts off.
#include "console.h"
#include "fdt.h"
#include "frames.h"
#include "harts.h"
#include "info.h"
#include "machine.h"
#include "mandel.h"
#include "paging.h"
#include "power.h"
#include "selftest.h"
#include "shell.h"
#include "text.h"
#include "uptime.h"

#define RING_ROUNDS 8

static const char banner[] =
    "\n"
    "         _                         _\n"
    "    _ __(_)___  ___ __   __     __| | ___ _ __ ___   ___\n"
    "   | '__| / __|/ __|\\ \\ / /___ / _` |/ _ \\ '_ ` _ \\ / _ \\\n"
    "   | |  | \\__ \\ (__  \\ V /___ | (_| |  __/ | | | | | (_) |\n"
    "   |_|  |_|___/\\___|  \\_/      \\__,_|\\___|_| |_| |_|\\___/\n"
    "\n";

static void stop(const char *what, const char *why)
{
    print("riscv-demo cannot start: %s: %s\n", what, why);
    power_off(false);
}

void main(uint64_t hart, const void *tree)
{
    uptime_start();
    machine_clear();
    console_init();
    harts_adopt_boot_hart(hart);
    const char *problem = fdt_open(tree);
    if (problem != NULL)
        stop("device tree", problem);
    machine_discover();
    if (!frames_init())
        stop("memory", "the device tree names no RAM that is free");
    paging_init();
    machine_probe_virtio();
    console_input_init(text_has_word(machine.bootargs, "demo.console=sbi"));

    print("%s", banner);
    info_machine();
    print("\n");
    int online = harts_start();
    if (text_has_word(machine.bootargs, "demo.batch"))
        power_off(selftest_run());

    mandel_draw(1, text_has_word(machine.bootargs, "demo.colour"));
    uint64_t nanoseconds = machine_microseconds(harts_ring(RING_ROUNDS)) * 1000 / (RING_ROUNDS * (uint64_t)online);
    print("\n%d of %d harts online, an IPI takes %lu.%03lu us from one to the next. `help` lists commands.\n\n",
        online, machine.cpu_count, nanoseconds / 1000, nanoseconds % 1000);
    shell_run();
}
