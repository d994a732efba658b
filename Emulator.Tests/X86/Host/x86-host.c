// Executes instructions on the processor that it runs on, in 64-bit mode and in 32-bit compatibility mode, and tells what they left:
// registers, flags, SSE state, memory, or the exception. Requests come on standard input in batches, answers go to standard output.
// There is no C library: FS and GS are the tests', and nothing but what is here may run between two requests.
// The addresses (CODE, DATA, ...) are given by the compiler's command line and are the same in the emulated machine.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

enum { PAGE = 4096, MAX_CODE = 160, PATCHES = 3, PATCH = 64, EXITS = 16, EXIT_BYTES = 16, MAX_BATCH = 4096 };
enum { SYS_read = 0, SYS_write = 1, SYS_mmap = 9, SYS_mprotect = 10, SYS_rt_sigaction = 13, SYS_setitimer = 38, SYS_exit = 60,
       SYS_sigaltstack = 131, SYS_set_thread_area_32 = 243 };
enum { PROT_R = 1, PROT_W = 2, PROT_X = 4, MAP_FIXED_ANONYMOUS = 0x32 };
enum { SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11, SIGALRM = 14 };
enum { SA_SIGINFO = 4, SA_RESTORER = 0x04000000, SA_ONSTACK = 0x08000000, SA_NODEFER = 0x40000000 };
enum { NO_TRAP = 255, TRAP_TIMEOUT = 254 };
enum { CODE_BYTES = CODE_PAGES * PAGE, DATA_BYTES = DATA_PAGES * PAGE, STACK_BYTES = STACK_PAGES * PAGE };

struct patch { u64 address; u8 bytes[PATCH]; };

struct request
{
    u64 regs[16], rip, rflags;
    u32 mxcsr;
    u8 bits, code_length, patch_count, reserved;
    u8 xmm[16][16];
    u64 code_address;
    u8 code[MAX_CODE];
    struct patch patches[PATCHES];
};

struct answer
{
    u64 regs[16], rip, rflags;
    u32 mxcsr, trap;
    u64 error, address;
    u8 xmm[16][16];
    u16 selectors[8]; // ES, CS, SS, DS, FS, GS
    u64 differences; // followed by as many pairs of address and value
};

// What the assembler below reads and writes.
u64 in_regs[16], in_rip, in_rflags, out_regs[16], out_rflags, host_rsp;
u32 in_mxcsr, out_mxcsr, exit_index;
u16 out_selectors[8], fs_selector, gs_selector;
struct { u32 offset; u16 selector; } in_far __attribute__((aligned(8)));
u8 in_xmm[16][16] __attribute__((aligned(16))), out_xmm[16][16] __attribute__((aligned(16)));
int exited;

void enter64(void);
void enter32(void);
void exit64(void);
void signal_entry(void);
void signal_restorer(void);

