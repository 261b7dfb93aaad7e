/* The kernels in plain C: what the others are tested against. */
#include "exponential.h"
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

static float dot(const float *left, const float *right, size_t count) {
    float lanes[EZ_LANES] = {0};
    for (size_t i = 0; i < count; i++) lanes[i % EZ_LANES] += left[i] * right[i];
    for (size_t width = EZ_LANES / 2; width > 0; width /= 2)
        for (size_t i = 0; i < width; i++) lanes[i] += lanes[i + width];
    return lanes[0];
}

static float sum_of_squares(const float *values, size_t count) { return dot(values, values, count); }

static void multiply(float *values, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) values[i] *= factor;
}

static int8_t to_activation(float value) {
    float held = value > -EZ_ACTIVATION_MAX ? value : -EZ_ACTIVATION_MAX;
    held = held < EZ_ACTIVATION_MAX ? held : EZ_ACTIVATION_MAX;
    return (int8_t)((held + EZ_ROUND) - EZ_ROUND);
}

static float quantise(const float *values, size_t count, int8_t *integers) {
    float largest = 0;
    for (size_t i = 0; i < count; i++) {
        float magnitude = values[i] < 0 ? -values[i] : values[i];
        largest = magnitude > largest ? magnitude : largest;
    }
    /* Nothing but zeros, or nothing that a float32 can invert. */
    float inverse = largest > 0x1p-100f ? EZ_ACTIVATION_MAX / largest : 0;
    for (size_t i = 0; i < count; i++) integers[i] = to_activation(values[i] * inverse);
    return largest / EZ_ACTIVATION_MAX;
}

static void multiply_matrix(const uint8_t *blocks, size_t rows, size_t columns, const int8_t *inputs, size_t count,
                            int32_t *products) {
    for (size_t i = 0; i < count; i++)
        for (size_t row = 0; row < rows; row++) {
            const uint8_t *weights = blocks + row / EZ_BLOCK_ROWS * EZ_BLOCK_ROWS * columns +
                                     row % EZ_BLOCK_ROWS * EZ_BLOCK_COLUMNS;
            int32_t sum = 0;
            for (size_t column = 0; column < columns; column++) {
                size_t place = column / EZ_BLOCK_COLUMNS * EZ_BLOCK_ROWS * EZ_BLOCK_COLUMNS + column % EZ_BLOCK_COLUMNS;
                sum += (weights[place] - EZ_WEIGHT_OFFSET) * inputs[i * columns + column];
            }
            products[i * rows + row] = sum;
        }
}

static void rescale(const int32_t *products, const float *scales, float factor, const float *addends, float *values,
                    size_t count) {
    for (size_t i = 0; i < count; i++) values[i] = (float)products[i] * (scales[i] * factor) + addends[i];
}

static float sigmoid(float x) { return 1.0f / (1.0f + ez_exp(-x)); }

static float tangent(float x) { return 2.0f * sigmoid(2.0f * x) - 1.0f; }

static void lstm_step(const float *gates, const int32_t *products, const float *scales, size_t hidden, float *cell,
                      int8_t *state) {
    for (size_t unit = 0; unit < hidden; unit++) {
        float gate[4];
        for (size_t k = 0; k < 4; k++) {
            size_t row = k * hidden + unit;
            gate[k] = (float)products[row] * scales[row] + gates[row];
        }
        cell[unit] = sigmoid(gate[1]) * cell[unit] + sigmoid(gate[0]) * tangent(gate[2]);
        state[unit] = to_activation(sigmoid(gate[3]) * tangent(cell[unit]) * EZ_ACTIVATION_MAX);
    }
}

const ez_kernels EZ_KERNELS_PORTABLE = {add_int8_rows, add_int4_rows,   sum_of_squares, dot,      multiply,
                                        quantise,      multiply_matrix, rescale,        lstm_step};
