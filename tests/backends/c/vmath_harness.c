/* vmath.h behind functions that ctypes can call, and a judge of float results. */
#include "vmath.h"

#include <stdint.h>

#define FUNCTIONS(F) \
    F(exp) F(log) F(log1p) F(sqrt) F(rsqrt) F(erf) F(tanh) F(sigmoid) F(softplus) F(abs) F(sign) F(neg)
#define FUNCTIONS_OF_TWO(F) F(maximum) F(minimum) F(pow)

#define APPLIED(name) \
    void apply_##name(const real *x, real *y, i64 n) { \
        for (i64 i = 0; i < n; i += LANES) ST(y + i, v_##name(LD(x + i))); \
    }
#define APPLIED_TO_TWO(name) \
    void apply_##name(const real *a, const real *b, real *y, i64 n) { \
        for (i64 i = 0; i < n; i += LANES) ST(y + i, v_##name(LD(a + i), LD(b + i))); \
    }
FUNCTIONS(APPLIED)
FUNCTIONS_OF_TWO(APPLIED_TO_TWO)

/* With b constant, where the compiler simplifies. */
void apply_relu(const real *x, real *y, i64 n) {
    for (i64 i = 0; i < n; i += LANES) ST(y + i, v_maximum(LD(x + i), S(0)));
}

void repeat(void (*apply)(const real *, real *, i64), const real *x, real *y, i64 n, i64 times) {
    while (times--) apply(x, y, n);
}

void apply_splat(const real *x, real *y) { ST(y, S(*x)); }
void apply_lane(real *y) { ST(y, LANE); }
void apply_sel(const real *x, real *y) { ST(y, sel(LD(x) > 0, LD(x), S(-7))); }
real apply_hsum(const real *x) { return hsum(LD(x)); }
real apply_hmax(const real *x) { return hmax(LD(x)); }

void apply_transpose(const real *q, i64 ld, real *o, i64 ldo, i64 N, i64 K) { transpose(q, ld, o, ldo, N, K); }

/* n is a constant where generated code says STN, and in each of these cases. */
void apply_stn(real *p, const real *x, i64 n) {
    switch (n) {
    case 1: STN(p, LD(x), 1); break;
    case 2: STN(p, LD(x), 2); break;
#if LANES > 2
    case 3: STN(p, LD(x), 3); break;
    case 4: STN(p, LD(x), 4); break;
#endif
#if LANES > 4
    case 5: STN(p, LD(x), 5); break;
    case 7: STN(p, LD(x), 7); break;
#endif
#if LANES > 8
    case 13: STN(p, LD(x), 13); break;
    case 15: STN(p, LD(x), 15); break;
#endif
    }
}

/* Denormal arguments and results as zeros, as the engine runs, or as they are. */
void flush_denormals(int on) {
#if defined(__x86_64__)
    unsigned state = __builtin_ia32_stmxcsr(), bits = 0x8040;
    __builtin_ia32_ldmxcsr(on ? state | bits : state & ~bits);
#elif defined(__aarch64__)
    uint64_t state, bit = 1 << 24;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state));
    __asm__ volatile("msr fpcr, %0" : : "r"(on ? state | bit : state & ~bit));
#endif
}

#if !SPECDL_DOUBLE
static double ulps(float y, double exact) {
    float nearest = (float)exact;
    if (exact != exact) return y != y ? 0 : INFINITY;
    if (y != y || !signbit(y) != !signbit(exact)) return INFINITY;
    if (isinf(nearest) || isinf(y)) return y == nearest ? 0 : INFINITY;
    if (fabs(exact) < 0x1.000008p-126) return y == 0 ? 0 : fabs(y - exact) / 0x1p-149; /* the least normal ones may round down */
    uint64_t bits;
    memcpy(&bits, &exact, sizeof bits);
    bits &= 0x7ff0000000000000u;
    double power;
    memcpy(&power, &bits, sizeof power);
    return fabs(y - exact) / (power * 0x1p-23);
}

/* The largest error in ulp, INFINITY where the kind or the sign is wrong, and where it is. */
double worst(const float *y, const double *exact, i64 n, i64 *at) {
    double most = 0;
    *at = 0;
    for (i64 i = 0; i < n; i++) {
        double error = ulps(y[i], exact[i]);
        if (error > most) most = error, *at = i;
    }
    return most;
}
#endif
