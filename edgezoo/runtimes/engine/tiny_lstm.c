#include "tiny_lstm.h"

#include "embedding.h"
#include "exponential.h"

enum {
    ALIGNMENT = 64,
    KNOWN_BYTES = 2 << 20, /* what may be spent on gates that are known ahead of time */
    WINDOW = 8,            /* positions whose gates are made before they are stepped through */
    MAX_GATES = 4 * EZ_LSTM_MAX_HIDDEN
};

static const float STATE_SCALE = 1.0f / EZ_ACTIVATION_MAX, EPSILON = 1e-5f;

/* What a call works on. The states of a layer are [positions, directions * hidden]; with [CLS] pooling the last
 * position is [CLS], which both directions read last. */
typedef struct {
    const ez_lstm *lstm;
    const ez_kernels *kernels;
    uint32_t ids[EZ_LSTM_MAX_TOKENS + 1];
    size_t tokens;
    size_t positions;
    int8_t states[EZ_LSTM_LAYERS][EZ_LSTM_MAX_STATES];
} ez_run;

static const float *floats(const ez_tensor *tensor) { return (const float *)(const void *)tensor->values; }

static size_t width_of(const ez_lstm_tensors *t) { return (size_t)t->directions * t->hidden; }

/* In place; sums run in the kernels' fixed order. width: a multiple of 16. */
static void normalise(const ez_kernels *kernels, const ez_norm *norm, float *values, size_t width) {
    static const float ONES[EZ_LANES] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    float sum = 0;
    for (size_t i = 0; i < width; i += EZ_LANES) sum += kernels->dot(values + i, ONES, EZ_LANES);
    float mean = sum / (float)width;
    for (size_t i = 0; i < width; i++) values[i] -= mean;
    float inverse = 1.0f / __builtin_sqrtf(kernels->sum_of_squares(values, width) / (float)width + EPSILON);
    const float *weight = floats(&norm->weight), *bias = floats(&norm->bias);
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
    if (t->input_norm.weight.values) normalise(kernels, &t->input_norm, row, dimension);
    return kernels->quantise(row, lstm->layer[0][0].input.columns, input);
}

/* The input half of the gates [count, 4 hidden] of up to EZ_MAX_INPUTS positions. */
static void make_gates(const ez_lstm_direction *d, const ez_kernels *kernels, const int8_t *inputs,
                       const float *scales, size_t count, float *const *gates) {
    int32_t products[EZ_MAX_INPUTS * MAX_GATES];
    size_t rows = d->input.rows;
    kernels->multiply_matrix(d->input.blocks, rows, d->input.columns, inputs, count, products);
    for (size_t i = 0; i < count; i++)
        kernels->rescale(products + i * rows, d->input.scales, scales[i], d->bias, gates[i], rows);
}

static const float *known_gates(const ez_lstm *lstm, uint32_t id, uint32_t direction) {
    return lstm->known_gates + ((size_t)id * lstm->tensors.directions + direction) * lstm->layer[0][0].input.rows;
}

/* Gates of the positions order[count], count up to WINDOW: looked up, or made in `made`. */
static void window_gates(const ez_run *run, uint32_t layer, uint32_t direction, const size_t *order, size_t count,
                         float *made, const float **gates) {
    const ez_lstm_direction *d = &run->lstm->layer[layer][direction];
    size_t columns = d->input.columns, pending = 0;
    int8_t inputs[EZ_MAX_INPUTS * EZ_MAX_DIMENSION];
    float scales[EZ_MAX_INPUTS], *places[EZ_MAX_INPUTS];
    for (size_t i = 0; i < count; i++) {
        uint32_t id = run->ids[order[i]];
        if (layer == 0 && id < run->lstm->known) {
            gates[i] = known_gates(run->lstm, id, direction);
            continue;
        }
        int8_t *input = inputs + pending * columns;
        if (layer == 0) {
            scales[pending] = token_input(run->lstm, run->kernels, id, input);
        } else {
            memcpy(input, run->states[layer - 1] + order[i] * columns, columns);
            scales[pending] = STATE_SCALE;
        }
        places[pending++] = made + i * d->input.rows;
        gates[i] = made + i * d->input.rows;
        if (pending == EZ_MAX_INPUTS) {
            make_gates(d, run->kernels, inputs, scales, pending, places);
            pending = 0;
        }
    }
    if (pending) make_gates(d, run->kernels, inputs, scales, pending, places);
}

