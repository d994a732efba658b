// Physical memory in 4 KiB frames, from the largest piece of RAM that nobody has reserved.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "range.h"

#define FRAME_BYTES 4096ul

// False when the machine has no free RAM.
bool frames_init(void);

// `count` zeroed frames in a row; stops the machine when memory is out.
void *frames_take(uint64_t count);

// Gives back one frame taken with frames_take(1).
void frame_release(void *frame);

struct range frames_arena(void);
uint64_t frames_free(void);
