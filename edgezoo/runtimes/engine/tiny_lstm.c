#include "tiny_lstm.h"

#include "embedding.h"
#include "exponential.h"

enum {
    ALIGNMENT = 64,
    KNOWN_BYTES = 3 << 20, /* what may be spent on gates that are known ahead of time */
    SLOTS = 8,             /* gates that are made before they are stepped through, of all texts together */
    MAX_GATES = 4 * EZ_LSTM_MAX_HIDDEN
};

static const float STATE_SCALE = 1.0f / EZ_ACTIVATION_MAX, EPSILON = 1e-5f;

/* A text in work. The states of a layer are [positions, directions * hidden]; with [CLS] pooling the last
 * position is [CLS], which both directions read last. */
typedef struct {
    size_t index; /* of the text in the caller's order */
    const uint32_t *ids;
    size_t tokens;
    size_t positions;
    int8_t *states[EZ_LSTM_LAYERS];
} ez_text;

/* Texts that step together, longest first, so that weights are read once for all of them. */
typedef struct {
    const ez_lstm *lstm;
    const ez_kernels *kernels;
    size_t count;
    ez_text texts[EZ_MAX_INPUTS];
    size_t used; /* of the buffers below */
    uint32_t ids[EZ_LSTM_MAX_POSITIONS];
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
            pending.scales[pending.count] = STATE_SCALE;
        }
        pending.gates[pending.count++] = made + slot * d->input.rows;
        if (pending.count == EZ_MAX_INPUTS) flush(d, run->kernels, &pending);
    }
    flush(d, run->kernels, &pending);
}

static void run_direction(ez_run *run, uint32_t layer, uint32_t direction) {
    const ez_lstm_direction *d = &run->lstm->layer[layer][direction];
    size_t hidden = run->lstm->tensors.hidden, width = width_of(&run->lstm->tensors);
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
        run->kernels->multiply_matrix(&d->recurrent, states, active, products);
        for (size_t i = 0; i < active; i++) {
            const ez_text *text = &run->texts[i];
            run->kernels->lstm_step(gates[step % window * run->count + i], products + i * 4 * hidden,
                                    d->recurrent.scales, hidden, cells + i * hidden, states + i * hidden);
            int8_t *place = text->states[layer] + position_at(text, direction, step) * width;
            memcpy(place + direction * hidden, states + i * hidden, hidden);
        }
    }
}

/* What the LSTM gives out at a position, normalised where the model says so. */
static void output(const ez_run *run, const ez_text *text, size_t position, float *values) {
    const ez_lstm_tensors *t = &run->lstm->tensors;
    size_t width = width_of(t);
    const int8_t *states = text->states[t->layers - 1] + position * width;
    memset(values, 0, width * sizeof *values);
    run->kernels->add_int8_rows(values, &states, &STATE_SCALE, 1, width);
    if (t->output_norm.weight.values) normalise(run->kernels, &t->output_norm, values, width);
}

static void add(float *sums, const float *values, size_t count) {
    for (size_t i = 0; i < count; i++) sums[i] += values[i];
}

static void keep_larger(float *maxima, const float *values, size_t count) {
    for (size_t i = 0; i < count; i++) maxima[i] = values[i] > maxima[i] ? values[i] : maxima[i];
}

/* The pooled output [directions * hidden], and the weight of every token in the mean of rows. */
static void pool(const ez_run *run, const ez_text *text, float *pooled, float *weights) {
    const ez_lstm_tensors *t = &run->lstm->tensors;
    size_t width = width_of(t);
    float values[2 * EZ_LSTM_MAX_HIDDEN];
    for (size_t i = 0; i < text->tokens; i++) weights[i] = 1;
    if (t->pooling == EZ_POOL_CLS) {
        output(run, text, text->tokens, pooled);
        return;
    }
    for (size_t position = 0; position < text->tokens; position++) {
        output(run, text, position, values);
        if (t->salience.values)
            weights[position] += run->kernels->dot(values, floats(&t->salience), width) + *floats(&t->salience_bias);
        if (position == 0) memcpy(pooled, values, width * sizeof *values);
        else if (t->pooling == EZ_POOL_MEAN) add(pooled, values, width);
        else keep_larger(pooled, values, width);
    }
    if (t->pooling == EZ_POOL_MEAN) run->kernels->multiply(pooled, 1.0f / (float)text->tokens, width);
}

