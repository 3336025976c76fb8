/* The order of an epoch's samples, the same as specdl/data/order.py makes it, which explains it.

   Pasted in before the runtime. */

#include <stdint.h>

typedef uint32_t u32;
typedef uint64_t u64;

enum { ORDER_DRAW = 2 };     /* third word of the counters of random integers */

/* A permutation of `rows` samples for each epoch: the same as specdl/data/order.py, which explains it. */
typedef struct {
    i64 rows;
    i64 height, width;       /* sides of the grid of cells, less than 2**31 */
    i64 rounds;              /* half-rounds, an even number; 0: samples come in their order */
    i64 together;            /* epochs that share a key */
    i64 first_group;         /* what `keys` begins with; a group is `together` epochs */
    const u64 *keys;         /* one for each group that the call reaches */
    i64 words;               /* random words of an epoch: rounds / 2 * (height + width) */
    u32 *tables;             /* `tables_each` words for each thread, at least `words` */
    i64 tables_each;
} order;

/* Philox4x32-10: the upper halves of both 64-bit words of a block. */
static inline void philox(u64 key, u64 block, u32 out[2])
{
    u32 c0 = (u32)block, c1 = (u32)(block >> 32), c2 = ORDER_DRAW, c3 = 0;
    u32 k0 = (u32)key, k1 = (u32)(key >> 32);
    for (int round = 0; round < 10; round++) {
        u64 p0 = (u64)c0 * 0xD2511F53u, p1 = (u64)c2 * 0xCD9E8D57u;
        c0 = (u32)(p1 >> 32) ^ c1 ^ k0;
        c2 = (u32)(p0 >> 32) ^ c3 ^ k1;
        c1 = (u32)p1;
        c3 = (u32)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c1;
    out[1] = c3;
}

/* The tables of an epoch's network, one half-round after another. */
static void make_tables(const order *o, i64 epoch, u32 *tables)
{
    if (!o->rounds) return;
    u64 key = o->keys[epoch / o->together - o->first_group];
    i64 words = o->words, first = epoch % o->together * words;
    for (i64 at = -(first & 1); at < words; at += 2) {
        u32 pair[2];
        philox(key, (u64)(first + at) >> 1, pair);
        if (at >= 0) tables[at] = pair[0];
        if (at + 1 < words) tables[at + 1] = pair[1];
    }
    u64 height = (u64)o->height, width = (u64)o->width;
    for (i64 round = 0; round < o->rounds; round += 2) {
        for (u64 i = 0; i < width; i++) tables[i] = (u32)(tables[i] * height >> 32);
        tables += width;
        for (u64 i = 0; i < height; i++) tables[i] = (u32)(tables[i] * width >> 32);
        tables += height;
    }
}

/* x modulo side, for x < 2 * side: below zero wraps to what is larger than x. */
static inline u32 wrap(u32 x, u32 side)
{
    u32 less = x - side;
    return less < x ? less : x;
}

/* The samples at places [place, place + n) of the epoch whose tables these are. */
static void find_samples(const order *o, const u32 *tables, i64 place, i64 n, i64 *out)
{
    const i64 rows = o->rows, rounds = o->rounds;
    const u32 height = (u32)o->height, width = (u32)o->width;
    if (!rounds) {
        for (i64 i = 0; i < n; i++) out[i] = place + i;
        return;
    }
    u32 next_left = (u32)(place / width), next_right = (u32)(place % width);
    for (i64 i = 0; i < n; i++) {
        u32 left = next_left, right = next_right;
        i64 sample;
        do {
            const u32 *table = tables;
            for (i64 round = 0; round < rounds; round += 2) {
                left = wrap(left + table[right], height);
                table += width;
                right = wrap(right + table[left], width);
                table += height;
            }
            sample = (i64)left * width + right;
        } while (sample >= rows);
        out[i] = sample;
        if (++next_right == width) next_right = 0, next_left++;
    }
}