__asm__(
    ".macro load_vectors\n"
    "  ldmxcsr in_mxcsr\n"
    "  .irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n  movaps in_xmm+16*\\n, %xmm\\n\n  .endr\n"
    ".endm\n"
    ".macro push_saved\n  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n  mov %rsp, host_rsp\n.endm\n"
    ".macro pop_saved\n  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbp\n  pop %rbx\n.endm\n"
    ".macro load_registers\n"
    "  pushq in_rflags\n  popfq\n"
    "  mov in_regs, %rax\n  mov in_regs+8, %rcx\n  mov in_regs+16, %rdx\n  mov in_regs+24, %rbx\n"
    "  mov in_regs+32, %rsp\n  mov in_regs+40, %rbp\n  mov in_regs+48, %rsi\n  mov in_regs+56, %rdi\n"
    "  .irp n,8,9,10,11,12,13,14,15\n  mov in_regs+8*\\n, %r\\n\n  .endr\n"
    ".endm\n"
    ".text\n"
    ".globl enter64, enter32, exit64, signal_entry, signal_restorer\n"
    ".macro load_selectors\n"
    "  mov $0x2b, %eax\n  mov %eax, %ds\n  mov %eax, %es\n  mov %eax, %ss\n  movw fs_selector, %fs\n  movw gs_selector, %gs\n"
    ".endm\n"
    "enter64:\n  push_saved\n  load_selectors\n  load_vectors\n  load_registers\n  jmp *in_rip\n"
    "enter32:\n  push_saved\n  load_selectors\n  load_vectors\n  load_registers\n  ljmpl *in_far\n"
    // A case ended at one of the exits: flags are not touched until they are saved.
    "exit64:\n"
    "  mov %rax, out_regs\n  mov %rcx, out_regs+8\n  mov %rdx, out_regs+16\n  mov %rbx, out_regs+24\n"
    "  mov %rsp, out_regs+32\n  mov %rbp, out_regs+40\n  mov %rsi, out_regs+48\n  mov %rdi, out_regs+56\n"
    "  .irp n,8,9,10,11,12,13,14,15\n  mov %r\\n, out_regs+8*\\n\n  .endr\n"
    "  mov host_rsp, %rsp\n  pushfq\n  popq out_rflags\n"
    "  movw %es, out_selectors\n  movw %ss, out_selectors+4\n  movw %ds, out_selectors+6\n  movw %fs, out_selectors+8\n  movw %gs, out_selectors+10\n"
    "  pushq $2\n  popfq\n" // direction and alignment check off
    "  stmxcsr out_mxcsr\n"
    "  .irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n  movaps %xmm\\n, out_xmm+16*\\n\n  .endr\n"
    "  movl $1, exited\n"
    "  pop_saved\n  ret\n"
    // The kernel leaves AC as it was, and ID, which it does not restore either when the handler returns.
    "signal_entry:\n"
    "  pushfq\n  andl $~0x40400, (%rsp)\n  popfq\n  mov %rsp, %rbx\n  mov %rdx, %rsi\n  and $-16, %rsp\n  call on_signal\n"
    "  test %eax, %eax\n  jz 1f\n  mov host_rsp, %rsp\n  pop_saved\n  ret\n"
    "1:  mov %rbx, %rsp\n  ret\n"
    "signal_restorer:\n  mov $15, %eax\n  syscall\n"
    ".globl _start\n"
    "_start:\n  xor %ebp, %ebp\n  and $-16, %rsp\n  call start\n");

static long call6(long number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
    register u64 r10 __asm__("r10") = d;
    register u64 r8 __asm__("r8") = e;
    register u64 r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}

static void fail(int code) { call6(SYS_exit, code, 0, 0, 0, 0, 0); for (;;) ; }

static void check(long result, int code) { if (result < 0) fail(code); }

static void copy(void *to, const void *from, u64 bytes) { __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) :: "memory"); }

void *memcpy(void *to, const void *from, u64 bytes) { copy(to, from, bytes); return to; }

void *memset(void *to, int value, u64 bytes)
{
    void *at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(value) : "memory");
    return to;
}

// Content of memory before patches; the emulated machine has the same.
static u64 content(u64 address)
{
    u64 z = (address >> 3) * 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    return z ^ (z >> 27);
}

// The kernel leaves these as they were when a signal comes; of 64-bit programs it saves CS and SS only.
static void save_selectors(u16 *to, u16 cs, u16 ss)
{
    __asm__ volatile("movw %%es, %0\n movw %%ds, %1\n movw %%fs, %2\n movw %%gs, %3" : "=m"(to[0]), "=m"(to[3]), "=m"(to[4]), "=m"(to[5]));
    to[1] = cs;
    to[2] = ss;
}

static u64 case_number, tick_number;
static struct answer *current;

struct saved_context
{
    u64 flags, link, stack[3];
    u64 r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
    u16 cs, gs, fs, ss;
    u64 err, trapno, oldmask, cr2;
    u8 *fpstate;
};

// Returns 0 to go on where the signal came.
int on_signal(int number, struct saved_context *c)
{
    int in_case = c->cs == 0x23 || c->rip - CODE < CODE_BYTES || number != SIGALRM;
    if (number == SIGALRM && (!in_case || tick_number != case_number))
    {
        tick_number = case_number;
        return 0;
    }

    if (!current) fail(20);
    struct answer *a = current;
    u64 regs[16] = { c->rax, c->rcx, c->rdx, c->rbx, c->rsp, c->rbp, c->rsi, c->rdi, c->r8, c->r9, c->r10, c->r11, c->r12, c->r13, c->r14, c->r15 };
    copy(a->regs, regs, sizeof regs);
    a->rip = c->rip;
    a->rflags = c->eflags;
    a->trap = number == SIGALRM ? TRAP_TIMEOUT : (u32)c->trapno;
    a->error = c->err;
    a->address = c->cr2;
    copy(&a->mxcsr, c->fpstate + 24, 4);
    copy(a->xmm, c->fpstate + 160, 256);
    save_selectors(a->selectors, c->cs, c->ss);
    exited = 0;
    return 1;
}

