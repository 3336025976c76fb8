/* Vectors of LANES numbers and elementary functions on them, in the vector extensions of GCC and clang.
 *
 * SPECDL_DOUBLE (0 or 1) and LANES (16, 8, 4 or 2) are defined before this text. No header of intrinsics is
 * included: those of x86 alone take longer to read than most libraries take to compile.
 *
 * float: own code, at most 3 ulp from the exact value for every argument (docs/elementary-functions.md), with
 * or without contraction to FMA, and never with -ffast-math. Signs of zero, infinities and NaN are kept.
 * Denormals: a result below 2^-126 may be given as 0. A denormal argument is treated exactly, or as the 0
 * it is read as where the processor runs with denormals-are-zero; both are right for every normal result.
 * double: libm, lane by lane.
 */
#include <math.h>
#include <string.h>

typedef long long i64;
#if SPECDL_DOUBLE
#define OF_REALS "pd" /* how x86 names instructions on vectors of them */
#define SQRT __builtin_sqrt
typedef double real;
typedef i64 whole; /* an integer as wide as a real */
typedef unsigned long long unsigned_whole;
#else
#define OF_REALS "ps"
#define SQRT __builtin_sqrtf
typedef float real;
typedef int whole;
typedef unsigned unsigned_whole;
#endif

/* Loads and stores are unaligned, and may look at memory of any type. */
#define VECTOR_OF_LANES __attribute__((vector_size(LANES * sizeof(real)), aligned(sizeof(real)), may_alias))
typedef real v VECTOR_OF_LANES;
typedef whole vi VECTOR_OF_LANES;
typedef unsigned_whole vu VECTOR_OF_LANES; /* integers that may go around, as in lanes that nobody reads */

#pragma GCC diagnostic ignored "-Wpsabi" /* no vector crosses a call: everything here is inlined */
#define INLINE static inline __attribute__((always_inline, unused))

/* EACH_LANE(F, k) lists F(lane, k) for each lane. */
#define LANES_2(F, k, i) F((i), k), F((i) + 1, k)
#define LANES_4(F, k, i) LANES_2(F, k, i), LANES_2(F, k, (i) + 2)
#define LANES_8(F, k, i) LANES_4(F, k, i), LANES_4(F, k, (i) + 4)
#if LANES == 16
#define EACH_LANE(F, k) LANES_8(F, k, 0), LANES_8(F, k, 8)
#elif LANES == 8
#define EACH_LANE(F, k) LANES_8(F, k, 0)
#elif LANES == 4
#define EACH_LANE(F, k) LANES_4(F, k, 0)
#elif LANES == 2
#define EACH_LANE(F, k) LANES_2(F, k, 0)
#else
#error "LANES is 16, 8, 4 or 2"
#endif

/* SHUFFLE(a, b, indices): lanes of a are 0 to LANES - 1, those of b follow. */
#if __has_builtin(__builtin_shufflevector)
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (vi){__VA_ARGS__})
#endif

#define LANE_ITSELF(i, k) (i)
#define LANE ((v){EACH_LANE(LANE_ITSELF, 0)})

/* ---- loads, stores, choice ---- */

#define LD(p) (*(const v *)(p))
#define ST(p, x) (*(v *)(p) = (x))

/* x in each lane. x - 0 is x, and compiles to that; x + 0 makes 0 of -0, and is an addition. */
INLINE v S(real x) { return x - (v){0}; }

/* The first n lanes; n is a constant, so that this is a store or two. */
INLINE void STN(real *p, v x, i64 n) { memcpy(p, &x, (size_t)n * sizeof(real)); }

/* a where the mask is set (-1, as comparisons leave it), b where it is not (0). */
INLINE v sel(vi mask, v a, v b) { return (v)((mask & (vi)a) | (~mask & (vi)b)); }

/* x where the mask is set, else 0. */
INLINE v kept(vi mask, v x) { return (v)(mask & (vi)x); }

/* ---- what is exact for both types ---- */

#define SIGN_BIT ((whole)(1ull << (8 * sizeof(real) - 1)))

