#include "mandel.h"

#include <stdint.h>

#include "console.h"
#include "harts.h"
#include "machine.h"
#include "riscv.h"

// Numbers have 28 binary places. Nothing larger than about 6 is ever squared: 6 * 6 * 2^56 still fits.
#define PLACES         28
#define FIXED(value)   ((int64_t)((value) * (1l << PLACES)))
#define ESCAPE         FIXED(4)
#define COLUMNS        78
#define ROWS           22
#define MAX_ITERATIONS 1000
#define VIEW_1_SUM     0x443aed3823a77b54ul // computed by another program

struct view
{
    int64_t x; // the middle
    int64_t y;
    int64_t step; // from one column to the next; a character is twice as high as it is wide
    uint32_t iterations;
};

static const struct view views[MANDEL_VIEWS] = {
    {FIXED(-0.75), FIXED(0), FIXED(0.042), 200},
    {FIXED(-0.7453), FIXED(0.1127), FIXED(0.00012), MAX_ITERATIONS}, // the valley of sea horses
    {FIXED(0.2925), FIXED(0.0149), FIXED(0.00035), 400},             // elephants
    {FIXED(-1.7549), FIXED(0), FIXED(0.0009), 400},                  // a small copy of the whole
};

static struct
{
    const struct view *view;
    uint32_t next_row;
    uint16_t counts[ROWS][COLUMNS];
    uint32_t rows_by_hart[MAX_CPUS];
} picture;

static uint32_t iterate(int64_t cx, int64_t cy, uint32_t limit)
{
    int64_t x = 0;
    int64_t y = 0;
    uint32_t count = 0;
    for (; count < limit; count++)
    {
        int64_t xx = x * x >> PLACES;
        int64_t yy = y * y >> PLACES;
        if (xx + yy > ESCAPE)
            break;
        y = (x * y >> (PLACES - 1)) + cy;
        x = xx - yy + cx;
    }
    return count;
}

// Whoever is free takes the next row: rows through the set take much longer than others.
static void compute_rows(struct hart *hart, void *unused)
{
    (void)unused;
    const struct view *view = picture.view;
    uint32_t row;
    while ((row = __atomic_fetch_add(&picture.next_row, 1, __ATOMIC_RELAXED)) < ROWS)
    {
        int64_t cy = view->y + ((int64_t)ROWS - 1 - 2 * (int64_t)row) * view->step;
        for (int64_t column = 0; column < COLUMNS; column++)
        {
            int64_t cx = view->x + (2 * column - COLUMNS + 1) * view->step / 2;
            picture.counts[row][column] = (uint16_t)iterate(cx, cy, view->iterations);
        }
        picture.rows_by_hart[hart->index]++;
    }
}

static uint64_t compute(const struct view *view)
{
    picture.view = view;
    picture.next_row = 0;
    for (int i = 0; i < hart_count; i++)
        picture.rows_by_hart[i] = 0;
    uint64_t start = read_time();
    harts_run(compute_rows, 0);
    return machine_microseconds(read_time() - start);
}

// How far a point is on its way, 0 to `shades` - 1, by the logarithm of its count (with two binary places).
static uint32_t shade_of(uint32_t count, uint32_t shades)
{
    uint32_t log = 0;
    for (uint32_t value = count + 1; value > 1; value /= 2)
        log++;
    uint32_t quarters = log * 4 + (((count + 1) << 2 >> log) & 3);
    return quarters < 4 ? 0 : (quarters - 4) % shades;
}

static void print_row(uint32_t row, bool colour)
{
    static const char ramp[] = " ..,,::;;!!iiooxxXX$$&&##%%";
    // A walk through the 256-colour cube of terminals: blue, cyan, green, yellow, red, violet.
    static const uint8_t colours[] = {17, 18, 19, 20, 21, 27, 33, 39, 45, 51, 50, 49, 48, 47, 46, 82, 118, 154, 190, 226, 220, 214, 208, 202, 196, 199, 201};
    char text[COLUMNS * 16 + 8];
    int length = 0;
    int current = -1;
    for (int column = 0; column < COLUMNS; column++)
    {
        uint32_t count = picture.counts[row][column];
        bool inside = count == picture.view->iterations;
        if (colour)
        {
            int wanted = inside ? 16 : colours[shade_of(count, sizeof colours)];
            if (wanted != current)
                length += print_to(text + length, (int)sizeof text - length, "\x1b[48;5;%dm", wanted);
            current = wanted;
            text[length++] = ' ';
        }
        else
        {
            text[length++] = inside ? '@' : ramp[shade_of(count, sizeof ramp - 1)];
        }
    }
    console_write(text, (uint64_t)length);
    print("%s\n", colour ? "\x1b[0m" : "");
}

void mandel_draw(int view, bool colour)
{
    uint64_t iterations = 0;
    uint64_t microseconds = compute(&views[view - 1]);
    for (uint32_t row = 0; row < ROWS; row++)
    {
        for (int column = 0; column < COLUMNS; column++)
            iterations += picture.counts[row][column];
        print_row(row, colour);
    }
    print("%lu iterations in %lu.%03lu ms, rows by hart:", iterations, microseconds / 1000, microseconds % 1000);
    for (int i = 0; i < hart_count && i < 8; i++)
        print(" %u", picture.rows_by_hart[i]);
    print("%s\n", hart_count > 8 ? " ..." : "");
}

bool mandel_check(void)
{
    uint64_t sum = 0;
    compute(&views[0]);
    for (uint32_t row = 0; row < ROWS; row++)
    {
        for (uint32_t column = 0; column < COLUMNS; column++)
            sum = sum * 31 + picture.counts[row][column];
    }
    print("  %d x %d points, picture %016lx\n", COLUMNS, ROWS, sum);
    return sum == VIEW_1_SUM;
}
