/* Hostile texts: no read outside the text, ids inside the vocabulary, the same bits from all kernels. */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One byte of text may decompose into several characters, each of which is bytes. */
enum { MODELS = 4, MOST_IDS_A_BYTE = 24 };
static ez_model *models[MODELS];

static ez_model *open_model(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bundle = malloc(size);
    if (fread(bundle, 1, size, file) != size) exit(1);
    fclose(file);
    ez_error error;
    size_t needed = ez_memory_size(bundle, size, &error);
    ez_model *model = ez_open(bundle, size, aligned_alloc(64, (needed + 63) / 64 * 64), needed, &error);
    if (!model) {
        fprintf(stderr, "%s: %s\n", path, error.reason);
        exit(1);
    }
    return model;
}

/* Opens the bundles that the environment names; they stay open for the whole run. */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    char *paths = getenv("EDGEZOO_FUZZ_BUNDLES");
    for (int i = 0; i < MODELS; i++) {
        char *path = strtok(i ? NULL : paths, ":");
        if (!paths || !path) {
            fprintf(stderr, "set EDGEZOO_FUZZ_BUNDLES to four bundles, with colons between\n");
            exit(1);
        }
        models[i] = open_model(path);
    }
    return 0;
}

static void check_ids(const ez_model *model, const char *text, size_t size) {
    ez_description d;
    ez_describe(model, &d);
    size_t count = ez_tokenize(model, text, size, NULL, 0);
    uint32_t *ids = malloc((count + 1) * sizeof *ids);
    if (count > MOST_IDS_A_BYTE * size || ez_tokenize(model, text, size, ids, count) != count) abort();
    for (size_t i = 0; i < count; i++)
        if (ids[i] >= d.vocabulary_size) abort();
    free(ids);
}

enum { DRAWN = 16, SCORED = 32, STATE_BYTES = 1 << 10 };

/* A vector and probabilities; of a language model, what it finds surprising and how it goes on. */
typedef struct {
    float vector[EZ_MAX_DIMENSION];
    float probabilities[64];
    float nats[SCORED];
    uint32_t ids[DRAWN];
    float state[STATE_BYTES / 4];
} answer;

/* The text decides how the continuation is drawn. */
static void go_on(const ez_model *model, const char *text, size_t size, answer *found) {
    ez_sampling sampling = {1, 1, 0, 0, 0};
    uint32_t last = 2;
    memcpy(&sampling, text, size < sizeof sampling ? size : sizeof sampling);
    if (ez_state_size(model) > STATE_BYTES) abort();
    size_t drawn = ez_generate(model, found->state, &last, &sampling, found->ids, DRAWN);
    for (size_t i = 0; i < drawn; i++)
        if (found->ids[i] < 3 || (found->ids[i] == 3 && !sampling.stop)) abort();
}

static void ask(const ez_model *model, const char *text, size_t size, answer *found) {
    memset(found, 0, sizeof *found);
    ez_embed(model, text, size, found->vector);
    ez_classify(model, text, size, found->probabilities);
    ez_score(model, text, size, found->nats, SCORED);
    go_on(model, text, size, found);
}

static void check_answers(ez_model *model, const char *text, size_t size) {
    answer expected, found;
    ez_select_isa(model, EZ_PORTABLE);
    ask(model, text, size, &expected);
    for (ez_isa isa = EZ_SIMD128; isa <= EZ_AVX512; isa++) {
        if (!ez_select_isa(model, isa)) continue;
        ask(model, text, size, &found);
        if (memcmp(&expected, &found, sizeof expected)) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size ? size : 1);
    memcpy(text, data, size);
    for (int i = 0; i < MODELS; i++) {
        check_ids(models[i], text, size);
        check_answers(models[i], text, size);
    }
    free(text);
    return 0;
}
