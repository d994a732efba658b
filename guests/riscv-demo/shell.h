// The prompt.
#pragma once

void shell_run(void) __attribute__((noreturn));