/* The weighted mean of the tokens' rows [dimension of the embedding]. */
static void mean_row(const ez_run *run, const ez_text *text, const float *weights, float *mean) {
    const ez_quantised *table = &run->lstm->tensors.embedding;
    memset(mean, 0, table->values.columns * sizeof *mean);
    for (size_t i = 0; i < text->tokens; i += EZ_ROW_BLOCK) {
        size_t count = text->tokens - i < EZ_ROW_BLOCK ? text->tokens - i : EZ_ROW_BLOCK;
        ez_add_rows(table, run->kernels, text->ids + i, weights + i, count, mean);
    }
    run->kernels->multiply(mean, 1.0f / (float)text->tokens, table->values.columns);
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
    run->kernels->multiply_matrix(&lstm->projection, input, 1, products);
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
    for (size_t i = 0; i < t->labels; i++) sum += probabilities[i] = ez_exp2((probabilities[i] - largest) * EZ_LOG2_E);
    for (size_t i = 0; i < t->labels; i++) probabilities[i] /= sum;
}

/* Writes one text's row of `vectors` [., dimension] or of `probabilities` [., labels]. */
static void finish(const ez_run *run, const ez_text *text, float *vectors, float *probabilities) {
    const ez_lstm_tensors *t = &run->lstm->tensors;
    float features[EZ_LSTM_MAX_FEATURES] = {0}, weights[EZ_LSTM_MAX_TOKENS];
    if (text->tokens) {
        pool(run, text, features, weights);
        mean_row(run, text, weights, features + width_of(t));
    }
    if (vectors && text->tokens) embed(run, features, features + width_of(t), vectors + text->index * t->dimension);
    else if (vectors) memset(vectors + text->index * t->dimension, 0, t->dimension * sizeof *vectors);
    if (probabilities) classify(run, features, probabilities + text->index * t->labels);
}

static size_t read_tokens(const ez_wordpiece *wordpiece, const char *text, size_t length, size_t limit, uint32_t *ids) {
    uint32_t chunk[EZ_TOKEN_CHUNK];
    ez_cursor cursor = {(const uint8_t *)text, (const uint8_t *)text + length};
    size_t total = 0, count;
    while (total < limit && (count = ez_wordpiece_next(wordpiece, &cursor, chunk)) > 0)
        for (size_t i = 0; i < count && total < limit; i++) ids[total++] = chunk[i];
    return total;
}

/* Takes a text into the run, at its place by length. */
static void add_text(ez_run *run, const ez_wordpiece *wordpiece, const char *text, size_t length, size_t index) {
    const ez_lstm_tensors *t = &run->lstm->tensors;
    ez_text added = {.index = index, .ids = run->ids + run->used};
    for (uint32_t layer = 0; layer < t->layers; layer++)
        added.states[layer] = run->states[layer] + run->used * width_of(t);
    added.tokens = read_tokens(wordpiece, text, length, t->max_tokens, run->ids + run->used);
    added.positions = added.tokens;
    if (added.tokens && t->pooling == EZ_POOL_CLS) run->ids[run->used + added.positions++] = EZ_LSTM_CLS;
    run->used += added.positions;
    size_t place = run->count++;
    for (; place > 0 && run->texts[place - 1].positions < added.positions; place--)
        run->texts[place] = run->texts[place - 1];
    run->texts[place] = added;
}

/* Whether another text may need more than what is left of the buffers. */
static int is_full(const ez_run *run) {
    const ez_lstm_tensors *t = &run->lstm->tensors;
    size_t needed = run->used + t->max_tokens + 1;
    return run->count == EZ_MAX_INPUTS || needed > EZ_LSTM_MAX_POSITIONS || needed * width_of(t) > EZ_LSTM_MAX_STATES;
}

static void step_through(ez_run *run, float *vectors, float *probabilities) {
    const ez_lstm_tensors *t = &run->lstm->tensors;
    for (uint32_t layer = 0; layer < t->layers; layer++)
        for (uint32_t direction = 0; direction < t->directions; direction++) run_direction(run, layer, direction);
    for (size_t i = 0; i < run->count; i++) finish(run, &run->texts[i], vectors, probabilities);
    run->count = run->used = 0;
}

void ez_lstm_run(const ez_lstm *lstm, const ez_wordpiece *wordpiece, const ez_kernels *kernels, const char *texts,
                 const size_t *ends, size_t count, float *vectors, float *probabilities) {
    ez_run run;
    run.lstm = lstm;
    run.kernels = kernels;
    run.count = run.used = 0;
    for (size_t i = 0, begin = 0; i < count; begin = ends[i++]) {
        add_text(&run, wordpiece, texts + begin, ends[i] - begin, i);
        if (i + 1 == count || is_full(&run)) step_through(&run, vectors, probabilities);
    }
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
            memory = ez_matrix_build(&d->recurrent, &w->recurrent, STATE_SCALE, memory);
            d->bias = floats(&w->bias);
        }
    if (t->dimension) memory = ez_matrix_build(&lstm->projection, &t->projection, 1, memory);
    build_known_gates(lstm, kernels, (int16_t *)(void *)memory);
}
