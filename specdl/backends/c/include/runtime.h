/* The runtime of a generated library: nests run one after another on a team of threads, and whole
   stretches of training steps run with nothing but C between them.

   Pasted in after `nest.h` and the order; it needs `real`, `i64` and LANES. Whatever a structure points to
   belongs to the caller and outlives the call. Every number in a structure is 64 bits wide, so that it
   is laid out the same for every compiler and for ctypes. */

#include <string.h>
#include <time.h>

typedef void part_fn(void *job);

enum { BARRIER = 1, ALONE = 2 };                    /* flags of a call */
enum { DONE = 0, LATE = 1, NOT_FINITE = 2 };        /* why training stopped */
enum { BLOCK_ROWS = 128 };                          /* rows gathered at a time: their numbers stay in L1 */
enum { LONG_ROW = 128 };                            /* bytes: longer rows are left to memcpy */
enum { CHECK_NS = 250000 };                         /* the clock is read about this often */

typedef struct {
    nest_fn *fn;
    i64 base;                /* its pointers begin at schedule->pointers + base */
    i64 times, fixed;        /* units of work: times * samples + fixed */
    i64 grain;               /* threads' ranges are cut at multiples of this many units */
    i64 flags;               /* BARRIER: all threads meet before it; ALONE: the first thread runs all of it */
} call;

typedef struct {
    i64 lo, hi;              /* the units of one call that one thread runs */
} span;

typedef struct {
    const call *calls;
    i64 count;               /* calls in all */
    i64 early;               /* calls before the finite guard; those from here on commit the step */
    void *const *pointers;
    numbers_fn *numbers;     /* fills the slots; null where there are none */
    real *slots;
    const real *loss;        /* null where nothing is trained */
    real *scratch;           /* `scratch_each` numbers for each thread */
    i64 scratch_each;
    span *spans;             /* `count` for each thread, filled in here */
} schedule;

typedef struct {
    i64 threads;             /* the other fields are only read where this is more than 1 */
    void (*parallel)(part_fn *part, void *job, unsigned threads, unsigned flags);
    int (*thread)(void);     /* number of the calling thread in its team */
    int (*size)(void);       /* threads of that team: at most as many as were asked for */
    void (*barrier)(void);
} team;

typedef struct {
    const char *from;        /* one row for each sample, dense */
    i64 bytes;               /* of a row */
    char *to;                /* the batch's buffer */
    i64 pitch;               /* bytes from one row of the buffer to the next */
} column;

typedef struct {
    const schedule *schedule;
    const team *team;
    const order *order;
    const column *columns;
    i64 column_count;
    i64 batch_size;
    i64 steps_per_epoch;     /* the batch of a step is what its epoch has left, `batch_size` at most */
    i64 first;               /* number of the first step, counted from 0 over all epochs */
    i64 count;               /* steps to take */
    double first_t;          /* what the first step's numbers are told; the next is told 1 more */
    const double *rates;     /* a learning rate for each step */
    double *losses;          /* a loss for each step, filled in here */
    i64 budget_ns;           /* the step in which this much time has passed is the last; 0: no limit */
    i64 done, why;           /* filled in here: steps completed, and why no more */
} training;

/* Consecutive rows through a schedule, batch by batch. */
typedef struct {
    const schedule *schedule;
    const team *team;
    const column *in;        /* from the first row on; `to` and `pitch` are of the batch's buffer */
    i64 in_count;
    const column *out;       /* from the buffer of a result, whose rows are dense, to where all rows go */
    i64 out_count;
    i64 rows, batch_size;
    double *losses;          /* a loss for each batch, filled in here */
} evaluation;

/* ---- Denormals: flushed to zero in each thread while it works, and the switch put back after. */

static u64 flush_denormals(void)
{
#if defined(__x86_64__)
    unsigned before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(before | 0x8040);
    return before;
#elif defined(__aarch64__)
    u64 before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | (u64)1 << 24));
    return before;
#else
    return 0;
#endif
}

static void restore_denormals(u64 before)
{
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr((unsigned)before);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
#else
    (void)before;
#endif
}

/* ---- Threads. */

typedef struct {
    i64 id, size;
    void (*barrier)(void);
} worker;

static worker worker_of(const team *t)
{
    if (t->threads <= 1) return (worker){0, 1, 0};
    return (worker){t->thread(), t->size(), t->barrier};
}

static inline void meet(const worker *w)
{
    if (w->size > 1) w->barrier();
}

static void launch(const team *t, part_fn *part, void *job)
{
    if (t->threads > 1) t->parallel(part, job, (unsigned)t->threads, 0);
    else part(job);
}

/* Where a thread's share of the units begins: the first threads get what is left over, so that work of
   one grain is the first thread's. Calls with equal units and grain have equal shares. */
