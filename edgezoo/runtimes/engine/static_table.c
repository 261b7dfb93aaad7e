#include "static_table.h"

#include <string.h>

/* Rows that are looked up and added together. In a long text each such block is summed for itself before it
 * joins the total, so that rounding errors grow with the number of blocks and not of tokens. */
enum { BLOCK = 64, CACHE_LINE = 64, MAX_GROUPS = EZ_MAX_DIMENSION / 32 };

/* Exact for every finite float16: the exponent is rebased by a multiplication, subnormals included. */
static float widen(const uint8_t *values, size_t index) {
    uint32_t half = (uint32_t)values[2 * index] | (uint32_t)values[2 * index + 1] << 8;
    uint32_t bits = (half & 0x7FFF) << 13;
    float magnitude;
    memcpy(&magnitude, &bits, sizeof magnitude);
    magnitude *= 0x1p112f;
    return half & 0x8000 ? -magnitude : magnitude;
}

static float token_weight(const ez_static_table *t, uint32_t id) {
    return t->weight.values ? widen(t->weight.values, id) : 1.0f;
}

/* Adds up to BLOCK rows and returns `total` plus their weights. */
static float add_rows(const ez_static_table *t, const ez_kernels *kernels, const uint32_t *ids, size_t count,
                      float *sums, float total) {
    const ez_tensor *values = &t->embedding.values, *scales = &t->embedding.scales;
    size_t columns = values->columns, groups = scales->columns;
    size_t row_bytes = values->dtype == EZ_INT4 ? columns / 2 : columns;
    const uint8_t *rows[BLOCK];
    float factors[BLOCK * MAX_GROUPS];
    for (size_t i = 0; i < count; i++) {
        rows[i] = values->values + row_bytes * ids[i];
        for (size_t byte = 0; byte < row_bytes; byte += CACHE_LINE) __builtin_prefetch(rows[i] + byte);
    }
    for (size_t i = 0; i < count; i++) {
        float weight = token_weight(t, ids[i]);
        for (size_t group = 0; group < groups; group++)
            factors[groups * i + group] = weight * widen(scales->values, groups * ids[i] + group);
        total += weight;
    }
    if (values->dtype == EZ_INT4) kernels->add_int4_rows(sums, rows, factors, count, columns);
    else kernels->add_int8_rows(sums, (const int8_t *const *)rows, factors, count, columns);
    return total;
}

static float add_block(const ez_static_table *t, const ez_kernels *kernels, const uint32_t *ids, size_t count,
                       float *vector, float total) {
    float block[EZ_MAX_DIMENSION];
    size_t dimension = t->embedding.values.columns;
    memset(block, 0, dimension * sizeof *block);
    float weights = add_rows(t, kernels, ids, count, block, 0);
    for (size_t i = 0; i < dimension; i++) vector[i] += block[i];
    return total + weights;
}

void ez_static_embed(const ez_static_table *t, const ez_wordpiece *wordpiece, const ez_kernels *kernels,
                     const char *text, size_t length, float *vector) {
    size_t dimension = t->embedding.values.columns, count;
    uint32_t ids[EZ_TOKEN_CHUNK];
    ez_cursor cursor = {(const uint8_t *)text, (const uint8_t *)text + length};
    float total = 0;
    memset(vector, 0, dimension * sizeof *vector);
    for (int first = 1; (count = ez_wordpiece_next(wordpiece, &cursor, ids)) > 0; first = 0)
        for (size_t i = 0; i < count; i += BLOCK) {
            size_t rows = count - i < BLOCK ? count - i : BLOCK;
            total = (first && i == 0 ? add_rows : add_block)(t, kernels, ids + i, rows, vector, total);
        }
    float divisor = t->normalize ? __builtin_sqrtf(kernels->sum_of_squares(vector, dimension)) : total;
    if (divisor != 0) kernels->multiply(vector, 1.0f / divisor, dimension);
}
