#include "tiny_lstm.h"

#include "embedding.h"
#include "exponential.h"
#include "lstm_layers.h"

/* What the LSTM gives out at a position, normalised where the model says so. */
static void output(const ez_run *run, const ez_text *text, size_t position, float *values) {
    const ez_lstm_tensors *t = &run->lstm->tensors;
    size_t width = ez_width(t);
    const int8_t *states = text->states[t->layers - 1] + position * width;
    memset(values, 0, width * sizeof *values);
    run->kernels->add_int8_rows(values, &states, &EZ_STATE_SCALE, 1, width);
    if (t->output_norm.weight.values) ez_layer_norm(run->kernels, &t->output_norm, values, width);
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
    size_t width = ez_width(t);
    float values[2 * EZ_LSTM_MAX_HIDDEN];
    for (size_t i = 0; i < text->tokens; i++) weights[i] = 1;
    if (t->pooling == EZ_POOL_CLS) {
        output(run, text, text->tokens, pooled);
        return;
    }
    for (size_t position = 0; position < text->tokens; position++) {
        output(run, text, position, values);
        if (t->salience.values)
            weights[position] += run->kernels->dot(values, ez_floats(&t->salience), width) + *ez_floats(&t->salience_bias);
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
    const float *bias = ez_floats(&lstm->tensors.projection_bias);
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
        float logit = run->kernels->dot(ez_floats(&t->classifier) + i * width, features, width);
        probabilities[i] = logit + ez_floats(&t->classifier_bias)[i];
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
        mean_row(run, text, weights, features + ez_width(t));
    }
    if (vectors && text->tokens) embed(run, features, features + ez_width(t), vectors + text->index * t->dimension);
    else if (vectors) memset(vectors + text->index * t->dimension, 0, t->dimension * sizeof *vectors);
    if (probabilities) classify(run, features, probabilities + text->index * t->labels);
}

static size_t read_tokens(const ez_tokenizer *tokenizer, const char *text, size_t length, size_t limit, uint32_t *ids) {
    uint32_t chunk[EZ_TOKEN_CHUNK];
    ez_reading reading;
    size_t total = 0, count;
    ez_tokenizer_start(tokenizer, text, length, &reading);
    while (total < limit && (count = ez_tokenizer_next(tokenizer, &reading, chunk)) > 0)
        for (size_t i = 0; i < count && total < limit; i++) ids[total++] = chunk[i];
    return total;
}

/* Takes a text into the run, at its place by length. */
static void add_text(ez_run *run, const ez_tokenizer *tokenizer, const char *text, size_t length, size_t index) {
    const ez_lstm_tensors *t = &run->lstm->tensors;
    ez_text added = {.index = index, .ids = run->ids + run->used};
    for (uint32_t layer = 0; layer < t->layers; layer++)
        added.states[layer] = run->states[layer] + run->used * ez_width(t);
    added.tokens = read_tokens(tokenizer, text, length, t->max_tokens, run->ids + run->used);
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
    return run->count == EZ_MAX_INPUTS || needed > EZ_LSTM_MAX_POSITIONS || needed * ez_width(t) > EZ_LSTM_MAX_STATES;
}

static void step_through(ez_run *run, float *vectors, float *probabilities) {
    ez_run_layers(run);
    for (size_t i = 0; i < run->count; i++) finish(run, &run->texts[i], vectors, probabilities);
    run->count = run->used = 0;
}

void ez_lstm_run(const ez_lstm *lstm, const ez_tokenizer *tokenizer, const ez_kernels *kernels, const char *texts,
                 const size_t *ends, size_t count, float *vectors, float *probabilities) {
    ez_run run;
    run.lstm = lstm;
    run.kernels = kernels;
    run.count = run.used = 0;
    for (size_t i = 0, begin = 0; i < count; begin = ends[i++]) {
        add_text(&run, tokenizer, texts + begin, ends[i] - begin, i);
        if (i + 1 == count || is_full(&run)) step_through(&run, vectors, probabilities);
    }
}

