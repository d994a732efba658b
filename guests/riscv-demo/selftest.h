// Everything once, without a keyboard: the smoke test of a machine (boot argument `demo.batch`).
#pragma once

#include <stdbool.h>

// Prints a line for each step and SELFTEST PASS or SELFTEST FAIL with the number of failed steps; true on PASS.
bool selftest_run(void);
