// The console. Output goes through the firmware (DBCN, or the legacy putchar); input comes from the UART that the device
// tree's stdout-path names, by interrupt, or else from the firmware, polled by a timer tick.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// %c %s %d %u %x with optional '-', '0', width, '*', precision for %s, and 'l' for 64 bits; %% is a percent sign.
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

// The same into a buffer; returns the length, always NUL-terminated.
int print_to(char *buffer, int size, const char *format, ...) __attribute__((format(printf, 3, 4)));

void console_write(const char *text, uint64_t size);

// Chooses the firmware interface; before this nothing can be printed.
void console_init(void);

// Looks for a UART to read from; `firmware_only` keeps to the firmware.
void console_input_init(bool firmware_only);

// From now on output takes no lock: for the last words of a hart that may have died holding it.
void console_panic_mode(void);

// The next character; sleeps until there is one.
char console_read(void);

// True when a character is waiting.
bool console_pending(void);

const char *console_output_name(void);
const char *console_input_name(void);
