// Calls into the firmware: the RISC-V Supervisor Binary Interface specification, version 2.0.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sbi_result
{
    int64_t error;
    uint64_t value;
};

// Extension ids (chapters 4 to 18).
#define SBI_BASE   0x10ul
#define SBI_TIME   0x54494d45ul
#define SBI_IPI    0x735049ul
#define SBI_RFENCE 0x52464e43ul
#define SBI_HSM    0x48534dul
#define SBI_SRST   0x53525354ul
#define SBI_DBCN   0x4442434eul

#define SBI_ERROR_INVALID_PARAMETER (-3)
#define SBI_ERROR_ALREADY_AVAILABLE (-6)

enum sbi_hart_state
{
    SBI_HART_STARTED = 0,
    SBI_HART_STOPPED = 1,
    SBI_HART_START_PENDING = 2,
    SBI_HART_STOP_PENDING = 3,
    SBI_HART_SUSPENDED = 4,
};

struct sbi_extension
{
    uint64_t id;
    const char *name;
};

extern const struct sbi_extension sbi_extensions[];
extern const int sbi_extension_count;

bool sbi_probe(uint64_t extension);
uint64_t sbi_spec_version(void);
uint64_t sbi_implementation_id(void);
uint64_t sbi_implementation_version(void);
const char *sbi_implementation_name(uint64_t id);
const char *sbi_error_name(int64_t error);

void sbi_set_timer(uint64_t deadline);
struct sbi_result sbi_send_ipi(uint64_t mask, uint64_t base);
struct sbi_result sbi_remote_fence_i(uint64_t mask, uint64_t base);
struct sbi_result sbi_remote_sfence_vma(uint64_t mask, uint64_t base, uint64_t start, uint64_t size);

struct sbi_result sbi_hart_start(uint64_t hart, uint64_t entry, uint64_t opaque);
struct sbi_result sbi_hart_stop(void);
struct sbi_result sbi_hart_status(uint64_t hart);
const char *sbi_hart_state_name(struct sbi_result status);

struct sbi_result sbi_console_write(const char *text, uint64_t size);
struct sbi_result sbi_console_read(char *buffer, uint64_t size);
void sbi_legacy_putchar(char c);
int sbi_legacy_getchar(void);

enum sbi_reset_type
{
    SBI_RESET_SHUTDOWN = 0,
    SBI_RESET_COLD_REBOOT = 1,
};

enum sbi_reset_reason
{
    SBI_REASON_NONE = 0,
    SBI_REASON_SYSTEM_FAILURE = 1,
};

void sbi_system_reset(enum sbi_reset_type type, enum sbi_reset_reason reason);
void sbi_legacy_shutdown(void);
