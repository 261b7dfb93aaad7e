/* Hostile bundles: whatever the bytes, opening either fails with a reason or gives a model that works. */
#include "checksum.h"
#include "engine.h"

#include <stdlib.h>
#include <string.h>

static void use(const ez_model *model) {
    static const char TEXT[] = "Hello, wide world! na\xC3\xAFve \xE4\xB8\xAD\xE6\x96\x87 unbelievable\xFF 123";
    uint32_t ids[64];
    float vector[EZ_MAX_DIMENSION];
    ez_description d;
    ez_describe(model, &d);
    size_t count = ez_tokenize(model, TEXT, sizeof TEXT - 1, ids, 64);
    for (size_t i = 0; i < count && i < 64; i++)
        if (ids[i] >= d.vocabulary_size) abort();
    ez_embed(model, TEXT, sizeof TEXT - 1, vector);
    ez_classify(model, TEXT, sizeof TEXT - 1, vector);
    float nats[64], *state = calloc(1, ez_state_size(model) + 1), *row = malloc(4 * d.vocabulary_size);
    ez_sampling sampling = {0.8f, 0.9f, 5, 1, 7};
    uint32_t before = 2;
    ez_score(model, TEXT, sizeof TEXT - 1, nats, 64);
    ez_step(model, state, ~0u, row);
    count = ez_generate(model, state, &before, &sampling, ids, 64);
    for (size_t i = 0; i < count; i++)
        if (ids[i] >= d.vocabulary_size) abort();
    free(state);
    free(row);
    size_t length = 0;
    volatile char last = 0;
    for (size_t i = 0; i < d.vocabulary_size && ez_token(model, i, &length); i++)
        if (length) last = ez_token(model, i, &length)[length - 1];
    for (size_t i = 0; i < d.labels; i++) last = ez_label(model, i, &length)[length - 1];
    (void)last;
}

static void open_and_use(const uint8_t *bundle, size_t size) {
    ez_error error;
    size_t needed = ez_memory_size(bundle, size, &error);
    if ((needed == 0) != (error.status != EZ_OK)) abort();
    if (!needed) return;
    void *memory = aligned_alloc(64, (needed + 63) / 64 * 64);
    ez_model *model = ez_open(bundle, size, memory, needed, &error);
    if ((model == NULL) != (error.status != EZ_OK)) abort();
    if (model) use(model);
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    /* A copy of the exact size, so that a read past the end is seen. */
    uint8_t *bundle = malloc(size ? size : 1);
    memcpy(bundle, data, size);
    open_and_use(bundle, size);
    if (size >= 72 && size % 64 == 8) {
        /* The checksum keeps damage out, not malice: forge it to reach what lies behind. */
        uint64_t checksum = ez_xxh64_stripes(bundle, size - 8);
        memcpy(bundle + size - 8, &checksum, 8);
        open_and_use(bundle, size);
    }
    free(bundle);
    return 0;
}