static i64 share(i64 units, i64 grain, i64 thread, i64 threads)
{
    i64 grains = (units + grain - 1) / grain;
    i64 begin = (grains * thread + threads - 1) / threads * grain;
    return begin < units ? begin : units;
}

static span span_of(i64 units, i64 grain, const worker *w)
{
    if (w->size == 1) return (span){0, units};
    return (span){share(units, grain, w->id, w->size), share(units, grain, w->id + 1, w->size)};
}

static span *spans_of(const schedule *s, const worker *w)
{
    return s->spans + w->id * s->count;
}

/* The spans depend on the number of samples alone, so that their divisions are not every step's. */
static void cut(const schedule *s, i64 samples, const worker *w)
{
    span *spans = spans_of(s, w);
    for (i64 i = 0; i < s->count; i++) {
        const call *c = s->calls + i;
        i64 units = c->times * samples + c->fixed;
        if (c->flags & ALONE) spans[i] = (span){0, w->id ? 0 : units};
        else spans[i] = span_of(units, c->grain, w);
    }
}

static void run_calls(const schedule *s, i64 samples, i64 from, i64 to, const worker *w)
{
    const span *spans = spans_of(s, w);
    real *scratch = s->scratch + w->id * s->scratch_each;
    for (i64 i = from; i < to; i++) {
        const call *c = s->calls + i;
        if (c->flags & BARRIER) meet(w);
        if (spans[i].lo < spans[i].hi)
            c->fn(s->pointers + c->base, samples, spans[i].lo, spans[i].hi, scratch);
    }
}

/* ---- Batches. */

/* Rows of `bytes`, in pieces of a constant size, each one move; the last may overlap the one before. */
static inline __attribute__((always_inline)) void copy_rows(const column *c, const i64 *samples, i64 n, i64 at,
                                                            i64 bytes, i64 piece)
{
    const char *source = c->from;
    const i64 pitch = c->pitch, last = bytes - piece;
    char *to = c->to + at * pitch;
    for (i64 i = 0; i < n; i++, to += pitch) {
        const char *from = source + samples[i] * bytes;
        for (i64 k = 0; k < last; k += piece) memcpy(to + k, from + k, (size_t)piece);
        memcpy(to + last, from + last, (size_t)piece);
    }
}

/* A call of memcpy takes longer than a short row, so that it is for long ones. */
static void gather_column(const column *c, const i64 *samples, i64 n, i64 at)
{
    const i64 bytes = c->bytes;
    if (bytes == 4) copy_rows(c, samples, n, at, 4, 4);
    else if (bytes == 8) copy_rows(c, samples, n, at, 8, 8);
    else if (bytes == 16) copy_rows(c, samples, n, at, 16, 16);
    else if (bytes < 4 || bytes > LONG_ROW) copy_rows(c, samples, n, at, bytes, bytes);
    else if (bytes < 8) copy_rows(c, samples, n, at, bytes, 4);
    else if (bytes < 16) copy_rows(c, samples, n, at, bytes, 8);
    else copy_rows(c, samples, n, at, bytes, 16);
}

/* This thread's rows of the batch whose first place in the epoch is `place`. */
static void gather(const training *t, const u32 *tables, i64 place, span rows)
{
    i64 samples[BLOCK_ROWS];
    for (i64 at = rows.lo; at < rows.hi; at += BLOCK_ROWS) {
        i64 left = rows.hi - at, n = left < BLOCK_ROWS ? left : BLOCK_ROWS;
        find_samples(t->order, tables, place + at, n, samples);
        for (i64 i = 0; i < t->column_count; i++) gather_column(t->columns + i, samples, n, at);
    }
}

/* ---- The clock: read every so many steps, about as many as fit into CHECK_NS. */

typedef struct {
    i64 end, last;           /* when time is up, and when it was looked at last */
    i64 period, left;        /* steps from one look to the next, and until the next */
} stopwatch;

static i64 now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (i64)now.tv_sec * 1000000000 + now.tv_nsec;
}

static stopwatch stopwatch_of(i64 budget_ns)
{
    if (!budget_ns) return (stopwatch){0, 0, 0, 0};
    i64 now = now_ns();
    return (stopwatch){now + budget_ns, now, 1, 1};
}

/* Whether time is up after one more step. */
static int is_late(stopwatch *s)
{
    if (!s->end || --s->left) return 0;
    i64 now = now_ns(), passed = now - s->last;
    if (passed < CHECK_NS / 2) s->period *= 2;
    else if (passed > CHECK_NS && s->period > 1) s->period /= 2;
    s->last = now;
    s->left = s->period;
    return now >= s->end;
}

/* ---- Training. */

/* One thread's part of a stretch of steps. Between two barriers the first thread alone writes what all
   share, and all read it only after the second, so that they leave at the same step. */