static void run_direction(ez_run *run, uint32_t layer, uint32_t direction) {
    const ez_lstm_tensors *t = &run->lstm->tensors;
    const ez_lstm_direction *d = &run->lstm->layer[layer][direction];
    size_t hidden = t->hidden, order[WINDOW];
    const float *gates[WINDOW];
    float made[WINDOW * MAX_GATES], cell[EZ_LSTM_MAX_HIDDEN];
    int32_t products[MAX_GATES];
    int8_t state[EZ_LSTM_MAX_HIDDEN];
    memset(cell, 0, hidden * sizeof *cell);
    memset(state, 0, hidden);
    for (size_t done = 0; done < run->positions; done += WINDOW) {
        size_t count = run->positions - done < WINDOW ? run->positions - done : WINDOW;
        for (size_t i = 0; i < count; i++)
            order[i] = direction && done + i < run->tokens ? run->tokens - 1 - done - i : done + i;
        window_gates(run, layer, direction, order, count, made, gates);
        for (size_t i = 0; i < count; i++) {
            run->kernels->multiply_matrix(d->recurrent.blocks, d->recurrent.rows, hidden, state, 1, products);
            run->kernels->lstm_step(gates[i], products, d->recurrent.scales, hidden, cell, state);
            memcpy(run->states[layer] + order[i] * width_of(t) + direction * hidden, state, hidden);
        }
    }
}

/* What the LSTM gives out at a position, normalised where the model says so. */
static void output(const ez_run *run, size_t position, float *values) {
    const ez_lstm_tensors *t = &run->lstm->tensors;
    size_t width = width_of(t);
    const int8_t *states = run->states[t->layers - 1] + position * width;
    memset(values, 0, width * sizeof *values);
    run->kernels->add_int8_rows(values, &states, &STATE_SCALE, 1, width);
    if (t->output_norm.weight.values) normalise(run->kernels, &t->output_norm, values, width);
}

/* The pooled output [directions * hidden], and the weight of every token in the mean of rows. */
static void pool(const ez_run *run, float *pooled, float *weights) {
    const ez_lstm_tensors *t = &run->lstm->tensors;
    size_t width = width_of(t);
    float values[2 * EZ_LSTM_MAX_HIDDEN];
    for (size_t i = 0; i < run->tokens; i++) weights[i] = 1;
    if (t->pooling == EZ_POOL_CLS) {
        output(run, run->tokens, pooled);
        return;
    }
    for (size_t position = 0; position < run->tokens; position++) {
        output(run, position, values);
        if (t->salience.values)
            weights[position] += run->kernels->dot(values, floats(&t->salience), width) + *floats(&t->salience_bias);
        for (size_t i = 0; i < width; i++)
            if (position == 0) pooled[i] = values[i];
            else if (t->pooling == EZ_POOL_MEAN) pooled[i] += values[i];
            else pooled[i] = values[i] > pooled[i] ? values[i] : pooled[i];
    }
    if (t->pooling == EZ_POOL_MEAN) run->kernels->multiply(pooled, 1.0f / (float)run->tokens, width);
}

/* The weighted mean of the tokens' rows [dimension of the embedding]. */
static void mean_row(const ez_run *run, const float *weights, float *mean) {
    const ez_quantised *table = &run->lstm->tensors.embedding;
    memset(mean, 0, table->values.columns * sizeof *mean);
    for (size_t i = 0; i < run->tokens; i += EZ_ROW_BLOCK) {
        size_t count = run->tokens - i < EZ_ROW_BLOCK ? run->tokens - i : EZ_ROW_BLOCK;
        ez_add_rows(table, run->kernels, run->ids + i, weights + i, count, mean);
    }
    run->kernels->multiply(mean, 1.0f / (float)run->tokens, table->values.columns);
}

static void embed(const ez_run *run, const float *pooled, const float *mean, float *vector) {
    const ez_lstm *lstm = run->lstm;
    size_t dimension = lstm->projection.rows;
    int8_t input[2 * EZ_LSTM_MAX_HIDDEN];
    int32_t products[EZ_MAX_DIMENSION];
    float addends[EZ_MAX_DIMENSION];
    float scale = run->kernels->quantise(pooled, lstm->projection.columns, input);
    const float *bias = floats(&lstm->tensors.projection_bias);
    for (size_t i = 0; i < dimension; i++) addends[i] = lstm->tensors.skip ? bias[i] + mean[i] : bias[i];
    run->kernels->multiply_matrix(lstm->projection.blocks, dimension, lstm->projection.columns, input, 1, products);
    run->kernels->rescale(products, lstm->projection.scales, scale, addends, vector, dimension);
    float norm = __builtin_sqrtf(run->kernels->sum_of_squares(vector, dimension));
    if (norm != 0) run->kernels->multiply(vector, 1.0f / norm, dimension);
}

