/* The kernels in plain C: what the others are tested against. */
#include "kernels.h"

static void add_int8_rows(float *sums, const int8_t *const *rows, const float *scales, size_t count, size_t columns) {
    for (size_t i = 0; i < count; i++)
        for (size_t column = 0; column < columns; column++)
            sums[column] += scales[i] * (float)rows[i][column];
}

static void add_int4_rows(float *sums, const uint8_t *const *rows, const float *scales, size_t count, size_t columns) {
    for (size_t i = 0; i < count; i++)
        for (size_t group = 0; group < columns / 32; group++)
            for (size_t j = 0; j < 16; j++) {
                int packed = rows[i][16 * group + j];
                float scale = scales[i * (columns / 32) + group];
                sums[32 * group + j] += scale * (float)((packed & 15) - 8);
                sums[32 * group + 16 + j] += scale * (float)((packed >> 4) - 8);
            }
}

static float sum_of_squares(const float *values, size_t count) {
    float lanes[EZ_LANES] = {0};
    for (size_t i = 0; i < count; i++) lanes[i % EZ_LANES] += values[i] * values[i];
    for (size_t width = EZ_LANES / 2; width > 0; width /= 2)
        for (size_t i = 0; i < width; i++) lanes[i] += lanes[i + width];
    return lanes[0];
}

static void multiply(float *values, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) values[i] *= factor;
}

const ez_kernels EZ_KERNELS_PORTABLE = {add_int8_rows, add_int4_rows, sum_of_squares, multiply};