INLINE v v_neg(v x) { return -x; }
INLINE v v_abs(v x) { return (v)((vi)x & ~SIGN_BIT); }
INLINE v with_sign(v size, v sign) { return (v)(((vi)size & ~SIGN_BIT) | ((vi)sign & SIGN_BIT)); }

/* 1, 0 or -1; 0 for NaN, as in torch. */
INLINE v v_sign(v x) { return kept(x > 0, S(1)) - kept(x < 0, S(1)); }

#define FOR_LANES for (int lane = 0; lane < LANES; lane++)

/* larger(a, b) is a > b ? a : b, thus b if either is NaN; smaller the same with <. x86's instructions are named
 * where vectors are registers: GCC finds those for larger and smaller only under -ffast-math, and for the root
 * GCC before 12 and clang before 17 go lane by lane. */
#define VECTOR_BYTES (LANES * (SPECDL_DOUBLE ? 8 : 4))
#if defined(__x86_64__) && \
    (defined(__AVX512F__) && VECTOR_BYTES == 64 || defined(__AVX__) && (VECTOR_BYTES == 32 || VECTOR_BYTES == 16))
#define BY_INSTRUCTION 1
INLINE v larger(v a, v b) {
    v y;
    __asm__("vmax" OF_REALS " %2, %1, %0" : "=v"(y) : "v"(a), "v"(b));
    return y;
}
INLINE v smaller(v a, v b) {
    v y;
    __asm__("vmin" OF_REALS " %2, %1, %0" : "=v"(y) : "v"(a), "v"(b));
    return y;
}
INLINE v v_sqrt(v x) {
    v y;
    __asm__("vsqrt" OF_REALS " %1, %0" : "=v"(y) : "v"(x));
    return y;
}
#else
INLINE v larger(v a, v b) { return sel(a > b, a, b); }
INLINE v smaller(v a, v b) { return sel(a < b, a, b); }
INLINE v v_sqrt(v x) { FOR_LANES x[lane] = SQRT(x[lane]); return x; }
#endif

/* A product that is rounded on its own, whatever it is added to: where both sides of a sum are products,
 * compilers differ, and one compiler from loop to loop, in which of them they fuse with it. */
#if __has_builtin(__builtin_assoc_barrier)
#define ROUNDED(x) __builtin_assoc_barrier(x)
#elif defined BY_INSTRUCTION
INLINE v ROUNDED(v x) {
    __asm__("" : "+v"(x));
    return x;
}
#elif __has_builtin(__arithmetic_fence)
#define ROUNDED(x) __arithmetic_fence(x)
#else
#define ROUNDED(x) (x)
#endif

/* An index or a pointer that is known from here on only: what is computed by it is computed here, not before. */
#define STAYS(at) __asm__ volatile("" : "+r"(at))

INLINE v v_rsqrt(v x) { return 1 / v_sqrt(x); }

/* NaN if either is. Where b is a constant, one instruction. */
INLINE v v_maximum(v a, v b) { return sel(b == b, larger(b, a), b); }
INLINE v v_minimum(v a, v b) { return sel(b == b, smaller(b, a), b); }

/* Bounds keep NaN. */
INLINE v at_most(v x, real bound) { return smaller(S(bound), x); }
INLINE v at_least(v x, real bound) { return larger(S(bound), x); }

#if SPECDL_DOUBLE
/* ---- double: libm ---- */

#define LIBM_OF_LANES(name, function) \
    INLINE v name(v x) { FOR_LANES x[lane] = function(x[lane]); return x; }

LIBM_OF_LANES(v_exp, exp)
LIBM_OF_LANES(v_log, log)
LIBM_OF_LANES(v_log1p, log1p)
LIBM_OF_LANES(v_erf, erf)
LIBM_OF_LANES(v_tanh, tanh)

INLINE v v_sigmoid(v x) { return 1 / (1 + v_exp(-x)); }
INLINE v v_softplus(v x) { return v_maximum(x, S(0)) + v_log1p(v_exp(-v_abs(x))); }
INLINE v v_pow(v a, v b) { FOR_LANES a[lane] = pow(a[lane], b[lane]); return a; }

#else
/* ---- float ---- */

