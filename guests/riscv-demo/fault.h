// Mistakes made on purpose, to see them caught.
#pragma once

#include <stdbool.h>

// Makes the mistake `name` and shows what the trap handler saw; "fatal" is the one nobody catches.
void fault_show(const char *name);

// Lists the names.
void fault_list(void);

// Makes all of them (but "fatal") and checks cause and address.
bool fault_check_all(void);