static void train_part(void *job)
{
    training *t = job;
    const schedule *s = t->schedule;
    const worker w = worker_of(t->team);
    u32 *tables = t->order->tables + w.id * t->order->tables_each;
    i64 epoch = t->first / t->steps_per_epoch, batch = t->first % t->steps_per_epoch;
    i64 made = -1, samples = -1;
    span rows = {0, 0};
    stopwatch watch = stopwatch_of(w.id ? 0 : t->budget_ns);
    u64 before = flush_denormals();

    for (i64 i = 0; i < t->count; i++) {
        if (made != epoch) make_tables(t->order, made = epoch, tables);
        i64 place = batch * t->batch_size, left = t->order->rows - place;
        i64 here = left < t->batch_size ? left : t->batch_size;
        if (samples != here) {
            cut(s, samples = here, &w);
            rows = span_of(samples, LANES, &w);
        }
        gather(t, tables, place, rows);
        if (!w.id && s->numbers) s->numbers(t->rates[i], t->first_t + (double)i, (double)samples, s->slots);
        meet(&w);
        run_calls(s, samples, 0, s->early, &w);
        meet(&w);
        double loss = (double)*s->loss;
        if (!__builtin_isfinite(loss)) {
            if (!w.id) t->why = NOT_FINITE;
            break;
        }
        run_calls(s, samples, s->early, s->count, &w);
        if (!w.id) {
            t->losses[i] = loss;
            t->done = i + 1;
            if (is_late(&watch)) t->why = LATE;
        }
        meet(&w);
        if (t->why) break;
        if (++batch == t->steps_per_epoch) batch = 0, epoch++;
    }
    restore_denormals(before);
}

/* Take `count` steps, or fewer. A step whose loss is not finite is left before anything of it is
   committed, its batch and its slots still in place. Returns the steps completed. */
i64 specdl_train(training *t)
{
    t->done = 0;
    t->why = DONE;
    launch(t->team, train_part, t);
    return t->done;
}

typedef struct {
    const schedule *schedule;
    const team *team;
    i64 samples, from, to;
} stretch;

static void run_part(void *job)
{
    const stretch *r = job;
    const worker w = worker_of(r->team);
    u64 before = flush_denormals();
    cut(r->schedule, r->samples, &w);
    run_calls(r->schedule, r->samples, r->from, r->to, &w);
    restore_denormals(before);
}

/* The numbers, then calls [from, to), on the batch that is in. */
void specdl_run(const schedule *s, const team *t, i64 samples, double lr, double at, i64 from, i64 to)
{
    stretch job = {s, t, samples, from, to};
    u64 before = flush_denormals();
    if (s->numbers) s->numbers(lr, at, (double)samples, s->slots);
    restore_denormals(before);
    launch(t, run_part, &job);
}

/* One thread's rows of the batch that begins at `place`: brought in, or (`out`) taken out. */
static void move_rows(const column *columns, i64 count, i64 place, span rows, int out)
{
    for (i64 i = 0; i < count; i++) {
        const column *c = columns + i;
        const i64 bytes = c->bytes, n = rows.hi - rows.lo;
        const char *from = c->from + (out ? rows.lo : place + rows.lo) * bytes;
        char *to = c->to + (out ? (place + rows.lo) * bytes : rows.lo * c->pitch);
        if (n <= 0) continue;
        if (out || c->pitch == bytes) memcpy(to, from, (size_t)(n * bytes));
        else for (i64 row = 0; row < n; row++) memcpy(to + row * c->pitch, from + row * bytes, (size_t)bytes);
    }
}

static void evaluate_part(void *job)
{
    const evaluation *e = job;
    const schedule *s = e->schedule;
    const worker w = worker_of(e->team);
    i64 samples = -1;
    span rows = {0, 0};
    u64 before = flush_denormals();
    for (i64 place = 0, batch = 0; place < e->rows; place += e->batch_size, batch++) {
        i64 left = e->rows - place, here = left < e->batch_size ? left : e->batch_size;
        if (samples != here) {
            cut(s, samples = here, &w);
            rows = span_of(samples, LANES, &w);
        }
        move_rows(e->in, e->in_count, place, rows, 0);
        if (!w.id && s->numbers) s->numbers(1.0, 1.0, (double)samples, s->slots);
        meet(&w);
        run_calls(s, samples, 0, s->count, &w);
        meet(&w);
        if (!w.id) e->losses[batch] = (double)*s->loss;
        move_rows(e->out, e->out_count, place, rows, 1);
        meet(&w);
    }
    restore_denormals(before);
}

/* Run `rows` consecutive rows through a schedule that ends with a loss. */
void specdl_evaluate(evaluation *e)
{
    launch(e->team, evaluate_part, e);
}

/* What the caller compares its own structures with. */
const i64 specdl_sizes[] = {
    sizeof(real), sizeof(call), sizeof(span), sizeof(schedule),
    sizeof(team), sizeof(order), sizeof(column), sizeof(training), sizeof(evaluation),
};