static u8 signal_stack[65536] __attribute__((aligned(64)));

static void catch_signals(void)
{
    struct { void *sp; int flags; u64 size; } stack = { signal_stack, 0, sizeof signal_stack };
    check(call6(SYS_sigaltstack, (u64)&stack, 0, 0, 0, 0, 0), 2);
    struct { void *handler; u64 flags; void *restorer; u64 mask; } action =
        { signal_entry, SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_NODEFER, signal_restorer, 0 };
    static const int signals[] = { SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGALRM };
    for (u64 i = 0; i < sizeof signals / sizeof *signals; i++) check(call6(SYS_rt_sigaction, signals[i], (u64)&action, 0, 8, 0, 0), 3);
    long timer[4] = { 1, 0, 1, 0 };
    check(call6(SYS_setitimer, 0, (u64)timer, 0, 0, 0, 0), 4);
}

static void map(u64 address, u64 bytes, int protection)
{
    check(call6(SYS_mmap, address, bytes, protection, MAP_FIXED_ANONYMOUS, -1ul, 0) == (long)address ? 0 : -1, 5);
}

// FS and GS get descriptors, so that their bases are the same in both modes.
static u32 segment(u64 base)
{
    static struct { u32 entry, base, limit, flags; } descriptor;
    descriptor = (typeof(descriptor)){ -1u, (u32)base, 0xfffff, 0x51 }; // 32-bit, pages, usable
    int result; // a call of the 32-bit kernel interface only
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(SYS_set_thread_area_32), "b"(&descriptor) : "memory", "r8", "r9", "r10", "r11");
    check(result, 6);
    return descriptor.entry * 8 + 3;
}

static u8 *put32(u8 *at, u32 value) { copy(at, &value, 4); return at + 4; }

// All exits end in 64-bit mode, where no data segment is needed: those of 32-bit code jump to others after the ones of 64-bit code.
static void build_exits(void)
{
    for (u32 i = 0; i < 2 * EXITS; i++)
    {
        u8 *at = (u8 *)(u64)(EXIT64 + i * EXIT_BYTES);
        *at++ = 0xc7, *at++ = 0x04, *at++ = 0x25; // mov dword [exit_index], i
        at = put32(at, (u32)(u64)&exit_index);
        at = put32(at, i);
        *at++ = 0xe9;
        put32(at, (u32)((u64)exit64 - (u64)at - 4));
    }

    for (u32 i = 0; i < EXITS; i++)
    {
        u8 *at = (u8 *)(u64)(EXIT32 + i * EXIT_BYTES);
        *at++ = 0xea; // jmp 0x33:...
        at = put32(at, (u32)(EXIT64 + (EXITS + i) * EXIT_BYTES));
        *at++ = 0x33, *at = 0;
    }

    check(call6(SYS_mprotect, EXIT64, PAGE, PROT_R | PROT_X, 0, 0, 0), 11);
    check(call6(SYS_mprotect, EXIT32, PAGE, PROT_R | PROT_X, 0, 0, 0), 12);
}

static u64 data_before[DATA_BYTES / 8], stack_before[STACK_BYTES / 8];

static void fill(u64 address, u64 *before, u64 bytes)
{
    for (u64 i = 0; i < bytes / 8; i++) ((u64 *)address)[i] = before[i] = content(address + i * 8);
}

static void set_up(void)
{
    map(CODE, CODE_BYTES, PROT_R | PROT_W | PROT_X);
    memset((void *)CODE, 0xcc, CODE_BYTES);
    map(DATA, DATA_BYTES, PROT_R | PROT_W);
    map(STACK, STACK_BYTES, PROT_R | PROT_W);
    map(EXIT64, PAGE, PROT_R | PROT_W | PROT_X);
    map(EXIT32, PAGE, PROT_R | PROT_W | PROT_X);
    fill(DATA, data_before, DATA_BYTES);
    fill(STACK, stack_before, STACK_BYTES);
    check(call6(SYS_mprotect, DATA + DATA_BYTES - PAGE, PAGE, PROT_R, 0, 0, 0), 7); // the last page is read-only
    build_exits();
    fs_selector = (u16)segment(FS_BASE);
    gs_selector = (u16)segment(GS_BASE);
}

