// The harts: started through the SBI, each with stacks of its own, idle in WFI until an IPI brings work.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hart_layout.h"
#include "machine.h"

struct try_context;

struct hart
{
    uint64_t stack_top;
    uint64_t satp;

    uint64_t id;
    uint32_t index; // place in `harts`; the boot hart is 0
    bool online;
    uint64_t trap_stack_top;
    struct try_context *try_context;

    uint32_t mail; // why it was sent an IPI: HART_MAIL_ bits
    uint32_t job_seen;

    uint64_t ipis;
    uint64_t timer_interrupts;
    uint64_t external_interrupts;
    uint64_t page_faults;
    uint64_t jobs;
    uint64_t ring_hops;
};

_Static_assert(offsetof(struct hart, stack_top) == HART_STACK_TOP, "start.S");
_Static_assert(offsetof(struct hart, satp) == HART_SATP, "start.S");
_Static_assert(offsetof(struct hart, id) == HART_ID, "start.S");

#define HART_MAIL_WAKE 1u // look at what you are waiting for
#define HART_MAIL_RING 2u // pass it on to the next hart
#define HART_MAIL_STOP 4u // leave through the SBI's hart_stop

extern struct hart harts[MAX_CPUS];
extern int hart_count; // those in `harts`, online or not

// tp holds the running hart's record; the compiler keeps its hands off tp.
static inline struct hart *hart_self(void)
{
    struct hart *self;
    __asm__("mv %0, tp" : "=r"(self));
    return self;
}

void harts_adopt_boot_hart(uint64_t id);

// Starts all others; returns how many are online in the end.
int harts_start(void);
int harts_online(void);

// Stops and starts one hart again: false when the SBI does not do as it says.
bool hart_restart(struct hart *hart);

void hart_mail(struct hart *hart, uint32_t mail);
void hart_handle_ipi(struct hart *hart);

// Runs job(hart, argument) on every online hart at once, this one included, and returns when all are done.
void harts_run(void (*job)(struct hart *hart, void *argument), void *argument);

// Sends one IPI from hart to hart around the ring; returns the ticks it took, or 0 when it got lost.
uint64_t harts_ring(uint32_t rounds);

// Sleeps until ready(argument) or until `ticks` have gone by. False on the latter.
bool harts_wait(bool (*ready)(void *argument), void *argument, uint64_t ticks);
