#include "console.h"

#include "harts.h"
#include "lock.h"
#include "machine.h"
#include "sbi.h"
#include "timer.h"
#include "uart.h"

// How often firmware input is looked at when nothing can interrupt us.
#define POLLS_PER_SECOND 50
#define CHUNK_SIZE 256

static struct spinlock output_lock;
static bool has_debug_console;
static bool panicking;
static bool reads_uart;
static int firmware_character = -1;

void console_init(void)
{
    has_debug_console = sbi_probe(SBI_DBCN);
}

void console_panic_mode(void)
{
    panicking = true;
}

static void write_chunk(const char *text, uint64_t size)
{
    while (size > 0)
    {
        uint64_t written = 1;
        if (has_debug_console)
        {
            // The specification lets it take a part of the text only (12.1).
            struct sbi_result result = sbi_console_write(text, size);
            if (result.error != 0)
                return;
            written = result.value;
        }
        else
        {
            sbi_legacy_putchar(*text);
        }
        text += written;
        size -= written;
    }
}

void console_write(const char *text, uint64_t size)
{
    char chunk[CHUNK_SIZE]; // on a stack, where addresses are physical ones: DBCN wants those
    uint64_t length = 0;
    uint64_t saved = panicking ? 0 : lock_take(&output_lock);
    for (uint64_t i = 0; i < size; i++)
    {
        if (text[i] == '\n')
            chunk[length++] = '\r';
        chunk[length++] = text[i];
        if (length + 2 > CHUNK_SIZE || i + 1 == size)
        {
            write_chunk(chunk, length);
            length = 0;
        }
    }
    if (!panicking)
        lock_release(&output_lock, saved);
}

void console_input_init(bool firmware_only)
{
    reads_uart = !firmware_only && uart_init();
}

static bool poll_firmware(void)
{
    char c;
    if (firmware_character >= 0)
        return true;
    if (has_debug_console)
    {
        struct sbi_result result = sbi_console_read(&c, 1);
        firmware_character = result.error == 0 && result.value == 1 ? (uint8_t)c : -1;
    }
    else
    {
        firmware_character = sbi_legacy_getchar();
    }
    return firmware_character >= 0;
}

bool console_pending(void)
{
    return reads_uart ? uart_pending() : poll_firmware();
}

static bool pending(void *unused)
{
    (void)unused;
    return console_pending();
}

char console_read(void)
{
    // With the UART nothing wakes us but a character: an idle prompt costs the host nothing.
    while (!console_pending())
        harts_wait(pending, NULL, reads_uart ? TIMER_NEVER : machine.timebase / POLLS_PER_SECOND);
    if (reads_uart)
        return uart_read();
    char c = (char)firmware_character;
    firmware_character = -1;
    return c;
}

const char *console_output_name(void)
{
    return has_debug_console ? "SBI debug console" : "SBI legacy putchar";
}

const char *console_input_name(void)
{
    if (reads_uart)
        return "UART, by interrupt";
    return has_debug_console ? "SBI debug console, polled" : "SBI legacy getchar, polled";
}
