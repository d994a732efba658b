// One deadline per hart, through the SBI.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hart;

// SBI 6.1: the furthest deadline turns the timer off and takes a pending interrupt back.
#define TIMER_NEVER UINT64_MAX

void timer_arm(uint64_t deadline);
void timer_cancel(void);
void timer_handle(struct hart *hart);