/* By libm: exp(b log a) would lose digits with the size of b log a. */
INLINE v v_pow(v a, v b) { FOR_LANES a[lane] = powf(a[lane], b[lane]); return a; }

#define LOG2_E 0x1.715476p+0f
#define LN2 0x1.62e430p-1f
/* ln 2 in two parts (Cody and Waite): a whole number below 2^9 times the first is exact. */
#define LN2_HIGH 0x1.62e4p-1f
#define LN2_LOW 0x1.7f7d1cp-20f

#define MANTISSA_BITS 23
/* Adding it rounds to a whole number n, and leaves n in the low bits, above which there are only zeros as far as
 * a shift by MANTISSA_BITS keeps them. */
#define ROUNDING 0x1.8p23f
#define ONE_BITS 0x3f800000
#define FOUR_BITS 0x40800000

/* e^r for |r| <= ln(2) / 2, minimax (N. Juffa's expf). */
INLINE v exp_polynomial(v r) {
    v p = S(0x1.6850e4p-10f);
    p = p * r + 0x1.123bccp-7f;
    p = p * r + 0x1.555b98p-5f;
    p = p * r + 0x1.55548ep-3f;
    p = p * r + 0x1.fffff8p-2f;
    p = p * r + 1;
    return p * r + 1;
}

/* e^x where that is a normal number, anything elsewhere. x = n ln 2 + r; 2^n goes to the exponent as an integer. */
INLINE v exp_normal(v x) {
    v shifted = x * LOG2_E + ROUNDING, n = shifted - ROUNDING;
    v r = x - n * LN2_HIGH - n * LN2_LOW;
    return (v)((vu)exp_polynomial(r) + ((vu)shifted << MANTISSA_BITS));
}

#define EXP_LEAST -0x1.5d589ep+6f /* ln of the smallest normal number, and of the largest */
#define EXP_MOST 0x1.62e42ep+6f

INLINE v v_exp(v x) {
    v y = kept(x >= EXP_LEAST, exp_normal(x));
    return sel(x <= EXP_MOST, y, x + INFINITY); /* keeps NaN, which the integer addition may not */
}

/* 1 / (1 + e^-x). Beyond the bound of the result's normal numbers it is 0. */
INLINE v v_sigmoid(v x) {
    v bounded = at_least(x, -EXP_MOST);
    v y = 1 / (1 + exp_normal(-at_most(bounded, -EXP_LEAST)));
    return sel(x > -EXP_MOST, y, bounded + EXP_MOST); /* 0 or NaN */
}

/* tanh |x| = E / (E + 1) with E = (e^2|x| - 1) / 2, which keeps its digits near 0.
 * With r = |x| - n ln(2) / 2, E = 2^n (e^2r - 1) / 2 + (2^n - 1) / 2, by exp_polynomial's coefficients. */
#define TANH_MOST 9.02f /* 1 from here on */

INLINE v v_tanh(v x) {
    v size = at_most(v_abs(x), TANH_MOST);
    v shifted = size * (2 * LOG2_E) + ROUNDING, n = shifted - ROUNDING;
    v r = size - n * (LN2 / 2); /* n is small, and the larger it is, the less r matters */
    v power = (v)(((vu)shifted << MANTISSA_BITS) + ONE_BITS);
    v p = S(0x1.6850e4p-10f * 32);
    p = p * r + 0x1.123bccp-7f * 16;
    p = p * r + 0x1.555b98p-5f * 8;
    p = p * r + 0x1.55548ep-3f * 4;
    p = p * r + 0x1.fffff8p-2f * 2;
    p = p * (r * r) + r;
    v e = p * power + (power * 0.5f - 0.5f);
    return with_sign(e / (e + 1), x);
}

/* ln m for m in [2/3, 4/3) and the exponent (N. Juffa's logf). */
#define LOG_FROM 0x3f2aaaab /* bits of 2/3 */

INLINE v log_polynomial(v t) {
    v s = t * t;
    v r = S(-0.130187988f), u = S(0.140889585f);
    r = r * s + -0.121489584f;
    u = u * s + 0.139809534f;
    r = r * s + -0.166845024f;
    u = u * s + 0.200121149f;
    r = r * s + -0.249996364f;
    r = u * t + r;
    r = r * t + 0.333331943f;
    r = r * t + -0.5f;
    return r * s + t;
}

