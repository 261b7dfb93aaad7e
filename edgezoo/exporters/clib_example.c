/* Answers for the lines of standard input: the vector, or the label and its probability.
 *
 *     zig cc -O2 -Iinclude example.c lib/libedgezoo.a -o example        (or cc, clang, the NDK's clang, …)
 *     echo "hello world" | ./example NAME.ezb           numbers that people read
 *     echo "hello world" | ./example NAME.ezb --hex     the bits of every float32, to compare devices by
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

static void *aligned_block(size_t size) {
    char *block = malloc(size + 64);
    return block ? block + (64 - (uintptr_t)block % 64) : NULL;
}

static void *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    char *bytes = length > 0 ? aligned_block((size_t)length) : NULL;
    *size = bytes ? fread(bytes, 1, (size_t)length, file) : 0;
    fclose(file);
    return bytes;
}

static void print_values(const float *values, size_t count, int hex) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, values + i, 4);
        if (hex) printf("%08x%c", (unsigned)bits, i + 1 < count ? ' ' : '\n');
        else printf("%.6f%c", (double)values[i], i + 1 < count ? ' ' : '\n');
    }
}

static void print_label(const ez_model *model, const float *probabilities, size_t count) {
    size_t best = 0, length;
    for (size_t i = 1; i < count; i++)
        if (probabilities[i] > probabilities[best]) best = i;
    const char *label = ez_label(model, best, &length);
    printf("%.*s %.4f\n", (int)length, label, (double)probabilities[best]);
}

int main(int count, char **arguments) {
    static char line[1 << 20];
    static float values[EZ_MAX_DIMENSION];
    if (count < 2) return fprintf(stderr, "usage: %s FILE.ezb [--hex] < lines\n", arguments[0]), 2;
    int hex = count > 2 && !strcmp(arguments[2], "--hex");
    size_t size;
    void *bundle = read_file(arguments[1], &size);
    if (!bundle) return fprintf(stderr, "%s: cannot be read\n", arguments[1]), 1;

    ez_error error;
    size_t needed = ez_memory_size(bundle, size, &error);
    ez_model *model = needed ? ez_open(bundle, size, aligned_block(needed), needed, &error) : NULL;
    if (!model)
        return fprintf(stderr, "%s: %s (at byte %llu)\n", arguments[1], error.reason, (unsigned long long)error.offset), 1;

    ez_description about;
    ez_describe(model, &about);
    while (fgets(line, sizeof line, stdin)) {
        size_t length = strcspn(line, "\n");
        if (about.dimension) {
            ez_embed(model, line, length, values);
            print_values(values, about.dimension, hex);
        }
        if (about.labels) {
            ez_classify(model, line, length, values);
            if (hex) print_values(values, about.labels, hex);
            else print_label(model, values, about.labels);
        }
    }
    return 0;
}
