// A spinlock and the barrier, from the A extension's own instructions (through the compiler's builtins).
#pragma once

#include "riscv.h"

struct spinlock
{
    uint32_t held;
};

// Locks are taken with interrupts off, so that an interrupt handler of the same hart can never wait for its own hart.
static inline uint64_t lock_take(struct spinlock *lock)
{
    uint64_t saved = csr_read(sstatus) & SSTATUS_SIE;
    interrupts_off();
    while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE) != 0)
    {
        while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED) != 0)
            cpu_relax();
    }
    return saved;
}

static inline void lock_release(struct spinlock *lock, uint64_t saved)
{
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
    csr_set(sstatus, saved);
}

// A counting barrier that is used again and again: the last to arrive opens the next phase.
struct barrier
{
    uint32_t arrived;
    uint32_t phase;
};

static inline void barrier_wait(struct barrier *barrier, uint32_t members)
{
    uint32_t phase = __atomic_load_n(&barrier->phase, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == members)
    {
        __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&barrier->phase, phase + 1, __ATOMIC_RELEASE);
        return;
    }
    while (__atomic_load_n(&barrier->phase, __ATOMIC_ACQUIRE) == phase)
        cpu_relax();
}