static int within(u64 address, u64 start, u64 bytes) { return address - start < bytes; }

static int is_writable(u64 address) { return within(address, DATA, DATA_BYTES - PAGE) || within(address, STACK, STACK_BYTES); }

static u64 *differences(u64 *to, u64 start, u64 *before, u64 bytes)
{
    u64 *now = (u64 *)start;
    for (u64 i = 0; i < bytes / 8; i++)
    {
        if (now[i] == before[i]) continue;
        *to++ = start + i * 8;
        *to++ = now[i];
        now[i] = before[i];
    }

    return to;
}

static u64 *run(struct request *q, u64 *to)
{
    struct answer *a = (struct answer *)to;
    for (u64 i = 0; i < q->code_length; i++)
    {
        u64 at = q->code_address + i;
        if (within(at, CODE, CODE_BYTES)) *(u8 *)at = q->code[i];
    }

    for (u64 i = 0; i < q->patch_count; i++)
    {
        for (u64 j = 0; j < PATCH; j++)
        {
            u64 at = q->patches[i].address + j;
            if (is_writable(at)) *(u8 *)at = q->patches[i].bytes[j];
        }
    }

    copy(in_regs, q->regs, sizeof in_regs);
    copy(in_xmm, q->xmm, sizeof in_xmm);
    in_rip = q->rip;
    in_rflags = q->rflags;
    in_mxcsr = q->mxcsr;
    in_far.offset = (u32)q->rip;
    in_far.selector = 0x23;
    current = a;
    case_number++;
    if (q->bits == 64) enter64();
    else enter32();
    __asm__ volatile("" ::: "memory");
    current = 0;
    if (exited)
    {
        copy(a->regs, out_regs, sizeof out_regs);
        copy(a->xmm, out_xmm, sizeof out_xmm);
        int is32 = exit_index >= EXITS;
        a->rip = (is32 ? EXIT32 : EXIT64) + exit_index % EXITS * EXIT_BYTES;
        copy(a->selectors, out_selectors, sizeof out_selectors);
        a->selectors[1] = is32 ? 0x23 : 0x33;
        a->rflags = out_rflags;
        a->mxcsr = out_mxcsr;
        a->trap = NO_TRAP;
        a->error = a->address = 0;
    }

    u64 *end = differences((u64 *)(a + 1), DATA, data_before, DATA_BYTES - PAGE);
    end = differences(end, STACK, stack_before, STACK_BYTES);
    a->differences = (u64)(end - (u64 *)(a + 1)) / 2;
    return end;
}

static int read_all(void *to, u64 bytes)
{
    while (bytes > 0)
    {
        long n = call6(SYS_read, 0, (u64)to, bytes, 0, 0, 0);
        if (n == -4) continue;
        if (n <= 0) return 0;
        to = (u8 *)to + n;
        bytes -= (u64)n;
    }

    return 1;
}

static void write_all(const void *from, u64 bytes)
{
    while (bytes > 0)
    {
        long n = call6(SYS_write, 1, (u64)from, bytes, 0, 0, 0);
        if (n == -4) continue;
        check(n, 8);
        from = (const u8 *)from + n;
        bytes -= (u64)n;
    }
}

static struct request requests[MAX_BATCH];
static u64 answers[1 << 20]; // flushed when an answer might not fit

void start(void)
{
    const u64 largest = sizeof(struct answer) / 8 + (DATA_BYTES + STACK_BYTES) / 4;
    set_up();
    catch_signals();
    u32 count;
    while (read_all(&count, sizeof count))
    {
        if (count > MAX_BATCH) fail(9);
        if (!read_all(requests, count * sizeof *requests)) fail(10);
        u64 *to = answers;
        for (u32 i = 0; i < count; i++)
        {
            to = run(&requests[i], to);
            if (to + largest <= answers + sizeof answers / 8) continue;
            write_all(answers, (u64)((u8 *)to - (u8 *)answers));
            to = answers;
        }

        write_all(answers, (u64)((u8 *)to - (u8 *)answers));
    }

    fail(0);
}
