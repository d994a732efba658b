#include "selftest.h"

#include <stddef.h>

#include "bench.h"
#include "console.h"
#include "fault.h"
#include "fdt.h"
#include "frames.h"
#include "harts.h"
#include "lock.h"
#include "machine.h"
#include "mandel.h"
#include "paging.h"
#include "sbi.h"
#include "stress.h"
#include "timer.h"
#include "trap.h"

#define TICKS               5
#define TICK_MILLISECONDS   2
#define RING_ROUNDS         32
#define DEMAND_PAGES        64
#define STRESS_ROUNDS       1000
#define BENCH_MILLISECONDS  2
#define NO_SUCH_HART        0x7fffffffu
#define NO_SUCH_EXTENSION   0x7fffffffu

static struct
{
    uint32_t wrong;  // harts that found something else than they should
    uint64_t address;
    uint64_t expected;
} shared;

static void reset_shared(uint64_t address, uint64_t expected)
{
    shared.wrong = 0;
    shared.address = address;
    shared.expected = expected;
}

static bool test_tree(void)
{
    print("  %d nodes, %d harts, %d memory banks\n", fdt_node_count(), machine.cpu_count, machine.memory_count);
    return machine.cpu_count > 0 && machine.memory_count > 0;
}

static bool test_sbi(void)
{
    struct sbi_result again = sbi_hart_start(harts[0].id, 0, 0);
    struct sbi_result nobody = sbi_hart_start(NO_SUCH_HART, 0, 0);
    struct sbi_result unknown = sbi_hart_status(NO_SUCH_HART);
    print("  starting a running hart: %s; one that does not exist: %s\n", sbi_error_name(again.error), sbi_error_name(nobody.error));
    return sbi_probe(SBI_TIME) && sbi_probe(SBI_IPI) && sbi_probe(SBI_HSM) && sbi_probe(SBI_RFENCE) && !sbi_probe(NO_SUCH_EXTENSION)
        && again.error == SBI_ERROR_ALREADY_AVAILABLE && nobody.error == SBI_ERROR_INVALID_PARAMETER
        && unknown.error == SBI_ERROR_INVALID_PARAMETER;
}

static bool test_harts(void)
{
    int enabled = 0;
    bool restarted = true;
    for (int i = 0; i < machine.cpu_count; i++)
        enabled += machine.cpus[i].enabled;
    for (int i = 1; i < hart_count; i++)
        restarted &= hart_restart(&harts[i]);
    print("  %d of %d online after stopping and starting %d again\n", harts_online(), enabled, hart_count - 1);
    return restarted && harts_online() == enabled;
}

static bool never(void *unused)
{
    (void)unused;
    return false;
}

// Sleeps a few times: each must end by the timer, and not early.
static void sleep_on_hart(struct hart *hart, void *unused)
{
    (void)unused;
    uint64_t before = hart->timer_interrupts;
    uint64_t length = machine.timebase * TICK_MILLISECONDS / 1000;
    for (int i = 0; i < TICKS; i++)
    {
        uint64_t start = read_time();
        harts_wait(never, NULL, length);
        if (read_time() - start < length)
            __atomic_fetch_add(&shared.wrong, 1, __ATOMIC_RELAXED);
    }
    // A hart that comes late to WFI sees the deadline pass without an interrupt; it cannot be so each time.
    if (hart->timer_interrupts == before || hart->timer_interrupts > before + TICKS)
        __atomic_fetch_add(&shared.wrong, 1, __ATOMIC_RELAXED);
}

static bool test_timers(void)
{
    reset_shared(0, 0);
    uint64_t start = read_time();
    harts_run(sleep_on_hart, NULL);
    uint64_t microseconds = machine_microseconds(read_time() - start);
    print("  %d naps of %d ms on each hart took %lu.%03lu ms\n", TICKS, TICK_MILLISECONDS, microseconds / 1000, microseconds % 1000);
    return shared.wrong == 0;
}

static bool test_ipis(void)
{
    bool good = true;
    uint64_t ticks = harts_ring(RING_ROUNDS);
    for (int i = 0; i < hart_count; i++)
        good &= !harts[i].online || harts[i].ring_hops == RING_ROUNDS;
    uint64_t nanoseconds = machine_microseconds(ticks) * 1000 / (RING_ROUNDS * (uint64_t)harts_online());
    print("  %d rounds through %d harts, %lu.%03lu us from hart to hart\n", RING_ROUNDS, harts_online(), nanoseconds / 1000, nanoseconds % 1000);
    return good && ticks != 0;
}

// All harts at once touch all pages: each page must appear once, zeroed, the same for everybody.
static void touch_pages(struct hart *hart, void *unused)
{
    (void)hart;
    (void)unused;
    for (uint64_t page = 0; page < DEMAND_PAGES; page++)
        __atomic_fetch_add((uint64_t *)(PAGING_WINDOW + page * FRAME_BYTES + 8), page + 1, __ATOMIC_RELAXED);
}

