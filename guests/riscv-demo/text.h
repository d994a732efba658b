// Memory and string functions: the four the compiler may call on its own, and the few we need.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);

size_t text_length(const char *text);
bool text_equal(const char *left, const char *right);
bool text_starts(const char *text, const char *prefix);

// True when `word` is one of the blank-separated words of `text` (which may be null).
bool text_has_word(const char *text, const char *word);

// Reads a decimal or 0x-hexadecimal number that is the whole of `text`.
bool text_number(const char *text, uint64_t *value);
