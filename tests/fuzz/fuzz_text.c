/* Hostile texts: no read outside the text, ids inside the vocabulary, the same bits from all kernels. */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ez_model *model;

/* Opens the bundle that the environment names; it stays open for the whole run. */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    const char *path = getenv("EDGEZOO_FUZZ_BUNDLE");
    FILE *file = path ? fopen(path, "rb") : NULL;
    if (!file) {
        fprintf(stderr, "set EDGEZOO_FUZZ_BUNDLE to a bundle\n");
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
    model = ez_open(bundle, size, aligned_alloc(64, (needed + 63) / 64 * 64), needed, &error);
    if (!model) {
        fprintf(stderr, "%s: %s\n", path, error.reason);
        exit(1);
    }
    return 0;
}

static void check_ids(const char *text, size_t size) {
    ez_description d;
    ez_describe(model, &d);
    size_t count = ez_tokenize(model, text, size, NULL, 0);
    uint32_t *ids = malloc((count + 1) * sizeof *ids);
    if (count > size || ez_tokenize(model, text, size, ids, count) != count) abort();
    for (size_t i = 0; i < count; i++)
        if (ids[i] >= d.vocabulary_size) abort();
    free(ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size ? size : 1);
    memcpy(text, data, size);
    check_ids(text, size);
    float expected[EZ_MAX_DIMENSION] = {0}, found[EZ_MAX_DIMENSION] = {0};
    ez_select_isa(model, EZ_PORTABLE);
    ez_embed(model, text, size, expected);
    for (ez_isa isa = EZ_SIMD128; isa <= EZ_AVX512; isa++) {
        if (!ez_select_isa(model, isa)) continue;
        ez_embed(model, text, size, found);
        if (memcmp(expected, found, sizeof expected)) abort();
    }
    free(text);
    return 0;
}
