#include "lstm_layers.h"

#include "embedding.h"

enum {
    KNOWN_BYTES = 10 << 18, /* may be spent on gates that are known ahead of time: with the bundle, within 10 MB */
    SLOTS = 8,               /* gates that are made before they are stepped through, of all texts together */
    MAX_GATES = 4 * EZ_LSTM_MAX_HIDDEN
};

static const float EPSILON = 1e-5f;

void ez_layer_norm(const ez_kernels *kernels, const ez_norm *norm, float *values, size_t width) {
    static const float ONES[EZ_LANES] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    float sum = 0;
    for (size_t i = 0; i < width; i += EZ_LANES) sum += kernels->dot(values + i, ONES, EZ_LANES);
    float mean = sum / (float)width;
    for (size_t i = 0; i < width; i++) values[i] -= mean;
    float inverse = 1.0f / __builtin_sqrtf(kernels->sum_of_squares(values, width) / (float)width + EPSILON);
    const float *weight = ez_floats(&norm->weight), *bias = ez_floats(&norm->bias);
    for (size_t i = 0; i < width; i++) values[i] = values[i] * inverse * weight[i] + bias[i];
}

/* The first layer's input of a token as activations, and their scale. */
static float token_input(const ez_lstm *lstm, const ez_kernels *kernels, uint32_t id, int8_t *input) {
    static const float ONE = 1;
    const ez_lstm_tensors *t = &lstm->tensors;
    size_t dimension = t->embedding.values.columns;
    float row[EZ_MAX_DIMENSION];
    memset(row, 0, dimension * sizeof *row);
    ez_add_rows(&t->embedding, kernels, &id, &ONE, 1, row);
    if (t->input_norm.weight.values) ez_layer_norm(kernels, &t->input_norm, row, dimension);
    return kernels->quantise(row, lstm->layer[0][0].input.columns, input);
}

/* The input half of the gates [count, 4 hidden] of up to EZ_MAX_INPUTS positions. */
static void make_gates(const ez_lstm_direction *d, const ez_kernels *kernels, const int8_t *inputs,
                       const float *scales, size_t count, int16_t *const *gates) {
    int32_t products[EZ_MAX_INPUTS * MAX_GATES];
    size_t rows = d->input.rows;
    kernels->multiply_matrix(&d->input, inputs, count, products);
    for (size_t i = 0; i < count; i++)
        kernels->make_gates(products + i * rows, d->input.scales, scales[i], d->bias, gates[i], rows);
}

static const int16_t *known_gates(const ez_lstm *lstm, uint32_t id, uint32_t direction) {
    return lstm->known_gates + ((size_t)id * lstm->tensors.directions + direction) * lstm->layer[0][0].input.rows;
}

/* The position that a direction reads at `step`. */
static size_t position_at(const ez_text *text, uint32_t direction, size_t step) {
    return direction && step < text->tokens ? text->tokens - 1 - step : step;
}

/* Inputs that wait until there are enough of them for one multiplication. */
typedef struct {
    int8_t inputs[EZ_MAX_INPUTS * EZ_MAX_DIMENSION];
    float scales[EZ_MAX_INPUTS];
    int16_t *gates[EZ_MAX_INPUTS];
    size_t count;
} ez_pending;

static void flush(const ez_lstm_direction *d, const ez_kernels *kernels, ez_pending *pending) {
    if (pending->count) make_gates(d, kernels, pending->inputs, pending->scales, pending->count, pending->gates);
    pending->count = 0;
}

/* The gates of steps [first, first + steps) of all texts, [steps, texts]: looked up, or made in `made`. */
static void gates_ahead(const ez_run *run, uint32_t layer, uint32_t direction, size_t first, size_t steps,
                        int16_t *made, const int16_t **gates) {
    const ez_lstm_direction *d = &run->lstm->layer[layer][direction];
    size_t columns = d->input.columns;
    ez_pending pending;
    pending.count = 0;
    for (size_t slot = 0; slot < steps * run->count; slot++) {
        const ez_text *text = &run->texts[slot % run->count];
        size_t step = first + slot / run->count, position = position_at(text, direction, step);
        if (step >= text->positions) continue;
        uint32_t id = text->ids[position];
        gates[slot] = made + slot * d->input.rows;
        int8_t *input = pending.inputs + pending.count * columns;
        if (layer == 0 && id < run->lstm->known) {
            gates[slot] = known_gates(run->lstm, id, direction);
            continue;
        }
        if (layer == 0) {
            pending.scales[pending.count] = token_input(run->lstm, run->kernels, id, input);
        } else {
            memcpy(input, text->states[layer - 1] + position * columns, columns);
            pending.scales[pending.count] = EZ_STATE_SCALE;
        }
        pending.gates[pending.count++] = made + slot * d->input.rows;
        if (pending.count == EZ_MAX_INPUTS) flush(d, run->kernels, &pending);
    }
    flush(d, run->kernels, &pending);
}

