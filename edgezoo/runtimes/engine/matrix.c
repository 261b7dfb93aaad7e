#include "matrix.h"

enum { ALIGNMENT = 64 };

static const float LARGEST = 63; /* narrow */

size_t ez_matrix_memory(const ez_quantised *tensor) {
    size_t rows = tensor->values.rows, columns = tensor->values.columns;
    return (rows * columns + rows * sizeof(float) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static int int4_weight(const uint8_t *row, size_t column) {
    uint8_t packed = row[column / EZ_GROUP * (EZ_GROUP / 2) + column % (EZ_GROUP / 2)];
    return (column % EZ_GROUP < EZ_GROUP / 2 ? packed & 15 : packed >> 4) - 8;
}

/* The int8 weights of an int4 row, and their scale. */
static float requantise(const ez_quantised *tensor, size_t row, int8_t *weights) {
    size_t columns = tensor->values.columns, groups = columns / EZ_GROUP;
    const uint8_t *packed = tensor->values.values + row * (columns / 2);
    float values[EZ_MAX_DIMENSION], largest = 0;
    for (size_t i = 0; i < columns; i++) {
        values[i] = ez_widen(tensor->scales.values, row * groups + i / EZ_GROUP) * (float)int4_weight(packed, i);
        float magnitude = values[i] < 0 ? -values[i] : values[i];
        largest = magnitude > largest ? magnitude : largest;
    }
    float inverse = largest > 0 ? LARGEST / largest : 0;
    for (size_t i = 0; i < columns; i++) {
        float value = values[i] * inverse;
        weights[i] = (int8_t)(value < 0 ? value - 0.5f : value + 0.5f);
    }
    return largest / LARGEST;
}

static ez_offset offset_for(const ez_quantised *tensor) {
    size_t count = (size_t)tensor->values.rows * tensor->values.columns;
    const int8_t *weights = (const int8_t *)tensor->values.values;
    for (size_t i = 0; tensor->values.dtype == EZ_INT8 && i < count; i++)
        if (weights[i] < -EZ_NARROW || weights[i] >= EZ_NARROW) return EZ_WIDE;
    return EZ_NARROW;
}

char *ez_matrix_build(ez_matrix *matrix, const ez_quantised *tensor, float factor, char *memory) {
    size_t rows = tensor->values.rows, columns = tensor->values.columns;
    uint8_t *blocks = (uint8_t *)memory;
    float *scales = (float *)(void *)(memory + rows * columns);
    int8_t decoded[EZ_MAX_DIMENSION];
    ez_offset offset = offset_for(tensor);
    for (size_t row = 0; row < rows; row++) {
        const int8_t *weights = decoded;
        float scale;
        if (tensor->values.dtype == EZ_INT4) {
            scale = requantise(tensor, row, decoded);
        } else {
            weights = (const int8_t *)tensor->values.values + row * columns;
            scale = ez_widen(tensor->scales.values, row);
        }
        scales[row] = scale * factor;
        uint8_t *block = blocks + row / EZ_BLOCK_ROWS * EZ_BLOCK_ROWS * columns + row % EZ_BLOCK_ROWS * EZ_BLOCK_COLUMNS;
        for (size_t i = 0; i < columns; i++)
            block[i / EZ_BLOCK_COLUMNS * EZ_BLOCK_ROWS * EZ_BLOCK_COLUMNS + i % EZ_BLOCK_COLUMNS] =
                (uint8_t)(weights[i] + (int)offset);
    }
    *matrix = (ez_matrix){blocks, scales, (uint32_t)rows, (uint32_t)columns, offset};
    return memory + ez_matrix_memory(tensor);
}
