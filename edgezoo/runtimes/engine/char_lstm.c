#include "char_lstm.h"

#include "embedding.h"
#include "exponential.h"
#include "lstm_layers.h"

enum { ALIGNMENT = 64, MAX_GATES = 4 * EZ_LSTM_MAX_HIDDEN };

static size_t aligned(size_t bytes) { return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

void ez_char_lstm_read(ez_reader *r, const ez_description *file, ez_char_lstm_tensors *t) {
    ez_lstm_tensors *lstm = &t->lstm;
    uint32_t tokens = (uint32_t)file->vocabulary_size;
    lstm->embedding = ez_find_quantised(r, file, "embedding", tokens, 0, 1);
    ez_lstm_read_layers(r, file, lstm);
    if (!ez_ok(r)) return;
    uint32_t columns = lstm->embedding.values.columns;
    if (lstm->directions != 1) ez_fail(r, EZ_UNSUPPORTED, r->root, "a language model reads forward only");
    if (lstm->weights[0][0].input.values.columns != columns)
        ez_fail(r, EZ_CORRUPT, r->root, "the first layer does not read the embedding's columns");
    lstm->output_norm = ez_lstm_find_norm(r, file, "output_norm.weight", "output_norm.bias", lstm->hidden);
    lstm->projection = ez_find_quantised(r, file, "projection", columns, lstm->hidden, 1);
    lstm->projection_bias = ez_find_floats(r, file, "projection.bias", columns, 1, 1);
    t->head_bias = ez_find_floats(r, file, "head.bias", tokens, 1, 1);
}

static size_t rows_size(const ez_lstm_tensors *t) {
    return aligned((size_t)t->embedding.values.rows * t->embedding.values.columns * sizeof(float));
}

static size_t gates_size(const ez_lstm_tensors *t) {
    return aligned((size_t)t->embedding.values.rows * 4 * t->hidden * sizeof(int16_t));
}

size_t ez_char_lstm_memory(const ez_char_lstm_tensors *tensors) {
    const ez_lstm_tensors *t = &tensors->lstm;
    size_t bytes = rows_size(t) + gates_size(t) + ez_matrix_memory(&t->projection);
    if (t->layers > 1) bytes += ez_matrix_memory(&t->weights[1][0].input);
    for (uint32_t layer = 0; layer < t->layers; layer++) bytes += ez_matrix_memory(&t->weights[layer][0].recurrent);
    return bytes;
}

/* The row of a table or matrix as floats. */
static void dequantise_row(const ez_quantised *table, const ez_kernels *kernels, uint32_t row, float *values) {
    static const float ONE = 1;
    memset(values, 0, table->values.columns * sizeof *values);
    ez_add_rows(table, kernels, &row, &ONE, 1, values);
}

static int16_t to_gate(float value) {
    float steps = value * (1.0f / EZ_GATE_STEP);
    float held = steps > -EZ_GATE_MAX ? steps : -EZ_GATE_MAX;
    held = held < EZ_GATE_MAX ? held : EZ_GATE_MAX;
    return (int16_t)((held + EZ_ROUND) - EZ_ROUND);
}

/* There are few tokens: the first layer's products with all of them are made here, without rounding the inputs. */
static void build_gates(const ez_lstm_tensors *t, const ez_kernels *kernels, const float *rows, int16_t *gates) {
    const ez_quantised *input = &t->weights[0][0].input;
    size_t columns = input->values.columns, height = input->values.rows;
    float weights[EZ_MAX_DIMENSION];
    for (uint32_t row = 0; row < height; row++) {
        dequantise_row(input, kernels, row, weights);
        float bias = ez_floats(&t->weights[0][0].bias)[row];
        for (size_t id = 0; id < t->embedding.values.rows; id++)
            gates[id * height + row] = to_gate(kernels->dot(weights, rows + id * columns, columns) + bias);
    }
}

void ez_char_lstm_build(ez_char_lstm *model, const ez_char_lstm_tensors *tensors, const ez_kernels *kernels,
                        char *memory) {
    const ez_lstm_tensors *t = &tensors->lstm;
    memset(model, 0, sizeof *model);
    model->tensors = *tensors;
    float *rows = (float *)(void *)memory;
    for (uint32_t id = 0; id < t->embedding.values.rows; id++)
        dequantise_row(&t->embedding, kernels, id, rows + (size_t)id * t->embedding.values.columns);
    model->rows = rows;
    memory += rows_size(t);
    build_gates(t, kernels, rows, (int16_t *)(void *)memory);
    model->gates = (const int16_t *)(const void *)memory;
    memory += gates_size(t);
    if (t->layers > 1) memory = ez_matrix_build(&model->input, &t->weights[1][0].input, 1, memory);
    for (uint32_t layer = 0; layer < t->layers; layer++)
        memory = ez_matrix_build(&model->recurrent[layer], &t->weights[layer][0].recurrent, EZ_STATE_SCALE, memory);
    ez_matrix_build(&model->projection, &t->projection, 1, memory);
}

size_t ez_char_lstm_state_size(const ez_char_lstm *model) {
    const ez_lstm_tensors *t = &model->tensors.lstm;
    return (size_t)t->layers * t->hidden * (sizeof(float) + sizeof(int8_t));
}

/* The logits of what follows the states [hidden] of the last layer. */
static void write_logits(const ez_char_lstm *model, const ez_kernels *kernels, const int8_t *states, float *logits) {
    const ez_lstm_tensors *t = &model->tensors.lstm;
    size_t columns = t->embedding.values.columns;
    int8_t normalised[EZ_LSTM_MAX_HIDDEN];
    int32_t products[EZ_MAX_DIMENSION];
    float scale = EZ_STATE_SCALE, values[EZ_MAX_DIMENSION];
    if (t->output_norm.weight.values) {
        memset(values, 0, t->hidden * sizeof *values);
        kernels->add_int8_rows(values, &states, &EZ_STATE_SCALE, 1, t->hidden);
        ez_layer_norm(kernels, &t->output_norm, values, t->hidden);
        scale = kernels->quantise(values, t->hidden, normalised);
        states = normalised;
    }
    kernels->multiply_matrix(&model->projection, states, 1, products);
    kernels->rescale(products, model->projection.scales, scale, ez_floats(&t->projection_bias), values, columns);
    const float *bias = ez_floats(&model->tensors.head_bias);
    for (size_t id = 0; id < t->embedding.values.rows; id++)
        logits[id] = kernels->dot(values, model->rows + id * columns, columns) + bias[id];
}

void ez_char_lstm_step(const ez_char_lstm *model, const ez_kernels *kernels, void *state, uint32_t id, float *logits) {
    const ez_lstm_tensors *t = &model->tensors.lstm;
    size_t hidden = t->hidden;
    float *cells = state;
    int8_t *states = (int8_t *)(cells + t->layers * hidden);
    const int16_t *gates = model->gates + (size_t)id * 4 * hidden;
    int16_t made[MAX_GATES];
    int32_t products[MAX_GATES];
    for (uint32_t layer = 0; layer < t->layers; layer++) {
        if (layer) {
            kernels->multiply_matrix(&model->input, states, 1, products);
            kernels->make_gates(products, model->input.scales, EZ_STATE_SCALE, ez_floats(&t->weights[layer][0].bias),
                                made, 4 * hidden);
            gates = made;
            cells += hidden;
            states += hidden;
        }
        kernels->multiply_matrix(&model->recurrent[layer], states, 1, products);
        kernels->lstm_step(gates, products, model->recurrent[layer].scales, hidden, cells, states);
    }
    if (logits) write_logits(model, kernels, states, logits);
}
