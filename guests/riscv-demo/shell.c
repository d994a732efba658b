#include "shell.h"

#include <stddef.h>

#include "bench.h"
#include "console.h"
#include "dump.h"
#include "fault.h"
#include "harts.h"
#include "info.h"
#include "line.h"
#include "machine.h"
#include "mandel.h"
#include "power.h"
#include "riscv.h"
#include "selftest.h"
#include "stress.h"
#include "text.h"
#include "uptime.h"

#define MAX_WORDS          8
#define BENCH_MILLISECONDS 100
#define STRESS_ROUNDS      5000

struct command
{
    const char *name;
    const char *arguments;
    const char *help;
    void (*run)(int count, char **words);
};

static void run_help(int count, char **words);

static void run_info(int count, char **words)
{
    (void)count;
    (void)words;
    info_machine();
}

static void run_harts(int count, char **words)
{
    (void)count;
    (void)words;
    info_harts();
}

static void run_memory(int count, char **words)
{
    uint64_t address;
    if (count == 1)
        info_memory();
    else if (text_number(words[1], &address))
        dump_memory(address);
    else
        print("not a number: %s\n", words[1]);
}

static void run_bench(int count, char **words)
{
    (void)count;
    (void)words;
    bench_run(BENCH_MILLISECONDS);
}

static void run_mandel(int count, char **words)
{
    uint64_t view = 1;
    bool colour = text_has_word(machine.bootargs, "demo.colour");
    for (int i = 1; i < count; i++)
    {
        if (text_equal(words[i], "colour") || text_equal(words[i], "color"))
            colour = true;
        else if (!text_number(words[i], &view) || view < 1 || view > MANDEL_VIEWS)
        {
            print("views are 1 to %d\n", MANDEL_VIEWS);
            return;
        }
    }
    mandel_draw((int)view, colour);
}

static void run_fault(int count, char **words)
{
    fault_show(count > 1 ? words[1] : "load");
}

static void run_stress(int count, char **words)
{
    uint64_t rounds = STRESS_ROUNDS;
    if (count > 1 && (!text_number(words[1], &rounds) || rounds < 1 || rounds > STRESS_MAX_ROUNDS))
        print("rounds are 1 to %d\n", STRESS_MAX_ROUNDS);
    else
        stress_run((uint32_t)rounds);
}

static void run_selftest(int count, char **words)
{
    (void)count;
    (void)words;
    selftest_run();
}

static void run_tree(int count, char **words)
{
    dump_tree(count > 1 ? words[1] : "/");
}

static void run_uptime(int count, char **words)
{
    (void)count;
    (void)words;
    uptime_print();
}

static void run_echo(int count, char **words)
{
    for (int i = 1; i < count; i++)
        print("%s%s", i > 1 ? " " : "", words[i]);
    print("\n");
}

static void run_reboot(int count, char **words)
{
    (void)count;
    (void)words;
    power_reboot();
}

static void run_poweroff(int count, char **words)
{
    (void)count;
    (void)words;
    print("bye\n");
    power_off(true);
}

static const struct command commands[] = {
    {"help", "", "this list", run_help},
    {"info", "", "the machine, as its device tree tells it", run_info},
    {"harts", "", "the harts and what interrupted them", run_harts},
    {"mem", "[address]", "the memory map, or 256 bytes of it", run_memory},
    {"bench", "", "times some loops, on one hart and on all", run_bench},
    {"mandel", "[1-4] [colour]", "draws the Mandelbrot set", run_mandel},
    {"stress", "[rounds]", "atomics of all harts on the same memory", run_stress},
    {"fault", "[name]", "makes a mistake and catches it (`fault list`)", run_fault},
    {"selftest", "", "everything once", run_selftest},
    {"dt", "[path]", "the device tree", run_tree},
    {"uptime", "", "time since we were started", run_uptime},
    {"echo", "[text]", "says it again", run_echo},
    {"reboot", "", "starts the machine again", run_reboot},
    {"poweroff", "", "turns the machine off", run_poweroff},
};
static const int command_count = sizeof commands / sizeof commands[0];

static void run_help(int count, char **words)
{
    (void)count;
    (void)words;
    for (int i = 0; i < command_count; i++)
        print("  %-9s %-15s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
}

// Cuts the line into words in place.
static int split(char *line, char **words)
{
    int count = 0;
    while (count < MAX_WORDS)
    {
        while (*line == ' ')
            line++;
        if (*line == 0)
            break;
        words[count++] = line;
        while (*line != 0 && *line != ' ')
            line++;
        if (*line != 0)
            *line++ = 0;
    }
    return count;
}

void shell_run(void)
{
    char *words[MAX_WORDS];
    for (;;)
    {
        int count = split(line_read("demo> "), words);
        int i = 0;
        if (count == 0)
            continue;
        while (i < command_count && !text_equal(words[0], commands[i].name))
            i++;
        if (i < command_count)
            commands[i].run(count, words);
        else
            print("no such command: %s (try help)\n", words[0]);
    }
}
