/* The inner loops, once in portable C and once for each instruction set, equal bit for bit:
 * every float is summed in one fixed order, products and sums are never fused. */
#ifndef EZ_KERNELS_H
#define EZ_KERNELS_H

#include "engine.h"

/* Sums of squares run in this many interleaved lanes, which are then added pairwise. */
enum { EZ_LANES = 16 };

typedef struct {
    /* sums[columns] += scales[i] * rows[i][columns] for i in order; one scale a row. */
    void (*add_int8_rows)(float *sums, const int8_t *const *rows, const float *scales, size_t count, size_t columns);
    /* The same with a scale for every 32 columns: scales is [count, columns / 32]. */
    void (*add_int4_rows)(float *sums, const uint8_t *const *rows, const float *scales, size_t count, size_t columns);
    float (*sum_of_squares)(const float *values, size_t count);
    void (*multiply)(float *values, float factor, size_t count);
} ez_kernels;

/* The kernels of an instruction set, or NULL where the processor or the build lacks it. */
const ez_kernels *ez_find_kernels(ez_isa isa);

ez_isa ez_best_isa(void);

extern const ez_kernels EZ_KERNELS_PORTABLE, EZ_KERNELS_SIMD128, EZ_KERNELS_AVX2, EZ_KERNELS_AVX512;

#endif