/* features: [directions * hidden + dimension of the embedding], the pooled output and then the mean row. */
static void classify(const ez_run *run, const float *features, float *probabilities) {
    const ez_lstm_tensors *t = &run->lstm->tensors;
    size_t width = t->classifier.columns;
    float largest = 0, sum = 0;
    for (size_t i = 0; i < t->labels; i++) {
        float logit = run->kernels->dot(floats(&t->classifier) + i * width, features, width);
        probabilities[i] = logit + floats(&t->classifier_bias)[i];
        if (i == 0 || probabilities[i] > largest) largest = probabilities[i];
    }
    for (size_t i = 0; i < t->labels; i++) sum += probabilities[i] = ez_exp(probabilities[i] - largest);
    for (size_t i = 0; i < t->labels; i++) probabilities[i] /= sum;
}

static size_t read_tokens(const ez_wordpiece *wordpiece, const char *text, size_t length, size_t limit, uint32_t *ids) {
    uint32_t chunk[EZ_TOKEN_CHUNK];
    ez_cursor cursor = {(const uint8_t *)text, (const uint8_t *)text + length};
    size_t total = 0, count;
    while (total < limit && (count = ez_wordpiece_next(wordpiece, &cursor, chunk)) > 0)
        for (size_t i = 0; i < count && total < limit; i++) ids[total++] = chunk[i];
    return total;
}

void ez_lstm_run(const ez_lstm *lstm, const ez_wordpiece *wordpiece, const ez_kernels *kernels, const char *text,
                 size_t length, float *vector, float *probabilities) {
    const ez_lstm_tensors *t = &lstm->tensors;
    ez_run run;
    run.lstm = lstm;
    run.kernels = kernels;
    run.tokens = run.positions = read_tokens(wordpiece, text, length, t->max_tokens, run.ids);
    size_t width = width_of(t);
    float features[EZ_LSTM_MAX_FEATURES] = {0}, weights[EZ_LSTM_MAX_TOKENS];
    if (run.tokens) {
        if (t->pooling == EZ_POOL_CLS) run.ids[run.positions++] = EZ_LSTM_CLS;
        for (uint32_t layer = 0; layer < t->layers; layer++)
            for (uint32_t direction = 0; direction < t->directions; direction++) run_direction(&run, layer, direction);
        pool(&run, features, weights);
        mean_row(&run, weights, features + width);
    }
    if (vector && run.tokens) embed(&run, features, features + width, vector);
    else if (vector) memset(vector, 0, t->dimension * sizeof *vector);
    if (probabilities) classify(&run, features, probabilities);
}

static uint32_t known_tokens(const ez_lstm_tensors *t) {
    uint32_t fitting = KNOWN_BYTES / (t->directions * 4 * t->hidden * (uint32_t)sizeof(float));
    return fitting < t->embedding.values.rows ? fitting : t->embedding.values.rows;
}

size_t ez_lstm_memory(const ez_lstm_tensors *t) {
    size_t bytes = (size_t)known_tokens(t) * t->directions * 4 * t->hidden * sizeof(float);
    for (uint32_t layer = 0; layer < t->layers; layer++)
        for (uint32_t direction = 0; direction < t->directions; direction++) {
            bytes += ez_matrix_memory(&t->weights[layer][direction].input);
            bytes += ez_matrix_memory(&t->weights[layer][direction].recurrent);
        }
    return bytes + (t->dimension ? ez_matrix_memory(&t->projection) : 0);
}

/* Tokens are numbered by frequency, so the gates of the first ones serve most of any text. */
static void build_known_gates(ez_lstm *lstm, const ez_kernels *kernels, float *memory) {
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
            memory = ez_matrix_build(&d->recurrent, &w->recurrent, STATE_SCALE, memory);
            d->bias = floats(&w->bias);
        }
    if (t->dimension) memory = ez_matrix_build(&lstm->projection, &t->projection, 1, memory);
    build_known_gates(lstm, kernels, (float *)(void *)memory);
}
