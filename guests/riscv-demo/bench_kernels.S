# The loops that `bench` times. In assembly, so that every compiler's build runs the same instructions and MIPS means
# what it says: each function executes a fixed number of instructions (bench.c has them) and returns a fixed result.
#
# uint64_t kernel(void *workspace), where workspace is BENCH_WORKSPACE bytes that belong to this hart.

#include "bench_layout.h"

    .text

# Shifts, logic, additions, 32-bit forms: a xorshift generator stirred into a sum.
    .globl  bench_mix
    .balign 4
bench_mix:
    li      t0, 0x9e3779b97f4a7c15
    li      t1, 0
    li      t2, 4096
1:  slli    t3, t0, 13
    xor     t0, t0, t3
    srli    t3, t0, 7
    xor     t0, t0, t3
    slli    t3, t0, 17
    xor     t0, t0, t3
    add     t1, t1, t0
    andi    t4, t0, 255
    sub     t1, t1, t4
    or      t5, t4, t1
    srai    t5, t5, 3
    xor     t1, t1, t5
    addw    t4, t0, t1
    sltu    t5, t0, t1
    add     t1, t1, t4
    add     t1, t1, t5
    slliw   t4, t4, 3
    xor     t1, t1, t4
    addi    t2, t2, -1
    bnez    t2, 1b
    mv      a0, t1
    ret

# Multiplication and division in every width and signedness.
    .globl  bench_muldiv
    .balign 4
bench_muldiv:
    li      t0, 0x2545f4914f6cdd1d
    li      t1, 12345
    li      t2, 2048
    li      a0, 0
1:  mul     t3, t0, t1
    mulhu   t4, t0, t3
    mulh    t5, t3, t4
    xor     t0, t3, t5
    mulw    t3, t0, t4
    ori     t6, t4, 1
    div     t4, t0, t6
    rem     t5, t0, t6
    add     a0, a0, t4
    divu    t4, t0, t2
    remu    t3, t0, t2
    xor     a0, a0, t5
    add     a0, a0, t4
    divw    t4, t0, t6
    remuw   t5, t3, t6
    add     a0, a0, t4
    mulhsu  t4, t0, a0
    xor     a0, a0, t5
    add     t1, t1, t4
    addi    t2, t2, -1
    bnez    t2, 1b
    ret

# 32 KiB from the first half of the workspace to the second, 64 bytes a turn.
    .globl  bench_copy
    .balign 4
bench_copy:
    li      t0, BENCH_HALF
    add     a1, a0, t0
    mv      a2, a1
1:  ld      t0, 0(a0)
    ld      t1, 8(a0)
    ld      t2, 16(a0)
    ld      t3, 24(a0)
    ld      t4, 32(a0)
    ld      t5, 40(a0)
    ld      t6, 48(a0)
    ld      a7, 56(a0)
    sd      t0, 0(a1)
    sd      t1, 8(a1)
    sd      t2, 16(a1)
    sd      t3, 24(a1)
    sd      t4, 32(a1)
    sd      t5, 40(a1)
    sd      t6, 48(a1)
    sd      a7, 56(a1)
    addi    a0, a0, 64
    addi    a1, a1, 64
    bltu    a0, a2, 1b
    ld      a0, -8(a1)
    ret

# Follows 4,000 links through the first half in an order that jumps about: each load waits for the one before.
    .globl  bench_chase
    .balign 4
bench_chase:
    li      t0, 4000
    li      t1, 0
    mv      t2, a0
1:  ld      t1, 0(t2)
    add     t2, a0, t1
    addi    t0, t0, -1
    bnez    t0, 1b
    mv      a0, t1
    ret

# The primes below 8192, Eratosthenes' way, one byte each in the second half of the workspace.
    .globl  bench_sieve
    .balign 4
bench_sieve:
    li      t0, BENCH_HALF
    add     a1, a0, t0
    li      a2, 8192
    add     a3, a1, a2
    mv      t0, a1
1:  sd      zero, 0(t0)
    addi    t0, t0, 8
    bltu    t0, a3, 1b
    li      a0, 0
    li      t0, 2
2:  add     t1, a1, t0
    lbu     t2, 0(t1)
    bnez    t2, 4f
    addi    a0, a0, 1
    li      t3, 1
    add     t1, t1, t0
    bgeu    t1, a3, 4f
3:  sb      t3, 0(t1)
    add     t1, t1, t0
    bltu    t1, a3, 3b
4:  addi    t0, t0, 1
    bltu    t0, a2, 2b
    ret

# Calls and returns: Fibonacci's 18th number, the silly way.
    .globl  bench_calls
    .balign 4
bench_calls:
    li      a0, 18
fibonacci:
    li      t0, 2
    bltu    a0, t0, 1f
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s0, 16(sp)
    sd      s1, 8(sp)
    mv      s0, a0
    addi    a0, s0, -1
    jal     fibonacci
    mv      s1, a0
    addi    a0, s0, -2
    jal     fibonacci
    add     a0, a0, s1
    ld      ra, 24(sp)
    ld      s0, 16(sp)
    ld      s1, 8(sp)
    addi    sp, sp, 32
1:  ret

# Branches nobody can foretell: how many steps 1 to 300 take to reach 1 in Collatz' game.
    .globl  bench_branches
    .balign 4
bench_branches:
    li      a0, 0
    li      t0, 300
    li      t3, 1
1:  mv      t1, t0
2:  bleu    t1, t3, 4f
    addi    a0, a0, 1
    andi    t2, t1, 1
    bnez    t2, 3f
    srli    t1, t1, 1
    j       2b
3:  slli    t2, t1, 1
    add     t1, t1, t2
    addi    t1, t1, 1
    j       2b
4:  addi    t0, t0, -1
    bnez    t0, 1b
    ret
