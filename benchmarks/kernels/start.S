# The first hart gets a stack and floating point (mstatus.FS), the others wait for ever.
    .section .text.start, "ax"
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, park
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    li t0, 0x6000
    csrs mstatus, t0
    la sp, stack_end
    call main
park:
    wfi
    j park
