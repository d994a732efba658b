# Entry points: from the boot loader (the boot hart) and from the SBI (every other hart).
# Both arrive in S-mode with a0 = hart id, satp = 0 and interrupts off.

#include "hart_layout.h"

# Offset at which a boot loader places us from the start of memory: 2 MiB, as Linux asks.
#define TEXT_OFFSET 0x200000
#define HEADER_VERSION 0x2          /* major 0, minor 2 */
#define MAGIC2 0x05435352           /* "RSC\x05" */
#define R_RISCV_RELATIVE 3
#define RELA_SIZE 24

    .section .head, "ax"
    .globl image_start

# The RISC-V Linux boot image header (Documentation/riscv/boot-image-header in Linux), 64 bytes.
    .option push
    .option norvc
    .option norelax
header:
    j       boot_entry
    nop
    .option pop
    .dword  TEXT_OFFSET
    .dword  image_end - image_start
    .dword  0                       # flags: little-endian
    .word   HEADER_VERSION
    .word   0
    .dword  0
    .ascii  "RISCV\0\0\0"
    .word   MAGIC2
    .word   0

boot_entry:
    csrw    sie, zero
    csrci   sstatus, 2              # SIE

    # Only the first to come boots, on the one boot stack. .aqrl: see early_entry.
    lla     t0, boot_taken
    li      t1, 1
    amoswap.w.aqrl t1, t1, (t0)
    bnez    t1, early_entry
    mv      s0, a0
    mv      s1, a1

    # A loader copies the file only: what lies behind it is ours to clear.
    lla     t0, bss_start
    lla     t1, bss_end
1:  sd      zero, 0(t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b

    # Pointers inside the image are linked for address 0: add where we really are.
    lla     t0, rela_start
    lla     t1, rela_end
    lla     t2, image_start
    li      t6, R_RISCV_RELATIVE
2:  bgeu    t0, t1, 4f
    ld      t3, 0(t0)               # offset
    ld      t4, 8(t0)               # type
    ld      t5, 16(t0)              # addend
    bne     t4, t6, 3f
    add     t3, t3, t2
    add     t5, t5, t2
    sd      t5, 0(t3)
3:  addi    t0, t0, RELA_SIZE
    j       2b

4:  lla     sp, boot_stack_top
    mv      a0, s0
    mv      a1, s1
    call    main
5:  wfi
    j       5b

# OpenSBI before 1.3 lets a hart go before it has noted the entry and a1 that hart_start gave, when the host holds the
# hart that calls hart_start up just there: the started hart then comes to boot_entry, where the boot hart did. Its
# record was announced before the call, so that the .aqrl above also orders the loads here.
early_entry:
    lla     t0, hart_starting
    ld      a1, 0(t0)
    beqz    a1, 6f
    ld      t0, HART_ID(a1)
    beq     t0, a0, secondary_entry
6:  wfi                             # nobody asked for this hart
    j       6b

    .data
    .balign 8
    .globl  hart_starting
hart_starting:                      # the record of the last hart that was to start
    .dword  0
boot_taken:                         # not in .bss, which the boot hart clears
    .word   0

# The SBI's hart_start: a1 is the opaque value we gave it, the hart's own record.
    .text
    .globl  secondary_entry
    .balign 4
secondary_entry:
    csrw    sie, zero
    csrci   sstatus, 2
    mv      tp, a1
    ld      sp, HART_STACK_TOP(tp)
    ld      t0, HART_SATP(tp)
    sfence.vma
    csrw    satp, t0
    sfence.vma
    mv      a0, tp
    call    hart_main
7:  wfi
    j       7b
