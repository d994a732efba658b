#pragma once

#include <stdint.h>

void uptime_start(void);
void uptime_print(void);
