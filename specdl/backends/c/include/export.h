/* What exported code needs to run its nests one after another on one thread.

   Pasted in after the vector functions, which define `real` and `i64`. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

typedef void nest_fn(void *const *p, i64 samples, i64 lo, i64 hi, real *scratch);
typedef void numbers_fn(double lr, double t, double samples, real *s);

typedef struct {
    nest_fn *fn;
    i64 pointers;            /* how many it takes */
    i64 times, fixed;        /* units of work: times * samples + fixed */
} call;

typedef struct {
    const call *calls;
    const i64 *places;       /* bytes from the arena's begin to what the calls' pointers point to, in order */
    numbers_fn *numbers;     /* fills the slots */
    i64 slots, scratch;      /* places, too */
} schedule;

/* Run `count` calls on a batch that is in, from `c` on, whose places begin at `place`; what comes after those. */
static const i64 *run_calls(const schedule *s, char *arena, i64 samples, const call *c, const i64 *place, i64 count)
{
    void *p[MOST_POINTERS];
    for (const call *end = c + count; c < end; c++) {
        for (i64 k = 0; k < c->pointers; k++) p[k] = arena + *place++;
        i64 units = c->times * samples + c->fixed;
        if (units > 0) c->fn(p, samples, 0, units, (real *)(arena + s->scratch));
    }
    return place;
}

static void fill_slots(const schedule *s, char *arena, i64 samples, double lr, double t)
{
    s->numbers(lr, t, (double)samples, (real *)(arena + s->slots));
}

/* ---- Numbers in files: the least significant byte first, whatever this machine does. */

static inline void number_from(const unsigned char *from, real *to)
{
    uint64_t bits = 0;
    for (size_t k = 0; k < sizeof(real); k++) bits |= (uint64_t)from[k] << 8 * k;
#if SPECDL_DOUBLE
    memcpy(to, &bits, sizeof(real));
#else
    uint32_t half = (uint32_t)bits;
    memcpy(to, &half, sizeof(real));
#endif
}

static inline void number_to(real from, unsigned char *to)
{
#if SPECDL_DOUBLE
    uint64_t bits;
#else
    uint32_t bits;
#endif
    memcpy(&bits, &from, sizeof(real));
    for (size_t k = 0; k < sizeof(real); k++) to[k] = (unsigned char)(bits >> 8 * k);
}

/* ---- Denormals: flushed to zero while a call works, and the switch put back after. */

static uint64_t flush_denormals(void)
{
#if defined(__x86_64__)
    unsigned before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(before | 0x8040);
    return before;
#elif defined(__aarch64__)
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | (uint64_t)1 << 24));
    return before;
#else
    return 0;
#endif
}

static void restore_denormals(uint64_t before)
{
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr((unsigned)before);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
#else
    (void)before;
#endif
}
