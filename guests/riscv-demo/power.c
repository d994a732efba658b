#include "power.h"

#include "fdt.h"
#include "machine.h"
#include "riscv.h"
#include "sbi.h"

// The SiFive test device: a code in the upper half, the verdict in the lower.
#define FINISHER_FAIL  0x13333
#define FINISHER_PASS  0x5555
#define FINISHER_RESET 0x7777

static void finish(uint32_t verdict) __attribute__((noreturn));

static void finish(uint32_t verdict)
{
    if (machine.finisher_node != FDT_NONE)
        mmio_write32(machine.finisher.start, verdict);
    if (verdict != FINISHER_RESET)
        sbi_legacy_shutdown();
    interrupts_off();
    for (;;)
        wait_for_interrupt();
}

void power_off(bool success)
{
    if (sbi_probe(SBI_SRST))
        sbi_system_reset(SBI_RESET_SHUTDOWN, success ? SBI_REASON_NONE : SBI_REASON_SYSTEM_FAILURE);
    finish(success ? FINISHER_PASS : FINISHER_FAIL);
}

void power_reboot(void)
{
    if (sbi_probe(SBI_SRST))
        sbi_system_reset(SBI_RESET_COLD_REBOOT, SBI_REASON_NONE);
    finish(FINISHER_RESET);
}
