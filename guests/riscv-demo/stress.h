// All harts on the same memory at once, in every way the A extension offers; afterwards the numbers must add up.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define STRESS_MAX_ROUNDS 1000000

// Prints what was counted and PASS or FAIL.
bool stress_run(uint32_t rounds);
