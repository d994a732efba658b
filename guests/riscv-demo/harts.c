#include "harts.h"

#include "console.h"
#include "frames.h"
#include "lock.h"
#include "paging.h"
#include "power.h"
#include "sbi.h"
#include "timer.h"
#include "trap.h"

#define STACK_FRAMES      4
#define TRAP_STACK_FRAMES 2
#define ANSWER_SECONDS    20 // much longer than any answer takes, so that only a lost one is reported
#define JOB_SECONDS       300

extern char boot_stack_top[], boot_trap_stack_top[];
extern void secondary_entry(void);
extern struct hart *hart_starting; // for a hart that comes to the wrong entry (start.S)

struct hart harts[MAX_CPUS];
int hart_count;

static struct
{
    void (*run)(struct hart *hart, void *argument);
    void *argument;
    uint32_t number; // counts jobs: a hart that has seen less has one to do
    uint32_t running;
} job;

static uint32_t ring_left;

static void enable_interrupts(void)
{
    csr_set(sie, 1ul << IRQ_SOFT | 1ul << IRQ_TIMER);
    interrupts_on();
}

void harts_adopt_boot_hart(uint64_t id)
{
    struct hart *hart = &harts[0];
    hart->id = id;
    hart->online = true;
    hart->stack_top = (uint64_t)boot_stack_top;
    hart->trap_stack_top = (uint64_t)boot_trap_stack_top;
    hart_count = 1;
    __asm__ volatile("mv tp, %0" ::"r"(hart));
    trap_install(hart->trap_stack_top);
    timer_cancel();
    enable_interrupts();
}

bool harts_wait(bool (*ready)(void *argument), void *argument, uint64_t ticks)
{
    uint64_t start = read_time();
    bool is_ready = ready(argument);
    if (ticks != TIMER_NEVER)
        timer_arm(start + ticks);
    while (!is_ready && (ticks == TIMER_NEVER || read_time() - start < ticks))
    {
        // Asking and sleeping must not be torn apart by the interrupt that makes it ready: WFI wakes for a pending
        // interrupt even while interrupts are off (Priv. 3.3.3).
        interrupts_off();
        if (!ready(argument))
            wait_for_interrupt();
        interrupts_on();
        is_ready = ready(argument);
    }
    if (ticks != TIMER_NEVER)
        timer_cancel();
    return is_ready;
}

static uint64_t take_stack(uint64_t frames)
{
    uint64_t bottom = (uint64_t)frames_take(frames + 1);
    paging_unmap_guard(bottom);
    return bottom + (frames + 1) * FRAME_BYTES;
}

static bool is_online(void *hart)
{
    return __atomic_load_n(&((struct hart *)hart)->online, __ATOMIC_ACQUIRE);
}

static bool start_one(struct hart *hart)
{
    __atomic_store_n(&hart_starting, hart, __ATOMIC_RELEASE);
    struct sbi_result result = sbi_hart_start(hart->id, (uint64_t)secondary_entry, (uint64_t)hart);
    if (result.error != 0)
    {
        print("hart %lu does not start: %s\n", hart->id, sbi_error_name(result.error));
        return false;
    }
    if (!harts_wait(is_online, hart, ANSWER_SECONDS * machine.timebase))
    {
        print("hart %lu was started but never checked in\n", hart->id);
        return false;
    }
    return true;
}

int harts_start(void)
{
    for (int i = 0; i < machine.cpu_count && hart_count < MAX_CPUS; i++)
    {
        if (machine.cpus[i].id == harts[0].id || !machine.cpus[i].enabled)
            continue;
        struct hart *hart = &harts[hart_count];
        hart->id = machine.cpus[i].id;
        hart->index = (uint32_t)hart_count++;
        hart->satp = paging_satp();
        hart->stack_top = take_stack(STACK_FRAMES);
        hart->trap_stack_top = take_stack(TRAP_STACK_FRAMES);
        start_one(hart);
    }
    return harts_online();
}

int harts_online(void)
{
    int count = 0;
    for (int i = 0; i < hart_count; i++)
        count += harts[i].online;
    return count;
}

static bool is_stopped(void *hart)
{
    struct sbi_result status = sbi_hart_status(((struct hart *)hart)->id);
    return status.error == 0 && status.value == SBI_HART_STOPPED;
}

