#include "bench.h"

#include <stddef.h>

#include "bench_layout.h"
#include "console.h"
#include "frames.h"
#include "harts.h"
#include "lock.h"
#include "machine.h"
#include "trap.h"

#define LINKS     (BENCH_HALF / sizeof(uint64_t))
#define LINK_STEP 1237ul // odd, so that it visits all of a power of two
#define COUNTING_OVERHEAD 32 // instructions between two readings of instret around a call, at most
#define MAX_RUNS  (1ul << 30)

uint64_t bench_mix(void *workspace);
uint64_t bench_muldiv(void *workspace);
uint64_t bench_copy(void *workspace);
uint64_t bench_chase(void *workspace);
uint64_t bench_sieve(void *workspace);
uint64_t bench_calls(void *workspace);
uint64_t bench_branches(void *workspace);

struct kernel
{
    const char *name;
    uint64_t (*run)(void *workspace);
    uint64_t result;
    uint64_t instructions; // from the first of the function to its return
};

// The results were computed by another program, the counts read from instret where it is exact (QEMU's -icount).
static const struct kernel kernels[] = {
    {"integer mix", bench_mix, 0x14cf544391e15a95, 81932},
    {"multiply, divide", bench_muldiv, 0xcd537d5d259c888c, 43022},
    {"memory copy", bench_copy, 0x26a0, 9733},
    {"pointer chase", bench_chase, 0x100, 16005},
    {"sieve", bench_sieve, 1028, 104209},
    {"calls", bench_calls, 2584, 87784},
    {"branches", bench_branches, 14167, 95540},
};
#define KERNEL_COUNT (sizeof kernels / sizeof kernels[0])

static void *workspaces[MAX_CPUS];

// One kernel on some harts at a time: what they are told and what they found.
struct measurement
{
    const struct kernel *kernel;
    uint64_t runs;
    uint32_t members;
    struct barrier barrier;
    uint64_t started[MAX_CPUS];
    uint64_t finished[MAX_CPUS];
    bool correct[MAX_CPUS];
};

static void prepare_workspaces(void)
{
    for (int i = 0; i < hart_count; i++)
    {
        if (workspaces[i] != NULL || !harts[i].online)
            continue;
        uint64_t *links = workspaces[i] = frames_take(BENCH_WORKSPACE / FRAME_BYTES);
        for (uint64_t at = 0; at < LINKS; at++)
            links[at] = (at + LINK_STEP) % LINKS * sizeof(uint64_t);
    }
}

static void measure(struct hart *hart, void *argument)
{
    struct measurement *measurement = argument;
    void *workspace = workspaces[hart->index];
    bool correct = true;
    barrier_wait(&measurement->barrier, measurement->members);
    measurement->started[hart->index] = read_time();
    for (uint64_t i = 0; i < measurement->runs; i++)
        correct &= measurement->kernel->run(workspace) == measurement->kernel->result;
    measurement->finished[hart->index] = read_time();
    measurement->correct[hart->index] = correct;
}

// Microseconds from the first start to the last finish, at least 1.
static uint64_t duration(const struct measurement *measurement)
{
    uint64_t first = UINT64_MAX;
    uint64_t last = 0;
    for (int i = 0; i < hart_count; i++)
    {
        if (measurement->finished[i] == 0)
            continue;
        first = measurement->started[i] < first ? measurement->started[i] : first;
        last = measurement->finished[i] > last ? measurement->finished[i] : last;
    }
    uint64_t microseconds = machine_microseconds(last - first);
    return microseconds == 0 ? 1 : microseconds;
}

static bool all_correct(const struct measurement *measurement)
{
    for (int i = 0; i < hart_count; i++)
    {
        if (measurement->finished[i] != 0 && !measurement->correct[i])
            return false;
    }
    return true;
}

static void read_instret(void *value)
{
    __asm__ volatile("rdinstret %0" : "=r"(*(uint64_t *)value)::"memory");
}

struct counted_run
{
    const struct kernel *kernel;
    uint64_t instructions;
};

static void count_run(void *argument)
{
    struct counted_run *counted = argument;
    uint64_t before;
    uint64_t after;
    read_instret(&before);
    counted->kernel->run(workspaces[hart_self()->index]);
    read_instret(&after);
    counted->instructions = after - before;
}

// Says whether instret may be read from S-mode (scounteren's neighbour, mcounteren, decides) and what it counts:
// some emulators put the host's clock there.
static void print_instret(void)
{
    struct trap_frame fault;
    struct counted_run counted = {.kernel = &kernels[0]};
    if (!trap_try(count_run, &counted, &fault))
        print("  instret cannot be read here; ");
    else if (counted.instructions - counted.kernel->instructions <= COUNTING_OVERHEAD)
        print("  instret counts instructions; ");
    else
        print("  instret counts something else (%lu for %lu instructions); ", counted.instructions, counted.kernel->instructions);
    print("MIPS are by construction\n");
}

bool bench_run(uint64_t milliseconds)
{
    static struct measurement one;
    static struct measurement all;
    bool correct = true;
    int online = harts_online();
    prepare_workspaces();
    print("  kernel              1 hart MIPS");
    if (online > 1)
        print("  %2d harts MIPS   scaling", online);
    print("   result\n");
    for (uint64_t i = 0; i < KERNEL_COUNT; i++)
    {
        const struct kernel *kernel = &kernels[i];
        one = (struct measurement){.kernel = kernel, .runs = 1, .members = 1};
        measure(&harts[0], &one); // the first run warms up caches, real ones and translators'
        for (; one.runs < MAX_RUNS; one.runs *= 2)
        {
            measure(&harts[0], &one);
            if (duration(&one) >= milliseconds * 1000)
                break;
        }
        uint64_t alone = kernel->instructions * one.runs * 10 / duration(&one);
        bool good = all_correct(&one);
        print("  %-18s %9lu.%lu", kernel->name, alone / 10, alone % 10);
        if (online > 1)
        {
            all = (struct measurement){.kernel = kernel, .runs = one.runs, .members = (uint32_t)online};
            harts_run(measure, &all);
            uint64_t together = kernel->instructions * all.runs * (uint64_t)online * 10 / duration(&all);
            uint64_t scaling = alone == 0 ? 0 : together * 10 / alone;
            good &= all_correct(&all);
            print("  %11lu.%lu  %6lu.%lux", together / 10, together % 10, scaling / 10, scaling % 10);
        }
        print("   %s\n", good ? "ok" : "WRONG");
        correct &= good;
    }
    print_instret();
    return correct;
}
