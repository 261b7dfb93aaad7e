/* The FlatBuffers header of a bundle, read with every offset checked. */
#ifndef EZ_HEADER_H
#define EZ_HEADER_H

#include "engine.h"
#include "tensor.h"

/* Slots of the root table in bundle.fbs, in the order of its fields (a union takes two: type, value). */
enum {
    EZ_BUNDLE_SCHEMA_VERSION,
    EZ_BUNDLE_FILE_SIZE,
    EZ_BUNDLE_SEGMENTS_OFFSET,
    EZ_BUNDLE_SHA256,
    EZ_BUNDLE_NAME,
    EZ_BUNDLE_CARD,
    EZ_BUNDLE_TOKENIZER_TYPE,
    EZ_BUNDLE_TOKENIZER,
    EZ_BUNDLE_ARCHITECTURE_TYPE,
    EZ_BUNDLE_ARCHITECTURE,
    EZ_BUNDLE_TENSORS
};

/* A reader that remembers its first failure; once failed, every read gives 0. */
typedef struct {
    const uint8_t *bytes;
    uint64_t size; /* of the part being read: first the file, then the header alone */
    uint64_t root;
    ez_error *error;
} ez_reader;

int ez_ok(const ez_reader *r);

/* Notes the first failure and returns 0. */
uint64_t ez_fail(ez_reader *r, ez_status status, uint64_t offset, const char *reason);

uint64_t ez_read_scalar(ez_reader *r, uint64_t at, int width);

/* The field `slot` of the table at `table`, or its default. */
uint64_t ez_scalar_field(ez_reader *r, uint64_t table, int slot, int width, uint64_t otherwise);

/* The table, vector or string that a required field refers to. */
uint64_t ez_reference(ez_reader *r, uint64_t table, int slot);

/* The first element of a vector of `width`-byte elements; an absent one has count 0 unless `required`. */
uint64_t ez_vector_field(ez_reader *r, uint64_t table, int slot, uint64_t width, int required, uint64_t *count);

const char *ez_string_field(ez_reader *r, uint64_t table, int slot, size_t *length);

/* Finds a tensor by name; an absent one keeps values = NULL, which only optional ones may. */
ez_tensor ez_find_tensor(ez_reader *r, const ez_description *file, const char *name, int required);

/* Finds int8 or int4 `name` [rows, columns] (0: any number) with finite scales `name`.scale. */
ez_quantised ez_find_quantised(ez_reader *r, const ez_description *file, const char *name, uint32_t rows,
                               uint32_t columns, int required);

/* Finds finite float32 `name` [rows, columns]. */
ez_tensor ez_find_floats(ez_reader *r, const ez_description *file, const char *name, uint32_t rows, uint32_t columns,
                         int required);

int ez_finite_float16(const ez_tensor *tensor);

#endif