static void run_direction(ez_run *run, uint32_t layer, uint32_t direction) {
    const ez_lstm_direction *d = &run->lstm->layer[layer][direction];
    size_t hidden = run->lstm->tensors.hidden, width = ez_width(&run->lstm->tensors);
    size_t active = run->count, window = SLOTS / run->count;
    const int16_t *gates[SLOTS];
    int16_t made[SLOTS * MAX_GATES];
    float cells[EZ_MAX_INPUTS * EZ_LSTM_MAX_HIDDEN];
    int32_t products[EZ_MAX_INPUTS * MAX_GATES];
    int8_t states[EZ_MAX_INPUTS * EZ_LSTM_MAX_HIDDEN];
    memset(cells, 0, run->count * hidden * sizeof *cells);
    memset(states, 0, run->count * hidden);
    for (size_t step = 0; step < run->texts[0].positions; step++) {
        if (step % window == 0) gates_ahead(run, layer, direction, step, window, made, gates);
        while (run->texts[active - 1].positions <= step) active--;
        /* The first states are zeros, and so are their products. */
        if (step == 0) memset(products, 0, active * d->recurrent.rows * sizeof *products);
        else run->kernels->multiply_matrix(&d->recurrent, states, active, products);
        for (size_t i = 0; i < active; i++) {
            const ez_text *text = &run->texts[i];
            run->kernels->lstm_step(gates[step % window * run->count + i], products + i * 4 * hidden,
                                    d->recurrent.scales, hidden, cells + i * hidden, states + i * hidden);
            int8_t *place = text->states[layer] + position_at(text, direction, step) * width;
            memcpy(place + direction * hidden, states + i * hidden, hidden);
        }
    }
}

void ez_run_layers(ez_run *run) {
    const ez_lstm_tensors *t = &run->lstm->tensors;
    for (uint32_t layer = 0; layer < t->layers; layer++)
        for (uint32_t direction = 0; direction < t->directions; direction++) run_direction(run, layer, direction);
}

static uint32_t known_tokens(const ez_lstm_tensors *t) {
    uint32_t fitting = KNOWN_BYTES / (t->directions * 4 * t->hidden * (uint32_t)sizeof(int16_t));
    return fitting < t->embedding.values.rows ? fitting : t->embedding.values.rows;
}

size_t ez_lstm_memory(const ez_lstm_tensors *t) {
    size_t bytes = (size_t)known_tokens(t) * t->directions * 4 * t->hidden * sizeof(int16_t);
    for (uint32_t layer = 0; layer < t->layers; layer++)
        for (uint32_t direction = 0; direction < t->directions; direction++) {
            bytes += ez_matrix_memory(&t->weights[layer][direction].input);
            bytes += ez_matrix_memory(&t->weights[layer][direction].recurrent);
        }
    return bytes + (t->dimension ? ez_matrix_memory(&t->projection) : 0);
}

/* Tokens are numbered by frequency, so the gates of the first ones serve most of any text. */
static void build_known_gates(ez_lstm *lstm, const ez_kernels *kernels, int16_t *memory) {
    int8_t input[EZ_MAX_DIMENSION];
    lstm->known_gates = memory;
    for (uint32_t id = 0; id < known_tokens(&lstm->tensors); id++) {
        float scale = token_input(lstm, kernels, id, input);
        for (uint32_t direction = 0; direction < lstm->tensors.directions; direction++) {
            make_gates(&lstm->layer[0][direction], kernels, input, &scale, 1, &memory);
            memory += lstm->layer[0][direction].input.rows;
        }
    }
    lstm->known = known_tokens(&lstm->tensors);
}

void ez_lstm_build(ez_lstm *lstm, const ez_lstm_tensors *t, const ez_kernels *kernels, char *memory) {
    memset(lstm, 0, sizeof *lstm);
    lstm->tensors = *t;
    for (uint32_t layer = 0; layer < t->layers; layer++)
        for (uint32_t direction = 0; direction < t->directions; direction++) {
            const ez_lstm_weights *w = &t->weights[layer][direction];
            ez_lstm_direction *d = &lstm->layer[layer][direction];
            memory = ez_matrix_build(&d->input, &w->input, 1, memory);
            memory = ez_matrix_build(&d->recurrent, &w->recurrent, EZ_STATE_SCALE, memory);
            d->bias = ez_floats(&w->bias);
        }
    if (t->dimension) memory = ez_matrix_build(&lstm->projection, &t->projection, 1, memory);
    build_known_gates(lstm, kernels, (int16_t *)(void *)memory);
}
