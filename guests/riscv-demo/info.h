#pragma once

void info_machine(void);
void info_memory(void);
void info_harts(void);
