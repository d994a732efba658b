#include "uart.h"

#include "fdt.h"
#include "machine.h"
#include "plic.h"
#include "riscv.h"

// TL16C550D data sheet, table 8-3 (register numbers) and the tables after it.
#define RECEIVER_BUFFER  0
#define INTERRUPT_ENABLE 1
#define LINE_STATUS      5
#define MODEM_CONTROL    4
#define RECEIVED_DATA    0x01 // interrupt enable: received data available
#define DATA_READY       0x01 // line status
#define MODEM_OUT2       0x08 // PCs gate the interrupt with it; set and forgotten elsewhere
#define MODEM_DTR_RTS    0x03

#define RING_SIZE 256u // a power of two

static char ring[RING_SIZE];
static volatile uint32_t ring_in;
static volatile uint32_t ring_out;
static uint32_t register_shift;
static uint32_t register_width;

static uint8_t read_register(uint32_t number)
{
    uint64_t address = machine.uart.start + ((uint64_t)number << register_shift);
    return register_width == 4 ? (uint8_t)mmio_read32(address) : mmio_read8(address);
}

static void write_register(uint32_t number, uint8_t value)
{
    uint64_t address = machine.uart.start + ((uint64_t)number << register_shift);
    if (register_width == 4)
        mmio_write32(address, value);
    else
        mmio_write8(address, value);
}

static bool ring_full(void)
{
    return ring_in - ring_out == RING_SIZE;
}

static void receive(void)
{
    while (!ring_full() && (read_register(LINE_STATUS) & DATA_READY) != 0)
    {
        ring[ring_in % RING_SIZE] = (char)read_register(RECEIVER_BUFFER);
        ring_in++;
    }
    // No room: leave the rest in the FIFO (whoever sends is held back) and be quiet until uart_read made some.
    if (ring_full())
        write_register(INTERRUPT_ENABLE, 0);
}

bool uart_init(void)
{
    if (machine.uart_node == FDT_NONE)
        return false;
    register_width = 1;
    fdt_u32(machine.uart_node, "reg-shift", &register_shift);
    fdt_u32(machine.uart_node, "reg-io-width", &register_width);
    if (!plic_route(machine.uart_node, machine.uart_interrupt, receive))
        return false;
    write_register(MODEM_CONTROL, MODEM_OUT2 | MODEM_DTR_RTS);
    write_register(INTERRUPT_ENABLE, RECEIVED_DATA);
    return true;
}

bool uart_pending(void)
{
    return ring_in != ring_out;
}

char uart_read(void)
{
    char c = ring[ring_out % RING_SIZE];
    bool was_full = ring_full();
    ring_out++;
    if (was_full)
        write_register(INTERRUPT_ENABLE, RECEIVED_DATA);
    return c;
}
