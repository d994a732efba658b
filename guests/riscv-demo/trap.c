#include "trap.h"

#include "console.h"
#include "harts.h"
#include "paging.h"
#include "plic.h"
#include "power.h"
#include "timer.h"

extern void trap_entry(void);
extern bool try_call(struct try_context *context, void (*function)(void *), void *argument);

void trap_install(uint64_t trap_stack_top)
{
    csr_write(sscratch, trap_stack_top);
    csr_write(stvec, trap_entry); // direct mode: the low bits of an aligned function are 0
}

bool trap_try(void (*function)(void *), void *argument, struct trap_frame *fault)
{
    struct hart *hart = hart_self();
    struct try_context context = {.fault = fault};
    struct try_context *outer = hart->try_context;
    hart->try_context = &context;
    bool faulted = try_call(&context, function, argument);
    hart->try_context = outer;
    return !faulted;
}

struct guarded_load
{
    uint64_t address;
    uint32_t value;
};

static void load8(void *argument)
{
    struct guarded_load *load = argument;
    load->value = mmio_read8(load->address);
}

static void load32(void *argument)
{
    struct guarded_load *load = argument;
    load->value = mmio_read32(load->address);
}

bool trap_load8(uint64_t address, uint8_t *value)
{
    struct trap_frame fault;
    struct guarded_load load = {.address = address};
    bool done = trap_try(load8, &load, &fault);
    *value = (uint8_t)load.value;
    return done;
}

bool trap_load32(uint64_t address, uint32_t *value)
{
    struct trap_frame fault;
    struct guarded_load load = {.address = address};
    bool done = trap_try(load32, &load, &fault);
    *value = load.value;
    return done;
}

// Unwinds to the trap_try that is under way, as if try_call had returned true.
static void abandon_function(struct try_context *context, struct trap_frame *frame)
{
    *context->fault = *frame;
    frame->sepc = context->ra;
    frame->x[2] = context->sp;
    frame->x[10] = true;
    frame->x[8] = context->s[0];
    frame->x[9] = context->s[1];
    for (int i = 2; i < 12; i++)
        frame->x[16 + i] = context->s[i];
}

static void handle_interrupt(struct hart *hart, uint64_t cause)
{
    switch (cause)
    {
        case IRQ_SOFT:
            hart_handle_ipi(hart);
            break;
        case IRQ_TIMER:
            timer_handle(hart);
            break;
        case IRQ_EXTERNAL:
            hart->external_interrupts++;
            plic_handle();
            break;
        default: // not enabled by anyone: keep it from coming back
            csr_clear(sie, 1ul << cause);
            break;
    }
}

static bool is_page_fault(uint64_t cause)
{
    return cause == CAUSE_FETCH_PAGE_FAULT || cause == CAUSE_LOAD_PAGE_FAULT || cause == CAUSE_STORE_PAGE_FAULT;
}

// Called by trap_entry.S with interrupts off, on the hart's trap stack.
void trap_handle(struct trap_frame *frame)
{
    struct hart *hart = hart_self();
    if (frame->scause & CAUSE_INTERRUPT)
    {
        handle_interrupt(hart, frame->scause & ~CAUSE_INTERRUPT);
        return;
    }
    if (is_page_fault(frame->scause))
    {
        hart->page_faults++;
        if (paging_resolve(frame->stval))
            return;
    }
    if (hart->try_context != NULL)
    {
        abandon_function(hart->try_context, frame);
        return;
    }
    console_panic_mode();
    print("\n*** unexpected trap on hart %lu ***\n", hart->id);
    trap_print_frame(frame);
    power_off(false);
}

void trap_nested(struct trap_frame *frame)
{
    console_panic_mode();
    print("\n*** trap inside the trap handler of hart %lu ***\n", hart_self()->id);
    trap_print_frame(frame);
    power_off(false);
}

const char *trap_cause_name(uint64_t cause)
{
    static const char *const names[] = {
        "instruction address misaligned", "instruction access fault", "illegal instruction", "breakpoint",
        "load address misaligned", "load access fault", "store address misaligned", "store access fault",
        "environment call from U-mode", "environment call from S-mode", "reserved", "environment call from M-mode",
        "instruction page fault", "load page fault", "reserved", "store page fault",
    };
    if (cause & CAUSE_INTERRUPT)
        return "interrupt";
    return cause < sizeof names / sizeof names[0] ? names[cause] : "unknown exception";
}

void trap_print_frame(const struct trap_frame *frame)
{
    static const char names[32][5] = {
        "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
        "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    };
    print("    %s (cause %ld)\n", trap_cause_name(frame->scause), frame->scause);
    print("    pc  %016lx   address %016lx   sstatus %lx\n", frame->sepc, frame->stval, frame->sstatus);
    for (int i = 1; i < 32; i++)
        print("%s%-3s %016lx%s", i % 3 == 1 ? "    " : "   ", names[i], frame->x[i], i % 3 == 0 || i == 31 ? "\n" : "");
}
