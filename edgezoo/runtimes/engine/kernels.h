/* The inner loops, once in portable C and once for each instruction set, equal bit for bit:
 * every float is summed in one fixed order, products and sums are never fused, integers are exact. */
#ifndef EZ_KERNELS_H
#define EZ_KERNELS_H

#include "engine.h"

enum {
    EZ_LANES = 16,        /* sums of floats run in this many interleaved lanes, which are then added pairwise */
    EZ_BLOCK_ROWS = 16,   /* matrices lie in blocks of 16 rows by 4 columns, row by row */
    EZ_BLOCK_COLUMNS = 4,
    EZ_MAX_INPUTS = 4     /* vectors that a matrix is multiplied with at once */
};

/* A block holds weights plus an offset, unsigned. Activations have 7 bits, so that two of their products with
 * weights fit 16 bits, and four with narrow weights: 2 * 255 * 63 and 4 * 127 * 63 are less than 2^15. */
typedef enum { EZ_NARROW = 64, EZ_WIDE = 128 } ez_offset;
#define EZ_ACTIVATION_MAX 63.0f

/* Gates are kept as int16 multiples of 2^-10. */
#define EZ_GATE_STEP 0x1p-10f
#define EZ_GATE_MAX 32767.0f

/* A matrix in blocks of 16 rows by 4 columns. */
typedef struct {
    const uint8_t *blocks;
    const float *scales; /* [rows] */
    uint32_t rows;       /* a multiple of 16 */
    uint32_t columns;    /* a multiple of 8 */
    ez_offset offset;
} ez_matrix;

typedef struct {
    /* sums[columns] += scales[i] * rows[i][columns] for i in order; one scale a row. */
    void (*add_int8_rows)(float *sums, const int8_t *const *rows, const float *scales, size_t count, size_t columns);
    /* The same with a scale for every 32 columns: scales is [count, columns / 32]. */
    void (*add_int4_rows)(float *sums, const uint8_t *const *rows, const float *scales, size_t count, size_t columns);
    float (*sum_of_squares)(const float *values, size_t count);
    float (*dot)(const float *left, const float *right, size_t count); /* count: a multiple of 16 */
    void (*multiply)(float *values, float factor, size_t count);
    /* Integers in [-63, 63] and the scale that makes them values again; count: a multiple of 16. */
    float (*quantise)(const float *values, size_t count, int8_t *integers);
    /* products[count, rows] = inputs[count, columns] times the transposed matrix of integers. */
    void (*multiply_matrix)(const ez_matrix *matrix, const int8_t *inputs, size_t count, int32_t *products);
    /* values[i] = products[i] * (scales[i] * factor) + addends[i]; count: a multiple of 16. */
    void (*rescale)(const int32_t *products, const float *scales, float factor, const float *addends, float *values,
                    size_t count);
    /* gates[i] = values as rescale would give them, in steps of 2^-10. */
    void (*make_gates)(const int32_t *products, const float *scales, float factor, const float *addends, int16_t *gates,
                       size_t count);
    /* One step of an LSTM: gates * 2^-10 + products * scales are the four gates i, f, g, o, [4 * hidden]; updates
     * cell [hidden] and writes state [hidden], which stands for integers / 63. hidden: a multiple of 16. */
    void (*lstm_step)(const int16_t *gates, const int32_t *products, const float *scales, size_t hidden, float *cell,
                      int8_t *state);
} ez_kernels;

/* The kernels of an instruction set, or NULL where the processor or the build lacks it. */
const ez_kernels *ez_find_kernels(ez_isa isa);

ez_isa ez_best_isa(void);

extern const ez_kernels EZ_KERNELS_PORTABLE, EZ_KERNELS_SIMD128, EZ_KERNELS_AVX2, EZ_KERNELS_AVX512;

#endif
