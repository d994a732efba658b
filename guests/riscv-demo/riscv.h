// The parts of the RISC-V privileged specification this program uses, under the manual's own names.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// sstatus (Priv. 10.1.1)
#define SSTATUS_SIE  (1ul << 1)
#define SSTATUS_SPIE (1ul << 5)
#define SSTATUS_SPP  (1ul << 8)

// sie and sip (Priv. 10.1.3); the bit number is also the interrupt's cause.
#define IRQ_SOFT     1
#define IRQ_TIMER    5
#define IRQ_EXTERNAL 9

// scause (Priv. 10.1.8)
#define CAUSE_INTERRUPT         (1ul << 63)
#define CAUSE_ILLEGAL           2
#define CAUSE_BREAKPOINT        3
#define CAUSE_FETCH_PAGE_FAULT  12
#define CAUSE_LOAD_PAGE_FAULT   13
#define CAUSE_STORE_PAGE_FAULT  15

#define csr_read(name)                                               \
    ({                                                               \
        uint64_t value_;                                             \
        __asm__ volatile("csrr %0, " #name : "=r"(value_)::"memory"); \
        value_;                                                      \
    })
#define csr_write(name, value) __asm__ volatile("csrw " #name ", %0" ::"r"((uint64_t)(value)) : "memory")
#define csr_set(name, bits)    __asm__ volatile("csrs " #name ", %0" ::"r"((uint64_t)(bits)) : "memory")
#define csr_clear(name, bits)  __asm__ volatile("csrc " #name ", %0" ::"r"((uint64_t)(bits)) : "memory")

static inline uint64_t read_time(void)
{
    uint64_t value;
    __asm__ volatile("rdtime %0" : "=r"(value)::"memory");
    return value;
}

static inline void wait_for_interrupt(void)
{
    __asm__ volatile("wfi" ::: "memory");
}

// The Zihintpause encoding; a plain fence on harts that do not know it.
static inline void cpu_relax(void)
{
    __asm__ volatile(".4byte 0x0100000f" ::: "memory");
}

// Orders everything, device accesses included.
static inline void fence_all(void)
{
    __asm__ volatile("fence iorw, iorw" ::: "memory");
}

static inline void interrupts_on(void)
{
    csr_set(sstatus, SSTATUS_SIE);
}

static inline void interrupts_off(void)
{
    csr_clear(sstatus, SSTATUS_SIE);
}

// Device registers: volatile, of the width the data sheet asks for.
static inline uint8_t mmio_read8(uint64_t address)
{
    return *(volatile uint8_t *)address;
}

static inline void mmio_write8(uint64_t address, uint8_t value)
{
    *(volatile uint8_t *)address = value;
}

static inline uint32_t mmio_read32(uint64_t address)
{
    return *(volatile uint32_t *)address;
}

static inline void mmio_write32(uint64_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}
