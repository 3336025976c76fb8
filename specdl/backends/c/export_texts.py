"""The texts of an exported source, with places for names and numbers."""

CLANG = """#ifdef __clang__
#pragma clang diagnostic ignored "-Wpass-failed" /* too few registers to unroll into */
#endif
"""
QUIET = """/* What nests name, not all of them read. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-variable"
"""
LOUD = "#pragma GCC diagnostic pop\n"

MODEL = """
struct {name}_model {{
    int64_t steps;
    void *allocated;
}};

static char *arena_of({name}_model *model)
{{
    return (char *)model + {head};
}}

{name}_model *{name}_init(void *memory)
{{
    {name}_model *model = memory;
    if (!memory || (uintptr_t)memory % 64) return NULL;
    memset(memory, 0, {upper}_MODEL_BYTES);
{begin}    return model;
}}

{name}_model *{name}_new(void)
{{
    /* aligned_alloc is not everywhere */
    char *memory = malloc({upper}_MODEL_BYTES + 64);
    if (!memory) return NULL;
    {name}_model *model = {name}_init(memory + (64 - (uintptr_t)memory % 64));
    model->allocated = memory;
    return model;
}}

void {name}_free({name}_model *model)
{{
    if (model) free(model->allocated);
}}
"""
BEGIN = """    for (int k = 0; k < {upper}_PARAMETERS; k++)
        memcpy({name}_weights(model, k), begin + {name}_parameters[k].offset,
               {name}_parameters[k].count * sizeof(real));
"""

PARAMETERS = """
real *{name}_weights({name}_model *model, int number)
{{
    if (number < 0 || number >= {upper}_PARAMETERS) return NULL;
    return (real *)(arena_of(model) + parameter_places[number]);
}}

int {name}_load({name}_model *model, const void *bytes, size_t size)
{{
    const unsigned char *from = bytes;
    if (size != {upper}_WEIGHTS_BYTES) return -1;
    for (int k = 0; k < {upper}_PARAMETERS; k++) {{
        real *to = {name}_weights(model, k);
        for (size_t i = 0; i < {name}_parameters[k].count; i++, from += sizeof(real))
            number_from(from, to + i);
    }}
    return 0;
}}

void {name}_save({name}_model *model, void *bytes)
{{
    unsigned char *to = bytes;
    for (int k = 0; k < {upper}_PARAMETERS; k++) {{
        const real *from = {name}_weights(model, k);
        for (size_t i = 0; i < {name}_parameters[k].count; i++, to += sizeof(real))
            number_to(from[i], to);
    }}
}}
"""

LOAD_FILE = """
int {name}_load_file({name}_model *model, const char *path)
{{
    /* one byte more, to see that there is none */
    const size_t size = {upper}_WEIGHTS_BYTES;
    unsigned char *bytes = malloc(size + 1);
    FILE *file = bytes ? fopen(path, "rb") : NULL;
    size_t found = file ? fread(bytes, 1, size + 1, file) : size + 1;
    if (file) fclose(file);
    int result = found == size ? {name}_load(model, bytes, found) : -1;
    free(bytes);
    return result;
}}
"""

PREPARE = """
static void prepare{number}(const real *x, size_t rows, real *to)
{{
{tables}    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < {size}; j++) {{
            double value = *x++;
{lines}            *to++ = (real)value;
        }}
}}
"""

PREDICT = """
{predict}
{{
    char *const arena = arena_of(model);
    uint64_t before = flush_denormals();
    for (size_t done = 0; done < rows; done += {upper}_BATCH) {{
        const size_t left = rows - done, n = left < {upper}_BATCH ? left : {upper}_BATCH;
        put(arena, n, {moved});
        fill_slots(&infer, arena, (i64)n, 1, 1);
        run_calls(&infer, arena, (i64)n, infer.calls, infer.places, {count});
{take}    }}
    restore_denormals(before);
}}
"""

TRAIN = """
{train_step}
{{
    char *const arena = arena_of(model);
    if (rows < 1 || rows > {upper}_BATCH) return NAN;
    uint64_t before = flush_denormals();
    put(arena, rows, {inputs});
{targets}    fill_slots(&step, arena, (i64)rows, lr, (double)model->steps + 1);
    const i64 *places = run_calls(&step, arena, (i64)rows, step.calls, step.places, {early});
    const real loss = *(const real *)(arena + {loss});
    if (__builtin_isfinite(loss)) {{
        /* what is left takes the update */
        run_calls(&step, arena, (i64)rows, step.calls + {early}, places, {late});
        model->steps++;
    }}
    restore_denormals(before);
    return loss;
}}

int64_t {name}_steps(const {name}_model *model)
{{
    return model->steps;
}}
"""
