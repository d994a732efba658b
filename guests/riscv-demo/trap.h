// Traps: what may go wrong on purpose is caught with trap_try, everything else ends in a register dump and a shutdown.
#pragma once

#include "riscv.h"

#include "hart_layout.h"

struct trap_frame
{
    uint64_t x[32];
    uint64_t sepc;
    uint64_t scause;
    uint64_t stval;
    uint64_t sstatus;
};

_Static_assert(offsetof(struct trap_frame, sepc) == FRAME_SEPC, "trap_entry.S");
_Static_assert(offsetof(struct trap_frame, scause) == FRAME_SCAUSE, "trap_entry.S");
_Static_assert(offsetof(struct trap_frame, stval) == FRAME_STVAL, "trap_entry.S");
_Static_assert(offsetof(struct trap_frame, sstatus) == FRAME_SSTATUS, "trap_entry.S");
_Static_assert(sizeof(struct trap_frame) == FRAME_SIZE, "trap_entry.S");

// The callee-saved registers in the order of try_call: what must come back when a function is abandoned.
struct try_context
{
    uint64_t ra;
    uint64_t sp;
    uint64_t s[12];
    struct trap_frame *fault;
};

// Points the running hart's stvec and sscratch at the handler; tp must hold the hart's record.
void trap_install(uint64_t trap_stack_top);

// Calls function(argument). True when it returned; false when it raised an exception, which is then in *fault.
bool trap_try(void (*function)(void *), void *argument, struct trap_frame *fault);

// Guarded loads: false when the address cannot be read.
bool trap_load8(uint64_t address, uint8_t *value);
bool trap_load32(uint64_t address, uint32_t *value);

const char *trap_cause_name(uint64_t cause);
void trap_print_frame(const struct trap_frame *frame);