static bool test_demand_paging(void)
{
    bool good = true;
    uint64_t faults = 0;
    uint64_t free = frames_free();
    for (int i = 0; i < hart_count; i++)
        faults -= harts[i].page_faults;
    harts_run(touch_pages, NULL);
    for (int i = 0; i < hart_count; i++)
        faults += harts[i].page_faults;
    for (uint64_t page = 0; page < DEMAND_PAGES; page++)
    {
        const uint64_t *words = (const uint64_t *)(PAGING_WINDOW + page * FRAME_BYTES);
        good &= words[0] == 0 && words[1] == (page + 1) * (uint64_t)harts_online();
        good &= *(const uint64_t *)(paging_window_frame((uint64_t)words) + 8) == words[1];
    }
    paging_window_clear();
    print("  %d pages appeared in %lu faults, frames %lu -> %lu\n", DEMAND_PAGES, faults, free, frames_free());
    return good && faults >= DEMAND_PAGES && frames_free() + 2 >= free; // the window's own two tables stay
}

static void check_word(struct hart *hart, void *unused)
{
    (void)hart;
    (void)unused;
    if (*(volatile uint64_t *)shared.address != shared.expected)
        __atomic_fetch_add(&shared.wrong, 1, __ATOMIC_RELAXED);
}

// The same address shows one frame, then another: every hart must forget the first.
static bool test_remote_fences(void)
{
    bool good = true;
    uint64_t *frames[2] = {frames_take(1), frames_take(1)};
    for (uint64_t turn = 0; turn < 8; turn++)
    {
        uint64_t *frame = frames[turn & 1];
        *frame = 0x1000 + turn;
        paging_window_set(PAGING_WINDOW, frame, PAGING_DATA);
        reset_shared(PAGING_WINDOW, 0x1000 + turn);
        harts_run(check_word, NULL);
        good &= shared.wrong == 0;
    }
    paging_window_clear(); // gives back the frame that is mapped: the second
    frame_release(frames[0]);
    print("  one address, two frames, 8 turns: %s\n", good ? "everybody followed" : "somebody saw an old frame");
    return good;
}

static void call_code(struct hart *hart, void *unused)
{
    (void)hart;
    (void)unused;
    uint64_t (*code)(void) = (uint64_t(*)(void))shared.address;
    for (int i = 0; i < 100; i++)
    {
        if (code() != shared.expected)
            __atomic_fetch_add(&shared.wrong, 1, __ATOMIC_RELAXED);
    }
}

// Writes a small function, runs it on every hart, writes another over it. Zifencei makes one hart see it, the SBI's
// remote fence.i the others.
static bool test_code_changes(void)
{
    bool good = true;
    uint32_t *code = frames_take(1);
    paging_window_set(PAGING_WINDOW, code, PAGING_CODE);
    for (uint32_t turn = 1; turn <= 8; turn++)
    {
        code[0] = 0x00000513 | turn << 20; // li a0, turn
        code[1] = 0x00008067;              // ret
        __asm__ volatile("fence.i" ::: "memory");
        for (int i = 1; i < hart_count; i++)
            good &= sbi_remote_fence_i(1, harts[i].id).error == 0;
        reset_shared(PAGING_WINDOW, turn);
        harts_run(call_code, NULL);
        good &= shared.wrong == 0;
    }
    paging_window_clear();
    print("  code rewritten 8 times: %s\n", good ? "everybody ran the new one" : "somebody ran old code");
    return good;
}

static bool test_faults(void)
{
    return fault_check_all();
}

static bool test_stress(void)
{
    return stress_run(STRESS_ROUNDS);
}

static bool test_mandel(void)
{
    return mandel_check();
}

static bool test_bench(void)
{
    return bench_run(BENCH_MILLISECONDS);
}

static const struct
{
    const char *name;
    bool (*run)(void);
} steps[] = {
    {"device tree", test_tree},
    {"SBI", test_sbi},
    {"harts", test_harts},
    {"timers", test_timers},
    {"IPIs", test_ipis},
    {"demand paging", test_demand_paging},
    {"remote fences", test_remote_fences},
    {"self-modifying code", test_code_changes},
    {"faults", test_faults},
    {"stress", test_stress},
    {"Mandelbrot set", test_mandel},
    {"benchmark", test_bench},
};
#define STEP_COUNT (sizeof steps / sizeof steps[0])

bool selftest_run(void)
{
    int failures = 0;
    for (uint64_t i = 0; i < STEP_COUNT; i++)
    {
        print("%s\n", steps[i].name);
        bool passed = steps[i].run();
        print("[%s] %s\n", passed ? "PASS" : "FAIL", steps[i].name);
        failures += !passed;
    }
    if (failures == 0)
        print("SELFTEST PASS\n");
    else
        print("SELFTEST FAIL %d\n", failures);
    return failures == 0;
}
