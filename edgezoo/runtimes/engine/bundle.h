/* Reads and checks a bundle (.ezb): FlatBuffers header, aligned segments, checksum trailer. */
#ifndef EZ_BUNDLE_H
#define EZ_BUNDLE_H

#include "engine.h"

typedef enum { EZ_FLOAT32 = 0, EZ_FLOAT16, EZ_INT8, EZ_INT4, EZ_UINT8 } ez_dtype;

typedef struct {
    ez_dtype dtype;
    uint32_t rows;
    uint32_t columns; /* 1 for a vector */
    const uint8_t *values;
} ez_tensor;

/* A table of integers with one float16 scale for every `columns / groups` neighbours in a row. */
typedef struct {
    ez_tensor values;
    ez_tensor scales;
} ez_quantised;

/* The checked view of a bundle; pointers lead into its bytes. */
typedef struct {
    ez_description description;
    uint32_t unknown_id;
    uint32_t max_word_characters;
    int normalize;
    ez_tensor vocabulary_lengths;
    ez_tensor vocabulary_bytes;
    ez_quantised embedding;
    ez_tensor weight; /* values is NULL when every token weighs the same */
} ez_bundle;

/* Checks everything but the checksum; returns 1, or 0 and *error. */
int ez_bundle_read(const void *bytes, size_t size, ez_bundle *bundle, ez_error *error);

/* Compares the trailer with XXH64 of all bytes before it; returns 1, or 0 and *error. */
int ez_bundle_check(const void *bytes, size_t size, ez_error *error);

#endif
