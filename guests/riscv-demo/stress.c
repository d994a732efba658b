#include "stress.h"

#include "console.h"
#include "harts.h"
#include "lock.h"
#include "machine.h"
#include "riscv.h"
#include "text.h"

#define SLOTS           64ul
#define MESSAGE_WORDS   8
#define BARRIER_DIVISOR 128 // barriers are dear: fewer of them than of the rest

// Each variable on a line of its own would hide trouble: neighbours share lines on purpose.
static struct
{
    uint32_t rounds;
    uint32_t members;

    uint64_t amo_add;
    uint32_t amo_add_word;
    uint64_t amo_xor;
    uint64_t amo_or;
    uint64_t amo_and;
    int64_t amo_max;
    int64_t amo_min;
    uint64_t amo_maxu;
    uint32_t amo_minu_word;

    uint32_t lr_sc_word;
    uint64_t lr_sc;

    uint64_t token;     // everybody swaps tokens here
    uint64_t tokens_in; // sums of what went in and what came out
    uint64_t tokens_out;

    struct spinlock lock;
    uint64_t locked_count;
    uint64_t locked_copy;

    uint64_t message[MESSAGE_WORDS];
    uint32_t message_number;
    uint32_t torn_messages;

    struct barrier barrier;
    uint64_t clocks[MAX_CPUS];
    uint32_t clock_errors;
    uint32_t flags[MAX_CPUS];
    uint32_t order_errors;

    uint64_t retries;
} shared;

