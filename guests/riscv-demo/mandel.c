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
#define VIEW_1_SUM     0xe5662095c1dd8b6bul // computed by another program

struct view
{
    int64_t x; // the middle
    int64_t y;
    int64_t step; // from one column to the next; a character is twice as high as it is wide
    uint32_t iterations;
};

static const struct view views[MANDEL_VIEWS] = {
    {FIXED(-0.75), FIXED(0), FIXED(0.042), MAX_ITERATIONS},
    {FIXED(-0.762), FIXED(0.0885), FIXED(0.00055), MAX_ITERATIONS},    // the valley of sea horses
    {FIXED(0.2925), FIXED(0.0149), FIXED(0.00035), 400},             // elephants
    {FIXED(-1.7549), FIXED(0), FIXED(0.0009), 400},                  // a small copy of the whole
};

static struct
{
    const struct view *view;
    uint32_t members; // harts that take part
    uint32_t harts;   // those that have begun
    uint16_t counts[ROWS][COLUMNS];
    uint32_t lowest; // the smallest count
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

// Harts take every n-th row: neighbours cost about the same, so that all have about the same to do.
static void compute_rows(struct hart *hart, void *unused)
{
    (void)hart;
    (void)unused;
    const struct view *view = picture.view;
    uint32_t first = __atomic_fetch_add(&picture.harts, 1, __ATOMIC_RELAXED);
    for (uint32_t row = first; row < ROWS; row += picture.members)
    {
        int64_t cy = view->y + ((int64_t)ROWS - 1 - 2 * (int64_t)row) * view->step;
        for (int64_t column = 0; column < COLUMNS; column++)
        {
            int64_t cx = view->x + (2 * column - COLUMNS + 1) * view->step / 2;
            picture.counts[row][column] = (uint16_t)iterate(cx, cy, view->iterations);
        }
    }
}

static uint64_t compute(const struct view *view)
{
    picture.view = view;
    picture.harts = 0;
    picture.members = (uint32_t)harts_online();
    uint64_t start = read_time();
    harts_run(compute_rows, 0);
    return machine_microseconds(read_time() - start);
}

// The logarithm of a count, in sixteenths: counts double ever faster towards the set.
static uint32_t logarithm(uint32_t count)
{
    uint32_t log = 0;
    uint32_t value = count + 1;
    while (value >> (log + 1) != 0)
        log++;
    return log * 16 + ((value << 4 >> log) & 15);
}

// Spreads the counts of this picture over `shades`, fewest first. The upper third of the logarithm goes to the last
// shade: only few points stay that long.
static uint32_t shade_of(uint32_t count, uint32_t shades)
{
    uint32_t low = logarithm(picture.lowest);
    uint32_t span = (logarithm(picture.view->iterations) - low) * 2 / 3 + 1;
    uint32_t shade = (logarithm(count) - low) * shades / span;
    return shade < shades ? shade : shades - 1;
}

static void print_row(uint32_t row, bool colour)
{
    static const char ramp[] = " .,:;~=+*xoXO#%&";
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
    picture.lowest = UINT32_MAX;
    for (uint32_t row = 0; row < ROWS; row++)
    {
        for (int column = 0; column < COLUMNS; column++)
        {
            uint32_t count = picture.counts[row][column];
            iterations += count;
            picture.lowest = count < picture.lowest ? count : picture.lowest;
        }
    }
    for (uint32_t row = 0; row < ROWS; row++)
        print_row(row, colour);
    print("%lu iterations in %lu.%03lu ms on %u harts\n", iterations, microseconds / 1000, microseconds % 1000, picture.members);
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
