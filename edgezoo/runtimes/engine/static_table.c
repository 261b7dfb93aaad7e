#include "static_table.h"

#include "embedding.h"

enum { STATIC_TABLE_NORMALIZE };

void ez_static_read(ez_reader *r, ez_description *file, ez_static_table *t) {
    uint64_t settings = ez_reference(r, r->root, EZ_BUNDLE_ARCHITECTURE);
    uint32_t tokens = (uint32_t)file->vocabulary_size;
    t->normalize = (int)ez_scalar_field(r, settings, STATIC_TABLE_NORMALIZE, 1, 1);
    t->embedding = ez_find_quantised(r, file, "embedding", tokens, 0, 1);
    t->weight = ez_find_tensor(r, file, "weight", 0);
    if (t->weight.values && (t->weight.dtype != EZ_FLOAT16 || t->weight.rows != tokens || t->weight.columns != 1 ||
                             !ez_finite_float16(&t->weight)))
        ez_fail(r, EZ_CORRUPT, r->root, "the token weights are not finite float16 [tokens]");
    file->dimension = t->embedding.values.columns;
}

/* Adds up to EZ_ROW_BLOCK rows and returns `total` plus their weights. */
static float add_rows(const ez_static_table *t, const ez_kernels *kernels, const uint32_t *ids, size_t count,
                      float *sums, float total) {
    float weights[EZ_ROW_BLOCK];
    for (size_t i = 0; i < count; i++) {
        weights[i] = t->weight.values ? ez_widen(t->weight.values, ids[i]) : 1.0f;
        total += weights[i];
    }
    ez_add_rows(&t->embedding, kernels, ids, weights, count, sums);
    return total;
}

/* In a long text each block of rows is summed for itself before it joins the total, so that rounding errors
 * grow with the number of blocks and not of tokens. */
static float add_block(const ez_static_table *t, const ez_kernels *kernels, const uint32_t *ids, size_t count,
                       float *vector, float total) {
    float block[EZ_MAX_DIMENSION];
    size_t dimension = t->embedding.values.columns;
    memset(block, 0, dimension * sizeof *block);
    float weights = add_rows(t, kernels, ids, count, block, 0);
    for (size_t i = 0; i < dimension; i++) vector[i] += block[i];
    return total + weights;
}

void ez_static_embed(const ez_static_table *t, const ez_tokenizer *tokenizer, const ez_kernels *kernels,
                     const char *text, size_t length, float *vector) {
    size_t dimension = t->embedding.values.columns, count;
    uint32_t ids[EZ_TOKEN_CHUNK];
    ez_reading reading;
    float total = 0;
    memset(vector, 0, dimension * sizeof *vector);
    ez_tokenizer_start(tokenizer, text, length, &reading);
    for (int first = 1; (count = ez_tokenizer_next(tokenizer, &reading, ids)) > 0; first = 0)
        for (size_t i = 0; i < count; i += EZ_ROW_BLOCK) {
            size_t rows = count - i < EZ_ROW_BLOCK ? count - i : EZ_ROW_BLOCK;
            total = (first && i == 0 ? add_rows : add_block)(t, kernels, ids + i, rows, vector, total);
        }
    float divisor = t->normalize ? __builtin_sqrtf(kernels->sum_of_squares(vector, dimension)) : total;
    if (divisor != 0) kernels->multiply(vector, 1.0f / divisor, dimension);
}
