// The two ways out of a machine: the SBI's system reset, else the board's own "finisher" register.
#pragma once

#include <stdbool.h>

// Never return.
void power_off(bool success) __attribute__((noreturn));
void power_reboot(void) __attribute__((noreturn));
