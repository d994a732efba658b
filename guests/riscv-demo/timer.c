#include "timer.h"

#include "harts.h"
#include "sbi.h"

void timer_arm(uint64_t deadline)
{
    sbi_set_timer(deadline);
}

void timer_cancel(void)
{
    sbi_set_timer(TIMER_NEVER);
}

// The interrupt only ends a WFI: whoever slept looks at the time itself and arms the timer again.
void timer_handle(struct hart *hart)
{
    hart->timer_interrupts++;
    timer_cancel();
}
