// Where assembly finds the fields of `struct hart` and `struct trap_frame`; harts.h and trap.h check these at compile time.
#pragma once

#define HART_STACK_TOP 0
#define HART_SATP      8
#define HART_ID        16

#define FRAME_SEPC     256
#define FRAME_SCAUSE   264
#define FRAME_STVAL    272
#define FRAME_SSTATUS  280
#define FRAME_SIZE     288
