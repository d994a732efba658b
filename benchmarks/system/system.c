// The first process of a Linux guest that measures the operating system: prints "name nanoseconds" for each operation, powers off.
#define _GNU_SOURCE
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { Page = 4096, Pages = 4096, CopySize = 8 << 20 };

static const double warm_up = 0.3e9, least_time = 0.5e9; // nanoseconds

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static void check(int good, const char *what)
{
    if (good) return;
    printf("failed: %s\n", what);
    fflush(stdout);
    sync();
    reboot(RB_POWER_OFF);
}

// An operation is done a number of times; what it returns is the time that counts, or 0 for all of it.
static double run_for(double (*operation)(long), long batch, double time, double *done)
{
    double counted = 0, started = now();
    *done = 0;
    while (now() - started < time)
    {
        double begun = now(), took = operation(batch);
        counted += took != 0 ? took : now() - begun;
        *done += batch;
    }
    return counted;
}

static void measure(const char *name, double (*operation)(long), long batch)
{
    double done;
    run_for(operation, batch, warm_up, &done);
    double time = run_for(operation, batch, least_time, &done);
    printf("%s %.1f\n", name, time / done);
    fflush(stdout);
}

static double system_call(long count)
{
    while (count-- > 0) syscall(SYS_getppid);
    return 0;
}

static int there[2], back[2];

static double pipe_round_trip(long count)
{
    char byte = 0;
    while (count-- > 0) check(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1, "pipe");
    return 0;
}

static double fork_exit_wait(long count)
{
    while (count-- > 0)
    {
        pid_t child = fork();
        check(child >= 0, "fork");
        if (child == 0) _exit(0);
        waitpid(child, 0, 0);
    }
    return 0;
}

static double page_fault(long count)
{
    char *memory = mmap(0, count * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(memory != MAP_FAILED, "mmap");
    madvise(memory, count * Page, MADV_NOHUGEPAGE);
    double started = now();
    for (long i = 0; i < count; i++) memory[i * Page] = 1;
    double time = now() - started;
    munmap(memory, count * Page);
    return time;
}

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    (void)number;
    signals++;
}

static double signal_delivery(long count)
{
    pid_t self = getpid();
    sig_atomic_t before = signals;
    for (long i = 0; i < count; i++) kill(self, SIGUSR1);
    check(signals - before == count, "signal");
    return 0;
}

static char *source, *destination;

static double copy(long count)
{
    while (count-- > 0)
    {
        memcpy(destination, source, CopySize);
        __asm__ volatile("" : : "r"(destination) : "memory");
    }
    return 0;
}

static volatile int *turn; // shared with the other process

static void pass_turn(int mine)
{
    *turn = !mine;
    __sync_synchronize();
    syscall(SYS_futex, turn, FUTEX_WAKE, 1, 0, 0, 0);
    while (*turn != mine) syscall(SYS_futex, turn, FUTEX_WAIT, !mine, 0, 0, 0);
}

static double context_switch(long count)
{
    for (long i = 0; i < count; i += 2) pass_turn(0); // there and back
    return 0;
}

static double rewrite_and_call(long count)
{
    static volatile uint32_t *code;
    if (!code) code = mmap(0, Page, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(code != MAP_FAILED, "mmap of code");
    for (long i = 0; i < count; i++)
    {
        uint32_t value = i & 0x7ff;
        code[0] = value << 20 | 10 << 7 | 0x13; // li a0, value
        code[1] = 0x00008067;                   // ret
        __asm__ volatile("fence.i" : : : "memory");
        check(((uint32_t(*)(void))(uintptr_t)code)() == value, "rewritten code");
    }
    return 0;
}

int main(void)
{
    setvbuf(stdout, 0, _IOLBF, 0);
    check(pipe(there) == 0 && pipe(back) == 0, "pipes");
    measure("getppid", system_call, 10000);
    measure("fork, exit, wait", fork_exit_wait, 10);
    measure("anonymous page fault", page_fault, Pages);
    signal(SIGUSR1, on_signal);
    measure("signal", signal_delivery, 1000);
    source = malloc(CopySize);
    destination = malloc(CopySize);
    memset(source, 1, CopySize);
    memset(destination, 2, CopySize);
    measure("memcpy 8 MiB", copy, 1);
    measure("rewrite and call code", rewrite_and_call, 100);

    pid_t echo = fork();
    check(echo >= 0, "fork");
    for (char byte; echo == 0;)
    {
        if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1) _exit(0);
    }
    measure("pipe round trip", pipe_round_trip, 100);
    kill(echo, SIGKILL);
    waitpid(echo, 0, 0);

    turn = mmap(0, Page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(turn != MAP_FAILED, "shared memory");
    pid_t other = fork();
    check(other >= 0, "fork");
    if (other == 0)
    {
        while (*turn != 1) syscall(SYS_futex, turn, FUTEX_WAIT, 0, 0, 0, 0);
        for (;;) pass_turn(1);
    }
    measure("context switch", context_switch, 200);
    kill(other, SIGKILL);
    waitpid(other, 0, 0);
    printf("end of measurement\n");
    fflush(stdout);
    sync();
    reboot(RB_POWER_OFF);
    return 0;
}
