// Runs SSE2, FMA3, F16C and AVX-512F scalar instructions on the host's own processor, which shares no code with any
// emulator. Rounding modes and flags are translated to the numbers the tests use (those of RISC-V, with denormal = 32).
#include "oracle.h"

static unsigned mxcsr_of(uint32_t rounding)
{
    static const unsigned control[] = { 0, 3, 1, 2 };
    return 0x1f80 | control[rounding & 3] << 13;
}

static uint64_t flags_of(unsigned mxcsr)
{
    return (mxcsr & 1) << 4 | (mxcsr & 2) << 4 | (mxcsr & 4) << 1 | (mxcsr & 8) >> 1 | (mxcsr & 16) >> 3 | (mxcsr & 32) >> 5;
}

#define RUN(function, instruction)                                                                      \
    static void function(const struct request *q, struct answer *r)                                     \
    {                                                                                                   \
        unsigned csr = mxcsr_of(q->rounding);                                                           \
        uint64_t result = 0;                                                                            \
        asm volatile("movq %[a], %%xmm1\n movq %[b], %%xmm2\n movq %[c], %%xmm3\n ldmxcsr %[csr]\n"       \
                     instruction "\n stmxcsr %[csr]"                                                    \
                     : [r] "+&r"(result), [csr] "+m"(csr)                                               \
                     : [a] "r"(q->a), [b] "r"(q->b), [c] "r"(q->c) : "xmm1", "xmm2", "xmm3", "cc");     \
        r->result = result;                                                                             \
        r->flags = flags_of(csr);                                                                       \
    }
#define FLOAT(name, function, instruction) RUN(function, instruction "\n movq %%xmm1, %[r]")
#define INTEGER(name, function, instruction) RUN(function, instruction)

#define SSE(OPF, OPI, f, s)                                                     \
    OPF("add." #f, add_##f, "adds" #s " %%xmm2, %%xmm1")                        \
    OPF("sub." #f, sub_##f, "subs" #s " %%xmm2, %%xmm1")                        \
    OPF("mul." #f, mul_##f, "muls" #s " %%xmm2, %%xmm1")                        \
    OPF("div." #f, div_##f, "divs" #s " %%xmm2, %%xmm1")                        \
    OPF("sqrt." #f, sqrt_##f, "sqrts" #s " %%xmm1, %%xmm1")                     \
    OPI("lt." #f, lt_##f, "cmplts" #s " %%xmm2, %%xmm1\n movd %%xmm1, %k[r]\n and $1, %[r]")  \
    OPI("le." #f, le_##f, "cmples" #s " %%xmm2, %%xmm1\n movd %%xmm1, %k[r]\n and $1, %[r]")  \
    OPI("eq." #f, eq_##f, "cmpeqs" #s " %%xmm2, %%xmm1\n movd %%xmm1, %k[r]\n and $1, %[r]")  \
    OPI("cvt.w." #f, cvt_w_##f, "cvts" #s "2si %%xmm1, %k[r]")                  \
    OPI("cvt.l." #f, cvt_l_##f, "cvts" #s "2si %%xmm1, %[r]")                   \
    OPF("cvt." #f ".w", cvt_##f##_w, "xorps %%xmm1, %%xmm1\n cvtsi2s" #s "l %k[a], %%xmm1")   \
    OPF("cvt." #f ".l", cvt_##f##_l, "xorps %%xmm1, %%xmm1\n cvtsi2s" #s "q %[a], %%xmm1")

#define FMA(OPF, f, s)                                                          \
    OPF("madd." #f, madd_##f, "vfmadd132s" #s " %%xmm2, %%xmm3, %%xmm1")        \
    OPF("msub." #f, msub_##f, "vfmsub132s" #s " %%xmm2, %%xmm3, %%xmm1")        \
    OPF("nmsub." #f, nmsub_##f, "vfnmadd132s" #s " %%xmm2, %%xmm3, %%xmm1")     \
    OPF("nmadd." #f, nmadd_##f, "vfnmsub132s" #s " %%xmm2, %%xmm3, %%xmm1")

#define AVX512(OPF, OPI, f, s)                                                  \
    OPI("cvt.wu." #f, cvt_wu_##f, "vcvts" #s "2usi %%xmm1, %k[r]")              \
    OPI("cvt.lu." #f, cvt_lu_##f, "vcvts" #s "2usi %%xmm1, %[r]")               \
    OPF("cvt." #f ".wu", cvt_##f##_wu, "vxorps %%xmm1, %%xmm1, %%xmm1\n vcvtusi2s" #s "l %k[a], %%xmm1, %%xmm1") \
    OPF("cvt." #f ".lu", cvt_##f##_lu, "vxorps %%xmm1, %%xmm1, %%xmm1\n vcvtusi2s" #s "q %[a], %%xmm1, %%xmm1")

// Each group needs the processor's word for it, in this order; the table is cut before the first one that is missing.
#define BASE(OPF, OPI)                                                          \
    SSE(OPF, OPI, s, s) SSE(OPF, OPI, d, d)                                     \
    OPF("cvt.d.s", cvt_d_s, "cvtss2sd %%xmm1, %%xmm1")                          \
    OPF("cvt.s.d", cvt_s_d, "cvtsd2ss %%xmm1, %%xmm1")
#define FUSED(OPF, OPI) FMA(OPF, s, s) FMA(OPF, d, d)
#define HALF(OPF, OPI) OPF("cvt.h.s", cvt_h_s, "vcvtps2ph $4, %%xmm1, %%xmm1")
#define UNSIGNED(OPF, OPI) AVX512(OPF, OPI, s, s) AVX512(OPF, OPI, d, d)

#define ROW(name, function, instruction) { name, function },
#define ONE(name, function, instruction) + 1
BASE(FLOAT, INTEGER) FUSED(FLOAT, INTEGER) HALF(FLOAT, INTEGER) UNSIGNED(FLOAT, INTEGER)
static const struct operation operations[] = { BASE(ROW, ROW) FUSED(ROW, ROW) HALF(ROW, ROW) UNSIGNED(ROW, ROW) };

int main(int argc, char **argv)
{
    unsigned count = 0 BASE(ONE, ONE);
    (void)argv;
    if (__builtin_cpu_supports("fma"))
    {
        count += 0 FUSED(ONE, ONE);
        if (__builtin_cpu_supports("f16c"))
        {
            count += 0 HALF(ONE, ONE);
            count += __builtin_cpu_supports("avx512f") ? 0 UNSIGNED(ONE, ONE) : 0;
        }
    }
    return serve(operations, count, argc > 1);
}
