#include "engine.h"

#include "bundle.h"
#include "language_model.h"

enum { ALIGNMENT = 64 };

struct ez_model {
    ez_description description;
    const ez_kernels *kernels;
    ez_tokenizer tokenizer;
    ez_characters vocabulary; /* of a language model */
    ez_architecture architecture;
    union {
        ez_static_table table;
        ez_lstm lstm;
        ez_char_lstm char_lstm;
    };
};

/* The model's memory: itself, the vocabulary's index, then what its architecture prepares. */
static size_t aligned(size_t bytes) { return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

static size_t index_offset(void) { return aligned(sizeof(ez_model)); }

static size_t prepared_offset(const ez_bundle *bundle) {
    return index_offset() + aligned(ez_tokenizer_memory(&bundle->tokenizer));
}

static size_t memory_size(const ez_bundle *bundle) {
    size_t prepared = 0;
    if (bundle->architecture == EZ_TINY_LSTM) prepared = ez_lstm_memory(&bundle->lstm);
    if (bundle->architecture == EZ_CHAR_LSTM) prepared = ez_char_lstm_memory(&bundle->char_lstm);
    return prepared_offset(bundle) + prepared;
}

size_t ez_memory_size(const void *bundle, size_t size, ez_error *error) {
    ez_bundle read;
    return ez_bundle_read(bundle, size, &read, error) ? memory_size(&read) : 0;
}

ez_model *ez_open(const void *bundle, size_t size, void *memory, size_t available, ez_error *error) {
    ez_bundle read;
    ez_model *model = memory;
    if (!ez_bundle_read(bundle, size, &read, error) || !ez_bundle_check(bundle, size, error)) return NULL;
    if (!memory || (uintptr_t)memory % ALIGNMENT || available < memory_size(&read)) {
        *error = (ez_error){EZ_MEMORY, "the model's memory is missing, too small or not 64-byte aligned", 0};
        return NULL;
    }
    if (!ez_tokenizer_build(&model->tokenizer, &read.tokenizer, (char *)memory + index_offset())) {
        *error = (ez_error){EZ_CORRUPT, "the vocabulary holds a token twice", 0};
        return NULL;
    }
    model->description = read.description;
    model->architecture = read.architecture;
    ez_select_isa(model, ez_best_isa());
    char *prepared = (char *)memory + prepared_offset(&read);
    switch (model->architecture) {
        case EZ_STATIC_TABLE: model->table = read.table; break;
        case EZ_TINY_LSTM: ez_lstm_build(&model->lstm, &read.lstm, model->kernels, prepared); break;
        case EZ_CHAR_LSTM: ez_char_lstm_build(&model->char_lstm, &read.char_lstm, model->kernels, prepared); break;
    }
    if (model->architecture == EZ_CHAR_LSTM) model->vocabulary = read.tokenizer.characters;
    return model;
}

void ez_describe(const ez_model *model, ez_description *description) { *description = model->description; }

int ez_select_isa(ez_model *model, ez_isa isa) {
    const ez_kernels *kernels = ez_find_kernels(isa);
    if (!kernels) return 0;
    model->kernels = kernels;
    model->description.isa = isa;
    return 1;
}

size_t ez_tokenize(const ez_model *model, const char *text, size_t length, uint32_t *ids, size_t capacity) {
    uint32_t chunk[EZ_TOKEN_CHUNK];
    ez_reading reading;
    size_t total = 0, count;
    ez_tokenizer_start(&model->tokenizer, text, length, &reading);
    while ((count = ez_tokenizer_next(&model->tokenizer, &reading, chunk)) > 0)
        for (size_t i = 0; i < count; i++, total++)
            if (total < capacity) ids[total] = chunk[i];
    return total;
}

void ez_embed(const ez_model *model, const char *text, size_t length, float *vector) {
    ez_embed_batch(model, text, &length, 1, vector);
}

void ez_embed_batch(const ez_model *model, const char *texts, const size_t *ends, size_t count, float *vectors) {
    size_t dimension = model->description.dimension;
    if (!dimension) return;
    if (model->architecture == EZ_TINY_LSTM) {
        ez_lstm_run(&model->lstm, &model->tokenizer, model->kernels, texts, ends, count, vectors, NULL);
        return;
    }
    for (size_t i = 0, begin = 0; i < count; begin = ends[i++])
        ez_static_embed(&model->table, &model->tokenizer, model->kernels, texts + begin, ends[i] - begin,
                        vectors + i * dimension);
}

const char *ez_label(const ez_model *model, size_t index, size_t *length) {
    if (index >= model->description.labels) return NULL;
    *length = model->lstm.tensors.label_length[index];
    return model->lstm.tensors.label[index];
}

void ez_classify(const ez_model *model, const char *text, size_t length, float *probabilities) {
    ez_classify_batch(model, text, &length, 1, probabilities);
}

void ez_classify_batch(const ez_model *model, const char *texts, const size_t *ends, size_t count,
                       float *probabilities) {
    if (model->description.labels)
        ez_lstm_run(&model->lstm, &model->tokenizer, model->kernels, texts, ends, count, NULL, probabilities);
}

size_t ez_state_size(const ez_model *model) {
    return model->architecture == EZ_CHAR_LSTM ? ez_char_lstm_state_size(&model->char_lstm) : 0;
}

/* Reads a token; one that the vocabulary lacks is unknown. */
static void read_token(const ez_model *model, void *state, uint32_t id, float *logits) {
    uint32_t known = id < model->description.vocabulary_size ? id : EZ_CHAR_UNKNOWN;
    ez_char_lstm_step(&model->char_lstm, model->kernels, state, known, logits);
}

void ez_step(const ez_model *model, void *state, uint32_t id, float *log_probabilities) {
    if (model->architecture != EZ_CHAR_LSTM) return;
    read_token(model, state, id, log_probabilities);
    if (log_probabilities) ez_log_softmax(log_probabilities, model->description.vocabulary_size);
}

size_t ez_score(const ez_model *model, const char *text, size_t length, float *nats, size_t capacity) {
    uint32_t chunk[EZ_TOKEN_CHUNK];
    float state[EZ_LSTM_LAYERS * EZ_LSTM_MAX_HIDDEN * 5 / 4] = {0}, logarithms[EZ_CHAR_MAX_TOKENS];
    ez_reading reading;
    size_t total = 0, count;
    uint32_t last = EZ_CHAR_BEGIN;
    if (model->architecture != EZ_CHAR_LSTM) return 0;
    ez_tokenizer_start(&model->tokenizer, text, length, &reading);
    do {
        count = ez_tokenizer_next(&model->tokenizer, &reading, chunk);
        if (!count) chunk[0] = EZ_CHAR_END;
        for (size_t i = 0; i < count + !count && total < capacity; i++, total++) {
            ez_step(model, state, last, logarithms);
            last = chunk[i];
            nats[total] = -logarithms[last];
        }
    } while (count && total < capacity);
    return total;
}

size_t ez_generate(const ez_model *model, void *state, uint32_t *last, ez_sampling *sampling, uint32_t *ids,
                   size_t count) {
    float logits[EZ_CHAR_MAX_TOKENS];
    size_t written = 0;
    if (model->architecture != EZ_CHAR_LSTM) return 0;
    while (written < count) {
        read_token(model, state, *last, logits);
        *last = ids[written++] = ez_sample(logits, model->description.vocabulary_size, sampling);
        if (*last == EZ_CHAR_END) break;
    }
    return written;
}

const char *ez_token(const ez_model *model, size_t id, size_t *length) {
    if (model->architecture != EZ_CHAR_LSTM || id >= model->description.vocabulary_size) return NULL;
    const ez_characters *v = &model->vocabulary;
    const uint8_t *token = v->bytes.values;
    for (size_t i = 0; i < id; i++) token += v->lengths.values[i];
    *length = v->lengths.values[id];
    return (const char *)token;
}
