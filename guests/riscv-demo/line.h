// Reads one edited line from the console: backspace, arrows, Home, End, Ctrl-U, Ctrl-C, and the lines before it.
#pragma once

#include <stdbool.h>

#define LINE_MAX 72

// The line, valid until the next call.
char *line_read(const char *prompt);
