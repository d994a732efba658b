// printf without the rest of a C library.
#include "console.h"

#include <stdarg.h>

#include "text.h"

#define LINE_SIZE 512

struct output
{
    char *buffer;
    int size;
    int length;
};

static void put(struct output *out, char c)
{
    if (out->length + 1 < out->size)
        out->buffer[out->length++] = c;
}

static void put_padded(struct output *out, const char *text, int length, int width, bool left, char pad)
{
    for (int i = length; !left && i < width; i++)
        put(out, pad);
    for (int i = 0; i < length; i++)
        put(out, text[i]);
    for (int i = length; left && i < width; i++)
        put(out, ' ');
}

// Digits of `value`, most significant first, at the end of `digits`; returns where they start.
static char *digits_of(uint64_t value, uint64_t base, char *end)
{
    do
    {
        *--end = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    return end;
}

static void format_into(struct output *out, const char *format, va_list arguments)
{
    for (; *format != 0; format++)
    {
        if (*format != '%')
        {
            put(out, *format);
            continue;
        }
        bool left = false;
        bool wide = false;
        char pad = ' ';
        int width = 0;
        int precision = -1;
        for (format++; *format == '-' || *format == '0'; format++)
        {
            if (*format == '-')
                left = true;
            else
                pad = '0';
        }
        if (*format == '*')
        {
            width = va_arg(arguments, int);
            format++;
        }
        for (; *format >= '0' && *format <= '9'; format++)
            width = width * 10 + (*format - '0');
        if (*format == '.')
        {
            format++;
            if (*format == '*')
            {
                precision = va_arg(arguments, int);
                format++;
            }
        }
        if (*format == 'l')
        {
            wide = true;
            format++;
        }
        char digits[24];
        char *end = digits + sizeof digits;
        char *start = end;
        switch (*format)
        {
            case 'c':
                *--start = (char)va_arg(arguments, int);
                break;
            case 's':
                start = (char *)va_arg(arguments, const char *);
                end = start;
                while (precision != 0 && *end != 0)
                {
                    end++;
                    precision--;
                }
                break;
            case 'd':
            {
                int64_t value = wide ? va_arg(arguments, int64_t) : va_arg(arguments, int);
                start = digits_of(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, end);
                if (value < 0)
                    *--start = '-';
                break;
            }
            case 'u':
                start = digits_of(wide ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned), 10, end);
                break;
            case 'x':
                start = digits_of(wide ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned), 16, end);
                break;
            default: // %% and anything we do not know
                *--start = *format;
                break;
        }
        put_padded(out, start, (int)(end - start), width, left, pad);
    }
    out->buffer[out->length] = 0;
}

void print(const char *format, ...)
{
    char line[LINE_SIZE];
    struct output out = {line, LINE_SIZE, 0};
    va_list arguments;
    va_start(arguments, format);
    format_into(&out, format, arguments);
    va_end(arguments);
    console_write(line, (uint64_t)out.length);
}

int print_to(char *buffer, int size, const char *format, ...)
{
    struct output out = {buffer, size, 0};
    va_list arguments;
    va_start(arguments, format);
    format_into(&out, format, arguments);
    va_end(arguments);
    return out.length;
}
