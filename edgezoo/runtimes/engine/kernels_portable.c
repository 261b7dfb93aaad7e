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

static int32_t round_within(float value, float limit) {
    float held = value > -limit ? value : -limit;
    held = held < limit ? held : limit;
    return (int32_t)((held + EZ_ROUND) - EZ_ROUND);
}

static int8_t to_activation(float value) { return (int8_t)round_within(value, EZ_ACTIVATION_MAX); }

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

/* One row, whose weights lie by fours at the start of each block, and one input. */
static int32_t multiply_row(const uint8_t *weights, const int8_t *input, size_t columns) {
    int32_t sum = 0;
    for (size_t column = 0; column < columns; column += EZ_BLOCK_COLUMNS, weights += EZ_BLOCK_ROWS * EZ_BLOCK_COLUMNS)
        for (size_t i = 0; i < EZ_BLOCK_COLUMNS; i++) sum += weights[i] * input[column + i];
    return sum;
}

static void multiply_matrix(const ez_matrix *matrix, const int8_t *inputs, size_t count, int32_t *products) {
    size_t rows = matrix->rows, columns = matrix->columns;
    for (size_t i = 0; i < count; i++) {
        const int8_t *input = inputs + i * columns;
        int32_t sum = 0;
        for (size_t column = 0; column < columns; column++) sum += input[column];
        for (size_t row = 0; row < rows; row++) {
            const uint8_t *weights =
                matrix->blocks + row / EZ_BLOCK_ROWS * EZ_BLOCK_ROWS * columns + row % EZ_BLOCK_ROWS * EZ_BLOCK_COLUMNS;
            products[i * rows + row] = multiply_row(weights, input, columns) - (int32_t)matrix->offset * sum;
        }
    }
}

static void rescale(const int32_t *products, const float *scales, float factor, const float *addends, float *values,
                    size_t count) {
    for (size_t i = 0; i < count; i++) values[i] = (float)products[i] * (scales[i] * factor) + addends[i];
}

static void make_gates(const int32_t *products, const float *scales, float factor, const float *addends, int16_t *gates,
                       size_t count) {
    for (size_t i = 0; i < count; i++) {
        float steps = ((float)products[i] * (scales[i] * factor) + addends[i]) * (1.0f / EZ_GATE_STEP);
        gates[i] = (int16_t)round_within(steps, EZ_GATE_MAX);
    }
}

/* With a = exp(-i), b = exp(-2 g): sigmoid(i) * tanh(g) = (1 - b) / ((1 + a) * (1 + b)), one division for both. */
static float sigmoid_tangent(float gate, float value) {
    float a = ez_exp2(gate * -EZ_LOG2_E), b = ez_exp2(value * (-2.0f * EZ_LOG2_E));
    return (1.0f - b) / ((1.0f + a) * (1.0f + b));
}

static void lstm_step(const int16_t *gates, const int32_t *products, const float *scales, size_t hidden, float *cell,
                      int8_t *state) {
    for (size_t unit = 0; unit < hidden; unit++) {
        float gate[4];
        for (size_t k = 0; k < 4; k++) {
            size_t row = k * hidden + unit;
            gate[k] = (float)products[row] * scales[row] + (float)gates[row] * EZ_GATE_STEP;
        }
        cell[unit] = cell[unit] / (1.0f + ez_exp2(gate[1] * -EZ_LOG2_E)) + sigmoid_tangent(gate[0], gate[2]);
        state[unit] = to_activation(sigmoid_tangent(gate[3], cell[unit]) * EZ_ACTIVATION_MAX);
    }
}

const ez_kernels EZ_KERNELS_PORTABLE = {add_int8_rows, add_int4_rows,   sum_of_squares, dot,        multiply,
                                        quantise,      multiply_matrix, rescale,        make_gates, lstm_step};
