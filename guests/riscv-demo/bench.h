// Times the kernels, on this hart and on all at once.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Each measurement takes about `milliseconds`. False when a kernel computed something wrong.
bool bench_run(uint64_t milliseconds);
