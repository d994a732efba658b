#include "sbi.h"

#include <stddef.h>

// Legacy extensions (chapter 5) have an id of their own for each function and return one value in a0.
#define LEGACY_SET_TIMER 0ul
#define LEGACY_PUTCHAR   1ul
#define LEGACY_GETCHAR   2ul
#define LEGACY_SHUTDOWN  8ul

const struct sbi_extension sbi_extensions[] = {
    {SBI_BASE, "BASE"},     {SBI_TIME, "TIME"},     {SBI_IPI, "IPI"},       {SBI_RFENCE, "RFENCE"}, {SBI_HSM, "HSM"},
    {SBI_SRST, "SRST"},     {SBI_DBCN, "DBCN"},     {0x53555350, "SUSP"},   {0x504d55, "PMU"},      {0x43505043, "CPPC"},
    {0x535441, "STA"},      {0x4e41434c, "NACL"},   {0x46574654, "FWFT"},   {0x44425452, "DBTR"},   {0x535345, "SSE"},
    {0x4d505859, "MPXY"},   {LEGACY_PUTCHAR, "legacy-putchar"}, {LEGACY_GETCHAR, "legacy-getchar"},
};
const int sbi_extension_count = sizeof sbi_extensions / sizeof sbi_extensions[0];

static struct sbi_result call(uint64_t extension, uint64_t function, uint64_t x, uint64_t y, uint64_t z, uint64_t w)
{
    register uint64_t a0 __asm__("a0") = x;
    register uint64_t a1 __asm__("a1") = y;
    register uint64_t a2 __asm__("a2") = z;
    register uint64_t a3 __asm__("a3") = w;
    register uint64_t a6 __asm__("a6") = function;
    register uint64_t a7 __asm__("a7") = extension;
    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a6), "r"(a7) : "memory");
    return (struct sbi_result){(int64_t)a0, a1};
}

bool sbi_probe(uint64_t extension)
{
    struct sbi_result result = call(SBI_BASE, 3, extension, 0, 0, 0);
    return result.error == 0 && result.value != 0;
}

uint64_t sbi_spec_version(void)
{
    return call(SBI_BASE, 0, 0, 0, 0, 0).value;
}

uint64_t sbi_implementation_id(void)
{
    return call(SBI_BASE, 1, 0, 0, 0, 0).value;
}

uint64_t sbi_implementation_version(void)
{
    return call(SBI_BASE, 2, 0, 0, 0, 0).value;
}

const char *sbi_implementation_name(uint64_t id)
{
    static const char *const names[] = {
        "BBL", "OpenSBI", "Xvisor", "KVM", "RustSBI", "Diosix", "Coffer", "Xen", "HSS", "coreboot", "oreboot", "bhyve",
    };
    return id < sizeof names / sizeof names[0] ? names[id] : "another implementation";
}

const char *sbi_error_name(int64_t error)
{
    static const char *const names[] = {
        "success", "failed", "not supported", "invalid parameter", "denied", "invalid address", "already available",
        "already started", "already stopped", "no shared memory",
    };
    return error <= 0 && error > -(int64_t)(sizeof names / sizeof names[0]) ? names[-error] : "unknown error";
}

void sbi_set_timer(uint64_t deadline)
{
    static int has_time = -1; // harts that race here write the same answer
    if (has_time < 0)
        has_time = sbi_probe(SBI_TIME);
    if (has_time)
        call(SBI_TIME, 0, deadline, 0, 0, 0);
    else
        call(LEGACY_SET_TIMER, 0, deadline, 0, 0, 0);
}

struct sbi_result sbi_send_ipi(uint64_t mask, uint64_t base)
{
    return call(SBI_IPI, 0, mask, base, 0, 0);
}

struct sbi_result sbi_remote_fence_i(uint64_t mask, uint64_t base)
{
    return call(SBI_RFENCE, 0, mask, base, 0, 0);
}

struct sbi_result sbi_remote_sfence_vma(uint64_t mask, uint64_t base, uint64_t start, uint64_t size)
{
    return call(SBI_RFENCE, 1, mask, base, start, size);
}

struct sbi_result sbi_hart_start(uint64_t hart, uint64_t entry, uint64_t opaque)
{
    return call(SBI_HSM, 0, hart, entry, opaque, 0);
}

struct sbi_result sbi_hart_stop(void)
{
    return call(SBI_HSM, 1, 0, 0, 0, 0);
}

struct sbi_result sbi_hart_status(uint64_t hart)
{
    return call(SBI_HSM, 2, hart, 0, 0, 0);
}

const char *sbi_hart_state_name(struct sbi_result status)
{
    static const char *const names[] = {
        "started", "stopped", "start pending", "stop pending", "suspended", "suspend pending", "resume pending",
    };
    if (status.error != 0)
        return sbi_error_name(status.error);
    return status.value < sizeof names / sizeof names[0] ? names[status.value] : "unknown";
}

struct sbi_result sbi_console_write(const char *text, uint64_t size)
{
    return call(SBI_DBCN, 0, size, (uint64_t)text, 0, 0);
}

struct sbi_result sbi_console_read(char *buffer, uint64_t size)
{
    return call(SBI_DBCN, 1, size, (uint64_t)buffer, 0, 0);
}

void sbi_legacy_putchar(char c)
{
    call(LEGACY_PUTCHAR, 0, (uint8_t)c, 0, 0, 0);
}

int sbi_legacy_getchar(void)
{
    return (int)call(LEGACY_GETCHAR, 0, 0, 0, 0, 0).error;
}

void sbi_system_reset(enum sbi_reset_type type, enum sbi_reset_reason reason)
{
    call(SBI_SRST, 0, type, reason, 0, 0);
}

void sbi_legacy_shutdown(void)
{
    call(LEGACY_SHUTDOWN, 0, 0, 0, 0, 0);
}
