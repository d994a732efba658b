#include "shell.h"

#include <stddef.h>

#include "console.h"
#include "dump.h"
#include "harts.h"
#include "info.h"
#include "line.h"
#include "machine.h"
#include "power.h"
#include "riscv.h"
#include "text.h"
#include "uptime.h"

#define MAX_WORDS 8

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
        print("  %-9s %-10s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
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
