# The trap vector and the assembly half of trap_try.
# tp always points at the running hart's record, sscratch at its trap stack; sscratch = 0 while a trap is handled,
# so that a fault inside the handler is noticed instead of destroying the frame.

#include "hart_layout.h"

    .altmacro
    .macro save_register number
    sd      x\number, \number * 8(sp)
    .endm
    .macro load_register number
    ld      x\number, \number * 8(sp)
    .endm

    # Everything but x0 and sp, which the caller of the macro saves.
    .macro save_registers
    save_register 1
    .set    i, 3
    .rept   29
    save_register %i
    .set    i, i + 1
    .endr
    csrr    t1, sepc
    sd      t1, FRAME_SEPC(sp)
    csrr    t1, scause
    sd      t1, FRAME_SCAUSE(sp)
    csrr    t1, stval
    sd      t1, FRAME_STVAL(sp)
    csrr    t1, sstatus
    sd      t1, FRAME_SSTATUS(sp)
    .endm

    .text
    .globl  trap_entry
    .balign 4
trap_entry:
    csrrw   sp, sscratch, sp
    beqz    sp, nested_trap
    addi    sp, sp, -FRAME_SIZE
    save_registers
    csrrw   t0, sscratch, zero      # the interrupted sp
    sd      t0, 16(sp)
    mv      a0, sp
    call    trap_handle

    ld      t0, FRAME_SEPC(sp)
    csrw    sepc, t0
    ld      t0, FRAME_SSTATUS(sp)
    csrw    sstatus, t0
    addi    t0, sp, FRAME_SIZE
    csrw    sscratch, t0
    load_register 1
    .set    i, 3
    .rept   29
    load_register %i
    .set    i, i + 1
    .endr
    ld      sp, 16(sp)
    sret

# A fault in the fault handler: nothing can be trusted but this code, so report on a stack nobody uses and stop.
nested_trap:
    lla     sp, emergency_stack_top
    addi    sp, sp, -FRAME_SIZE
    save_registers
    csrr    t0, sscratch
    sd      t0, 16(sp)
    mv      a0, sp
    call    trap_nested
1:  wfi
    j       1b

# bool try_call(struct try_context *context, void (*function)(void *), void *argument)
# Returns 0 when the function returns; the trap handler makes it return 1 when the function faults.
    .globl  try_call
    .balign 4
try_call:
    sd      ra, 0(a0)
    sd      sp, 8(a0)
    sd      s0, 16(a0)
    sd      s1, 24(a0)
    sd      s2, 32(a0)
    sd      s3, 40(a0)
    sd      s4, 48(a0)
    sd      s5, 56(a0)
    sd      s6, 64(a0)
    sd      s7, 72(a0)
    sd      s8, 80(a0)
    sd      s9, 88(a0)
    sd      s10, 96(a0)
    sd      s11, 104(a0)
    addi    sp, sp, -16
    sd      ra, 8(sp)
    mv      a0, a2
    jalr    a1
    ld      ra, 8(sp)
    addi    sp, sp, 16
    li      a0, 0
    ret