bool hart_restart(struct hart *hart)
{
    hart_mail(hart, HART_MAIL_STOP);
    // A stopping hart cannot tell us that it has stopped: ask again and again, but not for ever.
    uint64_t start = read_time();
    while (!is_stopped(hart))
    {
        if (read_time() - start > ANSWER_SECONDS * machine.timebase)
            return false;
        cpu_relax();
    }
    return start_one(hart);
}

void hart_mail(struct hart *hart, uint32_t mail)
{
    __atomic_fetch_or(&hart->mail, mail, __ATOMIC_SEQ_CST);
    sbi_send_ipi(1, hart->id);
}

static void pass_ring_on(struct hart *hart)
{
    hart->ring_hops++;
    uint32_t left = __atomic_sub_fetch(&ring_left, 1, __ATOMIC_SEQ_CST);
    if (left == 0)
    {
        hart_mail(&harts[0], HART_MAIL_WAKE);
        return;
    }
    uint32_t next = hart->index;
    do
        next = next + 1 < (uint32_t)hart_count ? next + 1 : 0;
    while (!harts[next].online);
    hart_mail(&harts[next], HART_MAIL_RING);
}

// With interrupts off, on the trap stack.
void hart_handle_ipi(struct hart *hart)
{
    // Clear the interrupt before looking: mail that comes in between raises it again.
    csr_clear(sip, 1ul << IRQ_SOFT);
    fence_all();
    uint32_t mail = __atomic_exchange_n(&hart->mail, 0, __ATOMIC_SEQ_CST);
    hart->ipis++;
    if (mail & HART_MAIL_RING)
        pass_ring_on(hart);
    if (mail & HART_MAIL_STOP)
    {
        __atomic_store_n(&hart->online, false, __ATOMIC_RELEASE);
        sbi_hart_stop();
    }
}

static void do_job(struct hart *hart)
{
    job.run(hart, job.argument);
    hart->jobs++;
    if (__atomic_sub_fetch(&job.running, 1, __ATOMIC_SEQ_CST) == 0 && hart->index != 0)
        hart_mail(&harts[0], HART_MAIL_WAKE);
}

static bool has_job(void *hart)
{
    return __atomic_load_n(&job.number, __ATOMIC_ACQUIRE) != ((struct hart *)hart)->job_seen;
}

// Where every other hart arrives (start.S); never returns.
void hart_main(struct hart *hart)
{
    hart->job_seen = __atomic_load_n(&job.number, __ATOMIC_ACQUIRE);
    trap_install(hart->trap_stack_top);
    timer_cancel();
    enable_interrupts();
    __atomic_store_n(&hart->online, true, __ATOMIC_RELEASE);
    hart_mail(&harts[0], HART_MAIL_WAKE);
    for (;;)
    {
        harts_wait(has_job, hart, TIMER_NEVER);
        hart->job_seen = __atomic_load_n(&job.number, __ATOMIC_ACQUIRE);
        do_job(hart);
    }
}

static bool job_done(void *unused)
{
    (void)unused;
    return __atomic_load_n(&job.running, __ATOMIC_ACQUIRE) == 0;
}

void harts_run(void (*run)(struct hart *hart, void *argument), void *argument)
{
    job.run = run;
    job.argument = argument;
    job.running = (uint32_t)harts_online();
    __atomic_add_fetch(&job.number, 1, __ATOMIC_SEQ_CST);
    for (int i = 1; i < hart_count; i++)
    {
        if (harts[i].online)
            hart_mail(&harts[i], HART_MAIL_WAKE);
    }
    do_job(&harts[0]);
    if (!harts_wait(job_done, NULL, JOB_SECONDS * machine.timebase))
    {
        print("%u harts never finished their work\n", job.running);
        power_off(false);
    }
}

static bool ring_done(void *unused)
{
    (void)unused;
    return __atomic_load_n(&ring_left, __ATOMIC_ACQUIRE) == 0;
}

uint64_t harts_ring(uint32_t rounds)
{
    for (int i = 0; i < hart_count; i++)
        harts[i].ring_hops = 0;
    __atomic_store_n(&ring_left, rounds * (uint32_t)harts_online(), __ATOMIC_SEQ_CST);
    uint64_t start = read_time();
    hart_mail(&harts[0], HART_MAIL_RING);
    bool done = harts_wait(ring_done, NULL, ANSWER_SECONDS * machine.timebase);
    uint64_t ticks = read_time() - start;
    return !done ? 0 : ticks == 0 ? 1 : ticks;
}