INLINE v v_log(v x) {
    vi denormal = x < 0x1p-126f;
    v scaled = sel(denormal, x * 0x1p25f, x);
    vi offset = (vi)((vu)scaled - LOG_FROM);
    v mantissa = (v)((offset & 0x7fffff) + LOG_FROM);
    v exponent = __builtin_convertvector(offset >> MANTISSA_BITS, v) - kept(denormal, S(25));
    v y = exponent * LN2 + log_polynomial(mantissa - 1);
    y = sel(x > 0, y, sel(x == 0, S(-INFINITY), S(NAN)));
    return sel(x < INFINITY, y, x); /* +inf and NaN themselves */
}

/* ln(1 + x) as k ln 2 + ln(1 + m), with 2^k (1 + m) = 1 + x and m in [-1/4, 1/2) (N. Juffa's log1pf).
 * m = x / 2^k + (1 / 2^k - 1), the first by an integer subtraction from the exponent. */
#define LOG1P_FROM 0x3f400000 /* bits of 3/4 */
#define EXPONENT_FIELD ((int)0xff800000)

/* For x > -1, finite. */
INLINE v log1p_normal(v x) {
    vi scale = (vi)((vu)(x + 1) - LOG1P_FROM) & EXPONENT_FIELD;
    v inverse4 = (v)(FOUR_BITS - (vu)scale); /* 4 / 2^k, normal where 1 / 2^k is not */
    v m = (v)((vu)x - (vu)scale);
    m = m - (1 - inverse4 * 0.25f); /* so written, -0 stays -0 */
    v minus_k = __builtin_convertvector(-(scale >> MANTISSA_BITS), v);
    v s = m * m;
    v r = S(-4.53948975e-2f), t = S(1.05468750e-1f);
    r = r * s + -1.32274792e-1f;
    t = t * s + 1.44911826e-1f;
    r = r * s + -1.66412741e-1f;
    t = t * s + 1.99887201e-1f;
    r = r * s + -2.50002742e-1f;
    r = t * m + r;
    r = r * m + 3.33335280e-1f;
    r = r * m + -4.99999970e-1f;
    r = r * s + m;
    return r - minus_k * LN2;
}

INLINE v v_log1p(v x) {
    v y = sel(x > -1, log1p_normal(x), sel(x == -1, S(-INFINITY), S(NAN)));
    return sel(x < INFINITY, y, x);
}

/* max(x, 0) + ln(1 + e^-|x|); e^-|x| below 2^-126 is 0. */
INLINE v v_softplus(v x) {
    v size = v_abs(x);
    v e = kept(size <= -EXP_LEAST, exp_normal(-size));
    return v_maximum(x, S(0)) + log1p_normal(e);
}

/* 1 - e^q(|x|) for larger x, x p(x^2) for smaller ones (N. Juffa's erff). */
#define ERF_SMALL 0.927734375f
#define ERF_MOST 4.0f /* 1 from here on */

INLINE v v_erf(v x) {
    v size = v_abs(x), s = x * x, t = at_most(size, ERF_MOST), tt = t * t;
    v q = t * -1.72853470e-5f + 3.83197126e-4f, u = t * -3.88396438e-3f + 2.42546219e-2f;
    q = q * tt + u;
    q = q * t + -1.06777877e-1f;
    q = q * t + -6.34846687e-1f;
    q = q * t + -1.28717512e-1f;
    q = q * t - t;
    v large = with_sign(1 - exp_normal(q), x);
    v p = S(-5.96761703e-4f);
    p = p * s + 4.99119423e-3f;
    p = p * s + -2.67681349e-2f;
    p = p * s + 1.12819925e-1f;
    p = p * s + -3.76125336e-1f;
    p = p * s + 1.12837917f;
    return sel(size > ERF_SMALL, large, p * x);
}
#endif

/* ---- sums and maxima over lanes, in halves: always the same order ---- */

