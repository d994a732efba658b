// Reading from the 16550 that stdout-path names. The firmware keeps writing to it; sharing is safe because nothing here
// touches the transmitter or the divisor.
#pragma once

#include <stdbool.h>

// False when there is no such UART, or its interrupt does not reach us through a PLIC.
bool uart_init(void);
bool uart_pending(void);

// Only when uart_pending.
char uart_read(void);
