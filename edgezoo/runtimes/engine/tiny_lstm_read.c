/* Reads and checks the tensors of a TinyLstm: after this, every shape follows from a few numbers. */
#include "tiny_lstm.h"

enum { SLOT_POOLING, SLOT_SKIP, SLOT_MAX_TOKENS, SLOT_LABELS };
enum { MAX_LABEL_BYTES = 63 };

ez_norm ez_lstm_find_norm(ez_reader *r, const ez_description *file, const char *weight, const char *bias,
                          uint32_t width) {
    ez_norm norm = {ez_find_floats(r, file, weight, width, 1, 0), {EZ_FLOAT32, 0, 0, NULL}};
    if (norm.weight.values) norm.bias = ez_find_floats(r, file, bias, width, 1, 1);
    return norm;
}

/* Fills the weights of one layer and direction if the bundle has them, or must. */
static int find_weights(ez_reader *r, const ez_description *file, ez_lstm_tensors *t, uint32_t layer,
                        uint32_t direction, int required) {
    static const char *const names[EZ_LSTM_LAYERS][EZ_LSTM_DIRECTIONS][3] = {
        {{"lstm.0.forward.input", "lstm.0.forward.recurrent", "lstm.0.forward.bias"},
         {"lstm.0.backward.input", "lstm.0.backward.recurrent", "lstm.0.backward.bias"}},
        {{"lstm.1.forward.input", "lstm.1.forward.recurrent", "lstm.1.forward.bias"},
         {"lstm.1.backward.input", "lstm.1.backward.recurrent", "lstm.1.backward.bias"}}};
    const char *const *name = names[layer][direction];
    ez_lstm_weights *w = &t->weights[layer][direction];
    w->recurrent = ez_find_quantised(r, file, name[1], 4 * t->hidden, t->hidden, required);
    if (!w->recurrent.values.values || !ez_ok(r)) return 0;
    if (!t->hidden) t->hidden = w->recurrent.values.columns;
    uint32_t hidden = t->hidden, width = layer ? t->directions * hidden : 0;
    if (hidden > EZ_LSTM_MAX_HIDDEN || w->recurrent.values.rows != 4 * hidden)
        return (int)ez_fail(r, EZ_UNSUPPORTED, r->root, "an LSTM has recurrent weights other than [4 n, n], n up to 512");
    w->input = ez_find_quantised(r, file, name[0], 4 * hidden, width, 1);
    w->bias = ez_find_floats(r, file, name[2], 4 * hidden, 1, 1);
    if (ez_ok(r) && !layer && w->input.values.columns > t->embedding.values.columns)
        return (int)ez_fail(r, EZ_CORRUPT, r->root, "an LSTM reads more columns than the embedding has");
    return ez_ok(r);
}

void ez_lstm_read_layers(ez_reader *r, const ez_description *file, ez_lstm_tensors *t) {
    find_weights(r, file, t, 0, 0, 1);
    t->directions = find_weights(r, file, t, 0, 1, 0) ? 2 : 1;
    t->layers = ez_find_tensor(r, file, "lstm.1.forward.recurrent", 0).values ? 2 : 1;
    for (uint32_t direction = 0; t->layers == 2 && direction < t->directions; direction++)
        find_weights(r, file, t, 1, direction, 1);
}

static void read_labels(ez_reader *r, uint64_t settings, ez_lstm_tensors *t) {
    uint64_t count, first = ez_vector_field(r, settings, SLOT_LABELS, 4, 0, &count);
    if (ez_ok(r) && (count < 2 || count > EZ_LSTM_MAX_LABELS))
        ez_fail(r, EZ_UNSUPPORTED, settings, "a classifier has fewer than 2 labels or more than 64");
    for (uint64_t i = 0; ez_ok(r) && i < count; i++) {
        uint64_t at = first + 4 * i + ez_read_scalar(r, first + 4 * i, 4), length = ez_read_scalar(r, at, 4);
        if (ez_ok(r) && (length < 1 || length > MAX_LABEL_BYTES || length > r->size - at - 4))
            ez_fail(r, EZ_CORRUPT, at, "a label has not 1 to 63 bytes");
        t->label[i] = (const char *)r->bytes + at + 4;
        t->label_length[i] = (size_t)length;
    }
    t->labels = (uint32_t)count;
}

static void find_heads(ez_reader *r, const ez_description *file, uint64_t settings, ez_lstm_tensors *t) {
    uint32_t states = t->directions * t->hidden, columns = t->embedding.values.columns;
    t->projection = ez_find_quantised(r, file, "projection", t->skip ? columns : 0, states, 0);
    if (t->projection.values.values) {
        t->dimension = t->projection.values.rows;
        t->projection_bias = ez_find_floats(r, file, "projection.bias", t->dimension, 1, 1);
        if (t->dimension % EZ_GROUP || t->dimension > EZ_MAX_DIMENSION)
            ez_fail(r, EZ_UNSUPPORTED, r->root, "the dimension is not a multiple of 32 up to 1024");
    }
    t->salience = ez_find_floats(r, file, "salience", 1, states, 0);
    if (t->salience.values) t->salience_bias = ez_find_floats(r, file, "salience.bias", 1, 1, 1);
    if (ez_find_tensor(r, file, "classifier", 0).values) {
        read_labels(r, settings, t);
        t->classifier = ez_find_floats(r, file, "classifier", t->labels, states + columns, 1);
        t->classifier_bias = ez_find_floats(r, file, "classifier.bias", t->labels, 1, 1);
    }
    if (ez_ok(r) && !t->dimension && !t->labels)
        ez_fail(r, EZ_CORRUPT, r->root, "the model has neither a projection nor a classifier");
}

void ez_lstm_read(ez_reader *r, ez_description *file, ez_lstm_tensors *t) {
    uint64_t settings = ez_reference(r, r->root, EZ_BUNDLE_ARCHITECTURE);
    uint64_t pooling = ez_scalar_field(r, settings, SLOT_POOLING, 1, EZ_POOL_MEAN);
    t->skip = (int)ez_scalar_field(r, settings, SLOT_SKIP, 1, 1);
    t->max_tokens = (uint32_t)ez_scalar_field(r, settings, SLOT_MAX_TOKENS, 4, 128);
    if (ez_ok(r) && (pooling > EZ_POOL_CLS || t->max_tokens < 1 || t->max_tokens > EZ_LSTM_MAX_TOKENS))
        ez_fail(r, EZ_UNSUPPORTED, settings, "an unknown pooling, or texts of other than 1 to 512 tokens");
    t->pooling = (ez_pooling)pooling;
    t->embedding = ez_find_quantised(r, file, "embedding", (uint32_t)file->vocabulary_size, 0, 1);
    ez_lstm_read_layers(r, file, t);
    if (!ez_ok(r)) return;
    uint32_t states = t->directions * t->hidden;
    if ((t->max_tokens + 1) * states > EZ_LSTM_MAX_STATES || t->embedding.values.rows <= EZ_LSTM_CLS)
        ez_fail(r, EZ_UNSUPPORTED, r->root, "max_tokens times the width of the states is more than a call can keep");
    t->input_norm = ez_lstm_find_norm(r, file, "input_norm.weight", "input_norm.bias", t->embedding.values.columns);
    t->output_norm = ez_lstm_find_norm(r, file, "output_norm.weight", "output_norm.bias", states);
    find_heads(r, file, settings, t);
    file->dimension = t->dimension;
    file->labels = t->labels;
    file->max_tokens = t->max_tokens;
}