#define LANE_TURNED(i, k) (((i) + (k)) % LANES)
#define TURNED(x, k) SHUFFLE(x, x, EACH_LANE(LANE_TURNED, k))

INLINE real hsum(v x) {
#if LANES > 8
    x += TURNED(x, 8);
#endif
#if LANES > 4
    x += TURNED(x, 4);
#endif
#if LANES > 2
    x += TURNED(x, 2);
#endif
    return x[0] + x[1];
}

/* The sum of LANES vectors, added up as hsum adds up lanes; r is used up. */
INLINE v sum_of_lanes(v *r) {
    _Pragma("GCC unroll 4") for (int half = LANES / 2; half; half /= 2)
        _Pragma("GCC unroll 8") for (int k = 0; k < half; k++) r[k] += r[k + half];
    return r[0];
}

/* NaN if any lane is. */
INLINE real hmax(v x) {
#if LANES > 8
    x = v_maximum(x, TURNED(x, 8));
#endif
#if LANES > 4
    x = v_maximum(x, TURNED(x, 4));
#endif
#if LANES > 2
    x = v_maximum(x, TURNED(x, 2));
#endif
    return v_maximum(x, TURNED(x, 1))[0];
}

/* ---- transpose ---- */

/* Rows j and j + k, and in them blocks of k lanes, swapped across the diagonal. */
#define LANE_UPPER(i, k) ((i) & (k) ? (i) - (k) + LANES : (i))
#define LANE_LOWER(i, k) ((i) & (k) ? (i) + LANES : (i) + (k))
#define CROSS(r, j, k) do { \
        v upper = (r)[j], lower = (r)[(j) + (k)]; \
        (r)[j] = SHUFFLE(upper, lower, EACH_LANE(LANE_UPPER, k)); \
        (r)[(j) + (k)] = SHUFFLE(upper, lower, EACH_LANE(LANE_LOWER, k)); \
    } while (0)
#define CROSS_ALL(r, k) _Pragma("GCC unroll 16") for (int j = 0; j < LANES; j++) if (!(j & (k))) CROSS(r, j, k)

/* The square of LANES rows r, in registers. */
INLINE void transpose_square(v *r) {
    CROSS_ALL(r, 1);
#if LANES > 2
    CROSS_ALL(r, 2);
#endif
#if LANES > 4
    CROSS_ALL(r, 4);
#endif
#if LANES > 8
    CROSS_ALL(r, 8);
#endif
}

/* o[k * ldo + n] = q[n * ld + k] for n < N, k < K. Rows of q are read in whole vectors, and rows of o written
 * up to the next multiple of LANES, with zeros beyond N. */
INLINE void transpose(const real *restrict q, i64 ld, real *restrict o, i64 ldo, i64 N, i64 K) {
    for (i64 n = 0; n < N; n += LANES)
        for (i64 k = 0; k < K; k += LANES) {
            v r[LANES];
            _Pragma("GCC unroll 16") for (int i = 0; i < LANES; i++)
                r[i] = n + i < N ? LD(q + (n + i) * ld + k) : S(0);
            transpose_square(r);
            _Pragma("GCC unroll 16") for (int i = 0; i < LANES; i++)
                if (k + i < K) ST(o + (k + i) * ldo + n, r[i]);
        }
}

/* ---- many sums at once ---- */

/* foldK: sums of lanes K apart, those of x where bit K of the lane is 0 and those of y where it is 1. Vectors
 * folded by all bits, the lowest first, leave in lane j the sum over vector j, added in one order for all j. */
#define LANE_CHOSEN(i, k) ((i) & (k) ? (i) + LANES : (i))
#define LANE_BESIDE(i, k) ((i) & (k) ? (i) - (k) + LANES : (i) + (k))
#define FOLD(k) \
    INLINE v fold##k(v x, v y) { \
        return SHUFFLE(x, y, EACH_LANE(LANE_CHOSEN, k)) + SHUFFLE(x, y, EACH_LANE(LANE_BESIDE, k)); \
    }
FOLD(1)
#if LANES > 2
FOLD(2)
#endif
#if LANES > 4
FOLD(4)
#endif
#if LANES > 8
FOLD(8)
#endif
