#include "fault.h"

#include <stdint.h>

#include "console.h"
#include "harts.h"
#include "text.h"
#include "trap.h"

#define NOWHERE       0x3000000000ul  // a good Sv39 address that nothing is mapped at
#define NOT_CANONICAL 0x8000000000ul  // bit 39 differs from bit 38 (Priv. 10.4.1)
#define ANY_ADDRESS   0               // stval may hold the instruction, the pc or 0: implementations differ
#define STACK_FRAME   256

extern char image_start[];

static uint32_t data_word = 0x00008067; // ret

static void load_nowhere(void *unused)
{
    (void)unused;
    mmio_read8(NOWHERE);
}

static void load_not_canonical(void *unused)
{
    (void)unused;
    mmio_read8(NOT_CANONICAL);
}

static void store_to_code(void *unused)
{
    (void)unused;
    mmio_write8((uint64_t)image_start, 0);
}

static void run_data(void *unused)
{
    (void)unused;
    ((void (*)(void))&data_word)();
}

static void illegal_instruction(void *unused)
{
    (void)unused;
    __asm__ volatile("unimp");
}

static void machine_register(void *unused)
{
    (void)unused;
    csr_read(mhartid);
}

static void breakpoint(void *unused)
{
    (void)unused;
    __asm__ volatile("ebreak");
}

static __attribute__((noinline)) uint64_t deeper(uint64_t depth)
{
    volatile uint8_t frame[STACK_FRAME];
    frame[0] = (uint8_t)depth;
    return depth == UINT64_MAX ? 0 : deeper(depth + 1) + frame[0];
}

static void overflow_stack(void *result)
{
    *(uint64_t *)result = deeper(0);
}

static const struct
{
    const char *name;
    const char *help;
    void (*commit)(void *argument);
    uint64_t cause;
    uint64_t address;
} mistakes[] = {
    {"load", "reads from a page that is not there", load_nowhere, CAUSE_LOAD_PAGE_FAULT, NOWHERE},
    {"canonical", "reads from an address Sv39 does not have", load_not_canonical, CAUSE_LOAD_PAGE_FAULT, NOT_CANONICAL},
    {"store", "writes to its own code", store_to_code, CAUSE_STORE_PAGE_FAULT, (uint64_t)image_start},
    {"fetch", "runs data as code", run_data, CAUSE_FETCH_PAGE_FAULT, (uint64_t)&data_word},
    {"illegal", "runs an instruction that does not exist", illegal_instruction, CAUSE_ILLEGAL, ANY_ADDRESS},
    {"csr", "reads a register of machine mode", machine_register, CAUSE_ILLEGAL, ANY_ADDRESS},
    {"break", "runs ebreak", breakpoint, CAUSE_BREAKPOINT, ANY_ADDRESS},
    {"stack", "calls itself until the stack's guard page", overflow_stack, CAUSE_STORE_PAGE_FAULT, ANY_ADDRESS},
};
#define MISTAKE_COUNT (sizeof mistakes / sizeof mistakes[0])

void fault_list(void)
{
    for (uint64_t i = 0; i < MISTAKE_COUNT; i++)
        print("  fault %-10s %s\n", mistakes[i].name, mistakes[i].help);
    print("  fault %-10s %s\n", "fatal", "the first one with nobody there to catch it: the end");
}

void fault_show(const char *name)
{
    uint64_t result;
    struct trap_frame fault;
    if (text_equal(name, "fatal"))
        load_nowhere(NULL);
    for (uint64_t i = 0; i < MISTAKE_COUNT; i++)
    {
        if (!text_equal(name, mistakes[i].name))
            continue;
        if (trap_try(mistakes[i].commit, &result, &fault))
        {
            print("nothing was caught: it worked\n");
            return;
        }
        print("caught on hart %lu:\n", hart_self()->id);
        trap_print_frame(&fault);
        return;
    }
    fault_list();
}

bool fault_check_all(void)
{
    bool good = true;
    uint64_t result;
    for (uint64_t i = 0; i < MISTAKE_COUNT; i++)
    {
        struct trap_frame fault;
        bool caught = !trap_try(mistakes[i].commit, &result, &fault);
        bool right = caught && fault.scause == mistakes[i].cause
            && (mistakes[i].address == ANY_ADDRESS || fault.stval == mistakes[i].address);
        if (!caught)
            print("  %s: not caught\n", mistakes[i].name);
        else if (!right)
            print("  %s: caught with cause %lx, address %lx\n", mistakes[i].name, fault.scause, fault.stval);
        good &= right;
    }
    print("  %lu mistakes made: %s\n", MISTAKE_COUNT, good ? "all caught" : "not all as they should be");
    return good;
}
