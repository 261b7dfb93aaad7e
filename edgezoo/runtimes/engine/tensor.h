/* The parts of a bundle that models compute with, in place. */
#ifndef EZ_TENSOR_H
#define EZ_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include "memory.h"

typedef enum { EZ_FLOAT32 = 0, EZ_FLOAT16, EZ_INT8, EZ_INT4, EZ_UINT8 } ez_dtype;

typedef struct {
    ez_dtype dtype;
    uint32_t rows;
    uint32_t columns;      /* 1 for a vector */
    const uint8_t *values; /* 64-byte aligned; NULL for an optional tensor that is absent */
} ez_tensor;

/* A table of integers with one float16 scale for every `columns / groups` neighbours in a row. */
typedef struct {
    ez_tensor values;
    ez_tensor scales;
} ez_quantised;

enum { EZ_GROUP = 32 }; /* columns of an int4 row that share a scale */

static inline size_t ez_row_bytes(const ez_tensor *values) {
    return values->dtype == EZ_INT4 ? values->columns / 2 : values->columns;
}

/* Exact for every finite float16: the exponent is rebased by a multiplication, subnormals included. */
static inline float ez_widen(const uint8_t *values, size_t index) {
    uint32_t half = (uint32_t)values[2 * index] | (uint32_t)values[2 * index + 1] << 8;
    uint32_t bits = (half & 0x7FFF) << 13;
    float magnitude;
    memcpy(&magnitude, &bits, sizeof magnitude);
    magnitude *= 0x1p112f;
    return half & 0x8000 ? -magnitude : magnitude;
}

#endif