#define AMO(instruction, address, value)                                                                                       \
    ({                                                                                                                         \
        __typeof__(*(address)) old_;                                                                                           \
        __asm__ volatile(#instruction " %0, %2, %1" : "=r"(old_), "+A"(*(address)) : "r"(value) : "memory");                   \
        old_;                                                                                                                  \
    })

// Increments with LR/SC; returns how often the reservation was lost.
static uint64_t increment_word(uint32_t *counter)
{
    uint64_t retries = 0;
    uint32_t value;
    uint32_t failed;
    for (;;)
    {
        __asm__ volatile("lr.w.aq %0, %2\n\taddi %0, %0, 1\n\tsc.w.rl %1, %0, %2" : "=&r"(value), "=&r"(failed), "+A"(*counter)::"memory");
        if (!failed)
            return retries;
        retries++;
    }
}

static uint64_t increment(uint64_t *counter)
{
    uint64_t retries = 0;
    uint64_t value;
    uint32_t failed;
    for (;;)
    {
        __asm__ volatile("lr.d.aq %0, %2\n\taddi %0, %0, 1\n\tsc.d.rl %1, %0, %2" : "=&r"(value), "=&r"(failed), "+A"(*counter)::"memory");
        if (!failed)
            return retries;
        retries++;
    }
}

static void count_atomically(struct hart *hart)
{
    uint64_t bit = 1ul << hart->index % SLOTS;
    uint64_t retries = 0;
    for (uint32_t i = 1; i <= shared.rounds; i++)
    {
        AMO(amoadd.d, &shared.amo_add, 3);
        AMO(amoadd.w, &shared.amo_add_word, 0xffffffffu);
        AMO(amoxor.d, &shared.amo_xor, bit << (i & 1)); // an even number of each cancels out
        AMO(amoxor.d, &shared.amo_xor, bit << (i & 1));
        AMO(amoor.d, &shared.amo_or, bit);
        AMO(amoand.d, &shared.amo_and, ~bit);
        AMO(amomax.d, &shared.amo_max, (int64_t)(i * 100ul + hart->index));
        AMO(amomin.d, &shared.amo_min, -(int64_t)(i * 100ul + hart->index));
        AMO(amomaxu.d, &shared.amo_maxu, ~(uint64_t)(shared.rounds - i));
        AMO(amominu.w, &shared.amo_minu_word, shared.rounds - i + 7);
        retries += increment_word(&shared.lr_sc_word);
        retries += increment(&shared.lr_sc);
    }
    AMO(amoadd.d, &shared.retries, retries);
}

static void swap_tokens(struct hart *hart)
{
    uint64_t in = 0;
    uint64_t out = 0;
    for (uint32_t i = 1; i <= shared.rounds; i++)
    {
        uint64_t token = (uint64_t)i << 8 | hart->index;
        in += token;
        out += AMO(amoswap.d, &shared.token, token);
    }
    AMO(amoadd.d, &shared.tokens_in, in);
    AMO(amoadd.d, &shared.tokens_out, out);
}

static void count_under_lock(void)
{
    for (uint32_t i = 0; i < shared.rounds; i++)
    {
        uint64_t saved = lock_take(&shared.lock);
        shared.locked_count++;
        shared.locked_copy = shared.locked_count;
        lock_release(&shared.lock, saved);
    }
}

// Hart 0 writes a message under a sequence number (odd while it writes); the others must never see a mixture.
static void pass_messages(struct hart *hart)
{
    for (uint32_t i = 1; i <= shared.rounds; i++)
    {
        if (hart->index == 0)
        {
            __atomic_store_n(&shared.message_number, i * 2 - 1, __ATOMIC_RELAXED);
            __atomic_thread_fence(__ATOMIC_RELEASE);
            for (int word = 0; word < MESSAGE_WORDS; word++)
                __atomic_store_n(&shared.message[word], i, __ATOMIC_RELAXED);
            __atomic_store_n(&shared.message_number, i * 2, __ATOMIC_RELEASE);
            continue;
        }
        uint32_t number = __atomic_load_n(&shared.message_number, __ATOMIC_ACQUIRE);
        bool torn = false;
        for (int word = 0; word < MESSAGE_WORDS; word++)
            torn |= __atomic_load_n(&shared.message[word], __ATOMIC_RELAXED) != number / 2;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        bool unchanged = __atomic_load_n(&shared.message_number, __ATOMIC_RELAXED) == number;
        if (torn && unchanged && number % 2 == 0)
            AMO(amoadd.w, &shared.torn_messages, 1);
    }
}

// In step: whoever raises a flag and then looks must be seen by the neighbour, or see it (fence rw, rw; RVWMO 17.1.3);
// and no hart's clock is behind what another read before the barrier.
static void keep_in_step(struct hart *hart, uint32_t place)
{
    uint32_t neighbour = place ^ 1;
    for (uint32_t i = 0; i < shared.rounds / BARRIER_DIVISOR + 1; i++)
    {
        __atomic_store_n(&shared.flags[place], 0, __ATOMIC_RELAXED);
        shared.clocks[hart->index] = read_time();
        barrier_wait(&shared.barrier, shared.members);
        uint64_t now = read_time();
        for (int other = 0; other < hart_count; other++)
        {
            if (shared.clocks[other] > now)
                AMO(amoadd.w, &shared.clock_errors, 1);
        }
        barrier_wait(&shared.barrier, shared.members);
        __atomic_store_n(&shared.flags[place], 1, __ATOMIC_RELAXED);
        __asm__ volatile("fence rw, rw" ::: "memory");
        uint32_t seen = neighbour < shared.members ? __atomic_load_n(&shared.flags[neighbour], __ATOMIC_RELAXED) : 1;
        shared.clocks[hart->index] = 0;
        barrier_wait(&shared.barrier, shared.members);
        // What each saw travels in bit 1 of its own flag.
        __atomic_store_n(&shared.flags[place], 1 | seen << 1, __ATOMIC_RELAXED);
        barrier_wait(&shared.barrier, shared.members);
        if (neighbour < shared.members && place < neighbour && shared.flags[place] == 1 && shared.flags[neighbour] == 1)
            AMO(amoadd.w, &shared.order_errors, 1);
        barrier_wait(&shared.barrier, shared.members);
    }
}

static void hammer(struct hart *hart, void *places)
{
    uint32_t place = __atomic_fetch_add((uint32_t *)places, 1, __ATOMIC_RELAXED);
    barrier_wait(&shared.barrier, shared.members);
    count_atomically(hart);
    swap_tokens(hart);
    count_under_lock();
    pass_messages(hart);
    keep_in_step(hart, place);
}

static bool failed;

static void expect(const char *what, uint64_t found, uint64_t expected)
{
    print("  %-34s %16lu  %s\n", what, found, found == expected ? "ok" : "WRONG");
    if (found != expected)
    {
        print("  %-34s %16lu\n", "  expected", expected);
        failed = true;
    }
}

bool stress_run(uint32_t rounds)
{
    uint32_t places = 0; // numbers the harts from 0 without gaps, in the order they come
    uint64_t members = (uint64_t)harts_online();
    uint64_t total = members * rounds;
    uint64_t last_index = 0;
    for (int i = 0; i < hart_count; i++)
        last_index = harts[i].online ? harts[i].index : last_index;
    memset(&shared, 0, sizeof shared);
    shared.rounds = rounds;
    shared.members = (uint32_t)members;
    shared.amo_and = UINT64_MAX;
    shared.amo_minu_word = UINT32_MAX;
    failed = false;

    uint64_t start = read_time();
    harts_run(hammer, &places);
    uint64_t microseconds = machine_microseconds(read_time() - start);

    uint64_t everybody = 0;
    for (int i = 0; i < hart_count; i++)
        everybody |= harts[i].online ? 1ul << harts[i].index % SLOTS : 0;
    expect("amoadd.d", shared.amo_add, total * 3);
    expect("amoadd.w, counting down", shared.amo_add_word, (uint32_t)(0 - total));
    expect("amoxor.d", shared.amo_xor, 0);
    expect("amoor.d", shared.amo_or, everybody);
    expect("amoand.d, complement", ~shared.amo_and, everybody);
    expect("amomax.d", (uint64_t)shared.amo_max, rounds * 100ul + last_index);
    expect("amomin.d, negated", (uint64_t)-shared.amo_min, rounds * 100ul + last_index);
    expect("amomaxu.d, complement", ~shared.amo_maxu, 0);
    expect("amominu.w", shared.amo_minu_word, 7);
    expect("lr.w/sc.w increments", shared.lr_sc_word, total);
    expect("lr.d/sc.d increments", shared.lr_sc, total);
    expect("amoswap.d, tokens lost", shared.tokens_in - shared.tokens_out - shared.token, 0);
    expect("spinlock increments", shared.locked_count, total);
    expect("spinlock, second copy", shared.locked_copy, total);
    expect("messages torn", shared.torn_messages, 0);
    expect("clocks running backwards", shared.clock_errors, 0);
    expect("stores seen out of order", shared.order_errors, 0);
    print("  %lu harts x %u rounds in %lu.%03lu ms, %lu SC retries: %s\n", members, rounds, microseconds / 1000,
        microseconds % 1000, shared.retries, failed ? "FAIL" : "PASS");
    return !failed;
}
