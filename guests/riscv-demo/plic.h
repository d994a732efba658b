// The platform-level interrupt controller (RISC-V PLIC specification 1.0): one source, for the boot hart's S-mode.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Routes `source` of controller node `parent` to `handler` on the boot hart; false when that is not possible here.
bool plic_route(int device, uint32_t source, void (*handler)(void));
void plic_handle(void);

// The context number of the boot hart's S-mode, -1 when the device tree names none.
int plic_context(void);
