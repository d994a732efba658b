// Runs RISC-V F, D and Zfh instructions under QEMU's user mode. Rounding modes are frm's numbers, flags are fflags.
// Operands come NaN-boxed in a, b, c (an integer in a); results are the whole register.
#include "oracle.h"

#define RUN(function, instruction, move)                                                                \
    static void function(const struct request *q, struct answer *r)                                     \
    {                                                                                                   \
        uint64_t csr = (uint64_t)q->rounding << 5, result;                                              \
        asm volatile(".option push\n .option arch, +zfh\n"                                              \
                     "fmv.d.x ft1, %[a]\n fmv.d.x ft2, %[b]\n fmv.d.x ft3, %[c]\n fscsr %[csr]\n"        \
                     instruction "\n frcsr %[csr]\n" move "\n .option pop"                              \
                     : [r] "=&r"(result), [csr] "+r"(csr)                                               \
                     : [a] "r"(q->a), [b] "r"(q->b), [c] "r"(q->c) : "ft0", "ft1", "ft2", "ft3");       \
        r->result = result;                                                                             \
        r->flags = csr & 31;                                                                            \
    }
#define FLOAT(name, function, instruction) RUN(function, instruction, "fmv.x.d %[r], ft0")
#define INTEGER(name, function, instruction) RUN(function, instruction, "")

#define FORMAT(OPF, OPI, f)                                             \
    OPF("add." #f, add_##f, "fadd." #f " ft0, ft1, ft2")                \
    OPF("sub." #f, sub_##f, "fsub." #f " ft0, ft1, ft2")                \
    OPF("mul." #f, mul_##f, "fmul." #f " ft0, ft1, ft2")                \
    OPF("div." #f, div_##f, "fdiv." #f " ft0, ft1, ft2")                \
    OPF("sqrt." #f, sqrt_##f, "fsqrt." #f " ft0, ft1")                  \
    OPF("madd." #f, madd_##f, "fmadd." #f " ft0, ft1, ft2, ft3")        \
    OPF("msub." #f, msub_##f, "fmsub." #f " ft0, ft1, ft2, ft3")        \
    OPF("nmsub." #f, nmsub_##f, "fnmsub." #f " ft0, ft1, ft2, ft3")     \
    OPF("nmadd." #f, nmadd_##f, "fnmadd." #f " ft0, ft1, ft2, ft3")     \
    OPF("min." #f, min_##f, "fmin." #f " ft0, ft1, ft2")                \
    OPF("max." #f, max_##f, "fmax." #f " ft0, ft1, ft2")                \
    OPI("eq." #f, eq_##f, "feq." #f " %[r], ft1, ft2")                  \
    OPI("lt." #f, lt_##f, "flt." #f " %[r], ft1, ft2")                  \
    OPI("le." #f, le_##f, "fle." #f " %[r], ft1, ft2")                  \
    OPI("class." #f, class_##f, "fclass." #f " %[r], ft1")              \
    OPI("cvt.w." #f, cvt_w_##f, "fcvt.w." #f " %[r], ft1")              \
    OPI("cvt.wu." #f, cvt_wu_##f, "fcvt.wu." #f " %[r], ft1")           \
    OPI("cvt.l." #f, cvt_l_##f, "fcvt.l." #f " %[r], ft1")              \
    OPI("cvt.lu." #f, cvt_lu_##f, "fcvt.lu." #f " %[r], ft1")           \
    OPF("cvt." #f ".w", cvt_##f##_w, "fcvt." #f ".w ft0, %[a]")         \
    OPF("cvt." #f ".wu", cvt_##f##_wu, "fcvt." #f ".wu ft0, %[a]")      \
    OPF("cvt." #f ".l", cvt_##f##_l, "fcvt." #f ".l ft0, %[a]")         \
    OPF("cvt." #f ".lu", cvt_##f##_lu, "fcvt." #f ".lu ft0, %[a]")

#define ALL(OPF, OPI)                                                   \
    FORMAT(OPF, OPI, h) FORMAT(OPF, OPI, s) FORMAT(OPF, OPI, d)         \
    OPF("cvt.s.h", cvt_s_h, "fcvt.s.h ft0, ft1")                        \
    OPF("cvt.d.h", cvt_d_h, "fcvt.d.h ft0, ft1")                        \
    OPF("cvt.h.s", cvt_h_s, "fcvt.h.s ft0, ft1")                        \
    OPF("cvt.d.s", cvt_d_s, "fcvt.d.s ft0, ft1")                        \
    OPF("cvt.h.d", cvt_h_d, "fcvt.h.d ft0, ft1")                        \
    OPF("cvt.s.d", cvt_s_d, "fcvt.s.d ft0, ft1")

#define ROW(name, function, instruction) { name, function },
ALL(FLOAT, INTEGER)
static const struct operation operations[] = { ALL(ROW, ROW) };

int main(int argc, char **argv)
{
    (void)argv;
    return serve(operations, sizeof operations / sizeof *operations, argc > 1);
}
