// What machine this is: the facts of the device tree that the rest of the program needs, gathered once.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "range.h"

#define MAX_CPUS     64
#define MAX_BANKS    8
#define MAX_RESERVED 24
#define MAX_VIRTIO   32

struct cpu
{
    uint64_t id;
    int node;
    uint32_t interrupt_controller; // phandle of the hart's own one, 0 when there is none
    bool enabled;
};

struct virtio_slot
{
    uint64_t base;
    uint32_t interrupt;
    bool mapped;
    uint32_t version;
    uint32_t device;
};

struct machine
{
    const char *model;
    const char *bootargs;
    const char *stdout_path;
    uint64_t timebase;

    struct range memory[MAX_BANKS];
    int memory_count;
    struct range reserved[MAX_RESERVED];
    int reserved_count;

    struct cpu cpus[MAX_CPUS];
    int cpu_count;

    int uart_node; // FDT_NONE when stdout-path names no 16550
    struct range uart;
    uint32_t uart_interrupt;

    int plic_node;
    struct range plic;
    uint32_t plic_sources;

    int clint_node;
    struct range clint;
    int rtc_node;
    struct range rtc;
    int finisher_node;
    struct range finisher;
    int pci_node;
    struct range pci;

    struct virtio_slot virtio[MAX_VIRTIO];
    int virtio_count;
};

extern struct machine machine;

// Before the device tree is read there is no device at all: say so first of all.
void machine_clear(void);

void machine_discover(void);

// Reads the identification registers of the virtio slots; paging must be on (it maps them).
void machine_probe_virtio(void);

// Writes a hart's ISA string: riscv,isa, or riscv,isa-base and riscv,isa-extensions put together.
void machine_isa(const struct cpu *cpu, char *buffer, int size);

uint64_t machine_microseconds(uint64_t ticks);
