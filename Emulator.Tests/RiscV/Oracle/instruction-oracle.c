// Executes single RISC-V instructions under QEMU's user mode, RV64 and RV32, without a C library. Registers by convention:
// destination x10/f10, sources x11/f11, x12/f12, f13; memory operands lie at DATA.
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long word;

#define DATA 0x40000000
#define CODE 0x40010000 // a page of its own: QEMU translates again whatever shares one with data
#define PAGE_SIZE 4096
#define OPERAND_OFFSET 2048
#define SYS_read 63
#define SYS_write 64
#define SYS_exit 93
#define SYS_rt_sigaction 134
#define SYS_mmap 222
#define SIGILL 4
#define SIGBUS 7
#define SIGSEGV 11
#define SA_NODEFER 0x40000000
#define MAP_PRIVATE_FIXED_ANONYMOUS 0x32
#define PROT_RWX 7
#define BATCH 512

struct request { u32 instruction, fcsr; u64 x[3], f[4], memory[2]; };
struct answer { u64 x, f, fcsr, failed, memory[2]; };

#if __riscv_xlen == 64
#define LX "ld "
#define SX "sd "
#else
#define LX "lw "
#define SX "sw "
#endif

// execute(request, answer, code): callee-saved registers and the stack pointer are kept in memory, so that a signal can return from anywhere.
asm(".bss\n .balign 16\n frame: .zero 128\n"
    ".text\n .globl execute\n execute:\n"
    "la t0, frame\n"
    SX "ra, 0(t0)\n" SX "sp, 8(t0)\n" SX "s0, 16(t0)\n" SX "s1, 24(t0)\n"
    "mv s0, a0\n mv s1, a1\n mv t2, a2\n"
    "lw t0, 4(s0)\n fscsr t0\n"
    LX "a0, 8(s0)\n" LX "a1, 16(s0)\n" LX "a2, 24(s0)\n"
    "fld fa0, 32(s0)\n fld fa1, 40(s0)\n fld fa2, 48(s0)\n fld fa3, 56(s0)\n"
    "jalr t2\n"
    SX "a0, 0(s1)\n fsd fa0, 8(s1)\n frcsr t0\n" SX "t0, 16(s1)\n"
    "li a0, 0\n j leave\n"
    ".globl recover\n recover:\n li a0, 1\n"
    "leave: la t0, frame\n"
    LX "ra, 0(t0)\n" LX "sp, 8(t0)\n" LX "s0, 16(t0)\n" LX "s1, 24(t0)\n"
    "ret\n"
    ".globl _start\n _start:\n .option push\n .option norelax\n la gp, __global_pointer$\n .option pop\n call run\n");

int execute(const struct request *q, struct answer *r, void *code);
void recover(void);

static word call(word number, word a, word b, word c, word d, word e, word f)
{
    register word a7 asm("a7") = number, a0 asm("a0") = a, a1 asm("a1") = b, a2 asm("a2") = c, a3 asm("a3") = d, a4 asm("a4") = e, a5 asm("a5") = f;
    asm volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5) : "memory");
    return a0;
}

static void load(u32 instruction)
{
    static u32 loaded;
    volatile unsigned short *code = (unsigned short *)CODE;
    if (loaded == instruction) return;
    loaded = instruction;
    int n = 0;
    code[n++] = instruction;
    if ((instruction & 3) == 3) code[n++] = instruction >> 16;
    code[n++] = 0x8067; // ret
    code[n++] = 0x0000;
    asm volatile("fence.i" ::: "memory");
}

static int transfer(word number, char *bytes, word count)
{
    while (count > 0)
    {
        word done = call(number, number == SYS_write, (word)bytes, count, 0, 0, 0);
        if (done <= 0) return 0;
        bytes += done;
        count -= done;
    }
    return 1;
}

void run(void)
{
    static struct request requests[BATCH];
    static struct answer answers[BATCH];
    struct { word handler, flags; u64 mask; } action = { (word)recover, SA_NODEFER, 0 };
    call(SYS_rt_sigaction, SIGILL, (word)&action, 0, 8, 0, 0);
    call(SYS_rt_sigaction, SIGSEGV, (word)&action, 0, 8, 0, 0);
    call(SYS_rt_sigaction, SIGBUS, (word)&action, 0, 8, 0, 0);
    call(SYS_mmap, DATA, PAGE_SIZE, PROT_RWX, MAP_PRIVATE_FIXED_ANONYMOUS, -1, 0);
    call(SYS_mmap, CODE, PAGE_SIZE, PROT_RWX, MAP_PRIVATE_FIXED_ANONYMOUS, -1, 0);
    u64 *data = (u64 *)(DATA + OPERAND_OFFSET);
    u32 count;
    while (transfer(SYS_read, (char *)&count, sizeof count) && count <= BATCH)
    {
        if (!transfer(SYS_read, (char *)requests, count * sizeof requests[0])) break;
        for (u32 i = 0; i < count; i++)
        {
            data[0] = requests[i].memory[0];
            data[1] = requests[i].memory[1];
            load(requests[i].instruction);
            answers[i].failed = execute(&requests[i], &answers[i], (void *)CODE);
            answers[i].x = (u64)(long long)(word)answers[i].x;
            answers[i].memory[0] = data[0];
            answers[i].memory[1] = data[1];
        }
        if (!transfer(SYS_write, (char *)answers, count * sizeof answers[0])) break;
    }
    call(SYS_exit, 0, 0, 0, 0, 0, 0);
}
