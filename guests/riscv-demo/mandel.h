// The Mandelbrot set in fixed-point numbers, its rows shared out among all harts.
#pragma once

#include <stdbool.h>

#define MANDEL_VIEWS 4

// View 1 is the whole set, the others look closer.
void mandel_draw(int view, bool colour);

// Computes view 1 and compares it with what it must be.
bool mandel_check(void);
