#include "engine.h"

#include "bundle.h"
#include "kernels.h"
#include "static_table.h"
#include "wordpiece.h"

enum { ALIGNMENT = 64 };

struct ez_model {
    ez_description description;
    const ez_kernels *kernels;
    ez_wordpiece wordpiece;
    ez_static_table table;
};

static size_t model_size(void) { return (sizeof(ez_model) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

size_t ez_memory_size(const void *bundle, size_t size, ez_error *error) {
    ez_bundle read;
    return ez_bundle_read(bundle, size, &read, error) ? model_size() + ez_wordpiece_memory(&read) : 0;
}

ez_model *ez_open(const void *bundle, size_t size, void *memory, size_t memory_size, ez_error *error) {
    ez_bundle read;
    ez_model *model = memory;
    if (!ez_bundle_read(bundle, size, &read, error) || !ez_bundle_check(bundle, size, error)) return NULL;
    if (!memory || (uintptr_t)memory % ALIGNMENT || memory_size < model_size() + ez_wordpiece_memory(&read)) {
        *error = (ez_error){EZ_MEMORY, "the model's memory is missing, too small or not 64-byte aligned", 0};
        return NULL;
    }
    if (!ez_wordpiece_build(&model->wordpiece, &read, (char *)memory + model_size())) {
        *error = (ez_error){EZ_CORRUPT, "the vocabulary holds a token twice", 0};
        return NULL;
    }
    model->description = read.description;
    model->table = (ez_static_table){read.embedding, read.weight, read.normalize};
    ez_select_isa(model, ez_best_isa());
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
    ez_cursor cursor = {(const uint8_t *)text, (const uint8_t *)text + length};
    size_t total = 0, count;
    while ((count = ez_wordpiece_next(&model->wordpiece, &cursor, chunk)) > 0)
        for (size_t i = 0; i < count; i++, total++)
            if (total < capacity) ids[total] = chunk[i];
    return total;
}

void ez_embed(const ez_model *model, const char *text, size_t length, float *vector) {
    ez_static_embed(&model->table, &model->wordpiece, model->kernels, text, length, vector);
}

void ez_embed_batch(const ez_model *model, const char *texts, const size_t *ends, size_t count, float *vectors) {
    size_t begin = 0;
    for (size_t i = 0; i < count; begin = ends[i++])
        ez_embed(model, texts + begin, ends[i] - begin, vectors + i * model->description.dimension);
}
