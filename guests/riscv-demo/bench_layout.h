// What bench.c and bench_kernels.S agree on.
#pragma once

#define BENCH_HALF      32768
#define BENCH_WORKSPACE 65536
