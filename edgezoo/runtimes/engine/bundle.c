#include "bundle.h"

#include "checksum.h"

#include <string.h>

enum { ALIGNMENT = 64, TRAILER = 8, MAX_TENSORS = 256, MAX_TOKENS = (1 << 20) - 1, MAX_VOCABULARY_BYTES = 1 << 24 };

/* Slots of the tables in bundle.fbs, in the order of their fields (a union takes two: type, value). */
enum { TENSOR_NAME, TENSOR_DTYPE, TENSOR_SHAPE, TENSOR_OFFSET, TENSOR_SIZE };
enum { WORDPIECE_UNKNOWN_ID, WORDPIECE_MAX_WORD_CHARACTERS };
enum { STATIC_TABLE_NORMALIZE };
enum {
    BUNDLE_SCHEMA_VERSION,
    BUNDLE_FILE_SIZE,
    BUNDLE_SEGMENTS_OFFSET,
    BUNDLE_SHA256,
    BUNDLE_NAME,
    BUNDLE_CARD,
    BUNDLE_TOKENIZER_TYPE,
    BUNDLE_TOKENIZER,
    BUNDLE_ARCHITECTURE_TYPE,
    BUNDLE_ARCHITECTURE,
    BUNDLE_TENSORS
};
enum { TOKENIZER_WORDPIECE = 1 };
enum { ARCHITECTURE_STATIC_TABLE = 1 };

/* A reader that remembers its first failure; once failed, every read gives 0. */
typedef struct {
    const uint8_t *bytes;
    uint64_t size; /* of the part being read: first the file, then the header alone */
    ez_error *error;
} reader;

static uint64_t fail(reader *r, ez_status status, uint64_t offset, const char *reason) {
    if (r->error->status == EZ_OK) *r->error = (ez_error){status, reason, offset};
    return 0;
}

static int ok(const reader *r) { return r->error->status == EZ_OK; }

static uint64_t read_scalar(reader *r, uint64_t at, int width) {
    if (!ok(r)) return 0;
    if (at > r->size || r->size - at < (uint64_t)width)
        return fail(r, EZ_CORRUPT, at, "the header points outside itself");
    uint64_t value = 0;
    for (int i = 0; i < width; i++) value |= (uint64_t)r->bytes[at + (uint64_t)i] << (8 * i);
    return value;
}

/* Where a field of the table at `table` lies, or 0 if it has its default value. */
static uint64_t field(reader *r, uint64_t table, int slot) {
    uint64_t back = read_scalar(r, table, 4);
    uint64_t vtable = table - (uint64_t)(int64_t)(int32_t)(uint32_t)back;
    uint64_t length = read_scalar(r, vtable, 2);
    uint64_t entry = 4 + 2 * (uint64_t)slot;
    if (entry + 2 > length) return 0;
    uint64_t offset = read_scalar(r, vtable + entry, 2);
    return offset ? table + offset : 0;
}

static uint64_t scalar_field(reader *r, uint64_t table, int slot, int width, uint64_t otherwise) {
    uint64_t at = field(r, table, slot);
    return at ? read_scalar(r, at, width) : otherwise;
}

/* The table, vector or string that a field refers to. */
static uint64_t reference(reader *r, uint64_t table, int slot) {
    uint64_t at = field(r, table, slot);
    if (!at) return fail(r, EZ_CORRUPT, table, "the header lacks a required field");
    return at + read_scalar(r, at, 4);
}

/* The first element of a vector of `width`-byte elements. */
static uint64_t vector_field(reader *r, uint64_t table, int slot, uint64_t width, uint64_t *count) {
    uint64_t at = reference(r, table, slot);
    *count = read_scalar(r, at, 4);
    if (ok(r) && *count * width > r->size - at - 4)
        return *count = fail(r, EZ_CORRUPT, at, "a vector or string is longer than the header");
    return at + 4;
}

static const char *string_field(reader *r, uint64_t table, int slot, size_t *length) {
    uint64_t count, at = vector_field(r, table, slot, 1, &count);
    *length = (size_t)count;
    return ok(r) ? (const char *)r->bytes + at : NULL;
}

static uint64_t values_size(ez_dtype dtype, uint64_t count) {
    switch (dtype) {
        case EZ_FLOAT32: return 4 * count;
        case EZ_FLOAT16: return 2 * count;
        case EZ_INT4: return (count + 1) / 2;
        default: return count;
    }
}

static void read_tensor(reader *r, uint64_t table, const ez_description *file, ez_tensor *tensor) {
    uint64_t dtype = scalar_field(r, table, TENSOR_DTYPE, 1, EZ_FLOAT32);
    uint64_t offset = scalar_field(r, table, TENSOR_OFFSET, 8, 0);
    uint64_t size = scalar_field(r, table, TENSOR_SIZE, 8, 0);
    uint64_t rank, shape = vector_field(r, table, TENSOR_SHAPE, 4, &rank);
    if (ok(r) && (rank < 1 || rank > 2)) fail(r, EZ_UNSUPPORTED, table, "a tensor has neither one dimension nor two");
    uint64_t rows = read_scalar(r, shape, 4), columns = rank == 2 ? read_scalar(r, shape + 4, 4) : 1;
    if (!ok(r)) return;
    uint64_t count = rows * columns;
    if (dtype > EZ_UINT8) {
        fail(r, EZ_UNSUPPORTED, table, "a tensor has an unknown dtype");
    } else if (offset % ALIGNMENT || offset < file->segments_begin || offset > file->segments_end ||
               size > file->segments_end - offset) {
        fail(r, EZ_CORRUPT, table, "a tensor lies outside the segments or is not aligned");
    } else if (count > 2 * size || values_size((ez_dtype)dtype, count) != size) {
        fail(r, EZ_CORRUPT, table, "a tensor's size does not follow from its shape");
    } else {
        *tensor = (ez_tensor){(ez_dtype)dtype, (uint32_t)rows, (uint32_t)columns, r->bytes + offset};
    }
}

/* Finds a tensor by name; an absent one keeps values = NULL, which only optional ones may. */
static ez_tensor find_tensor(reader *r, uint64_t root, const ez_description *file, const char *name, int required) {
    ez_tensor tensor = {EZ_UINT8, 0, 0, NULL};
    uint64_t count, first = vector_field(r, root, BUNDLE_TENSORS, 4, &count);
    if (count > MAX_TENSORS) fail(r, EZ_UNSUPPORTED, first, "more than 256 tensors");
    for (uint64_t i = 0; ok(r) && i < count; i++) {
        uint64_t table = first + 4 * i + read_scalar(r, first + 4 * i, 4);
        size_t length;
        const char *found = string_field(r, table, TENSOR_NAME, &length);
        if (found && length == strlen(name) && !memcmp(found, name, length)) {
            read_tensor(r, table, file, &tensor);
            return tensor;
        }
    }
    if (ok(r) && required) fail(r, EZ_CORRUPT, root, "a tensor that the architecture needs is missing");
    return tensor;
}

static int all_finite_float16(const ez_tensor *tensor) {
    uint64_t count = (uint64_t)tensor->rows * tensor->columns;
    for (uint64_t i = 0; i < count; i++)
        if ((tensor->values[2 * i + 1] & 0x7c) == 0x7c) return 0;
    return 1;
}

static void read_wordpiece(reader *r, uint64_t root, ez_bundle *b) {
    uint64_t settings = reference(r, root, BUNDLE_TOKENIZER);
    b->unknown_id = (uint32_t)scalar_field(r, settings, WORDPIECE_UNKNOWN_ID, 4, 0);
    b->max_word_characters = (uint32_t)scalar_field(r, settings, WORDPIECE_MAX_WORD_CHARACTERS, 4, 100);
    b->vocabulary_lengths = find_tensor(r, root, &b->description, "vocabulary.lengths", 1);
    b->vocabulary_bytes = find_tensor(r, root, &b->description, "vocabulary.bytes", 1);
    if (!ok(r)) return;
    const ez_tensor *lengths = &b->vocabulary_lengths, *bytes = &b->vocabulary_bytes;
    uint64_t total = 0;
    if (lengths->dtype != EZ_UINT8 || bytes->dtype != EZ_UINT8 || lengths->columns != 1 || bytes->columns != 1) {
        fail(r, EZ_CORRUPT, root, "the vocabulary is not stored as bytes");
    } else if (lengths->rows > MAX_TOKENS || bytes->rows > MAX_VOCABULARY_BYTES) {
        fail(r, EZ_UNSUPPORTED, root, "the vocabulary is larger than 1,048,575 tokens or 16 MiB");
    } else if (b->unknown_id >= lengths->rows) {
        fail(r, EZ_CORRUPT, settings, "the unknown token is outside the vocabulary");
    } else if (b->max_word_characters < 1 || b->max_word_characters > 255) {
        fail(r, EZ_UNSUPPORTED, settings, "the longest word must have 1 to 255 characters");
    } else {
        for (uint32_t i = 0; i < lengths->rows; i++) {
            if (!lengths->values[i]) fail(r, EZ_CORRUPT, root, "a token of the vocabulary is empty");
            total += lengths->values[i];
        }
        if (total != bytes->rows) fail(r, EZ_CORRUPT, root, "the vocabulary's lengths do not add up to its bytes");
    }
    b->description.vocabulary_size = lengths->rows;
}

static void read_static_table(reader *r, uint64_t root, ez_bundle *b) {
    uint64_t settings = reference(r, root, BUNDLE_ARCHITECTURE);
    b->normalize = (int)scalar_field(r, settings, STATIC_TABLE_NORMALIZE, 1, 1);
    b->embedding.values = find_tensor(r, root, &b->description, "embedding", 1);
    b->embedding.scales = find_tensor(r, root, &b->description, "embedding.scale", 1);
    b->weight = find_tensor(r, root, &b->description, "weight", 0);
    if (!ok(r)) return;
    const ez_tensor *values = &b->embedding.values, *scales = &b->embedding.scales, *weight = &b->weight;
    uint32_t groups = values->dtype == EZ_INT4 ? values->columns / 32 : 1;
    if (values->dtype != EZ_INT8 && values->dtype != EZ_INT4) {
        fail(r, EZ_UNSUPPORTED, root, "the embedding is neither int8 nor int4");
    } else if (values->columns == 0 || values->columns % 32 || values->columns > EZ_MAX_DIMENSION) {
        fail(r, EZ_UNSUPPORTED, root, "the dimension is not a multiple of 32 up to 1024");
    } else if (values->rows != b->description.vocabulary_size) {
        fail(r, EZ_CORRUPT, root, "the embedding and the vocabulary differ in length");
    } else if (scales->dtype != EZ_FLOAT16 || scales->rows != values->rows || scales->columns != groups ||
               !all_finite_float16(scales)) {
        fail(r, EZ_CORRUPT, root, "the embedding's scales are not finite float16 [tokens, groups]");
    } else if (weight->values && (weight->dtype != EZ_FLOAT16 || weight->rows != values->rows || weight->columns != 1 ||
                                  !all_finite_float16(weight))) {
        fail(r, EZ_CORRUPT, root, "the token weights are not finite float16 [tokens]");
    }
    b->description.dimension = values->columns;
}

static void read_frame(reader *r, uint64_t *root, ez_bundle *b) {
    if (r->size < ALIGNMENT + TRAILER || memcmp(r->bytes + 4, "EZB1", 4)) {
        fail(r, EZ_NOT_A_BUNDLE, 4, "this is not an edgezoo bundle (no EZB1 at byte 4)");
        return;
    }
    *root = read_scalar(r, 0, 4);
    uint64_t version = scalar_field(r, *root, BUNDLE_SCHEMA_VERSION, 2, 0);
    uint64_t file_size = scalar_field(r, *root, BUNDLE_FILE_SIZE, 8, 0);
    uint64_t segments = scalar_field(r, *root, BUNDLE_SEGMENTS_OFFSET, 8, 0);
    if (!ok(r)) return;
    if (version != EZ_SCHEMA_VERSION) {
        fail(r, EZ_VERSION, *root, "the bundle has another schema version than this engine reads");
    } else if (file_size > r->size) {
        fail(r, EZ_TRUNCATED, r->size, "the file ends early: copy or download it again");
    } else if (file_size < r->size || (file_size - TRAILER) % ALIGNMENT || segments % ALIGNMENT || segments == 0 ||
               segments > file_size - TRAILER) {
        fail(r, EZ_CORRUPT, *root, "the file's size and its header disagree");
    }
    b->description.segments_begin = (size_t)segments;
    b->description.segments_end = (size_t)(file_size - TRAILER);
}

int ez_bundle_read(const void *bytes, size_t size, ez_bundle *b, ez_error *error) {
    *error = (ez_error){EZ_OK, "", 0};
    memset(b, 0, sizeof *b);
    reader r = {bytes, size, error};
    uint64_t root = 0, digest_length;
    read_frame(&r, &root, b);
    if (!ok(&r)) return 0;
    r.size = b->description.segments_begin;
    b->description.name = string_field(&r, root, BUNDLE_NAME, &b->description.name_length);
    b->description.card = string_field(&r, root, BUNDLE_CARD, &b->description.card_length);
    b->description.sha256 = r.bytes + vector_field(&r, root, BUNDLE_SHA256, 1, &digest_length);
    if (ok(&r) && digest_length != 32) fail(&r, EZ_CORRUPT, root, "the SHA-256 digest has not 32 bytes");
    if (scalar_field(&r, root, BUNDLE_TOKENIZER_TYPE, 1, 0) != TOKENIZER_WORDPIECE)
        fail(&r, EZ_UNSUPPORTED, root, "this engine does not have the bundle's tokenizer");
    if (scalar_field(&r, root, BUNDLE_ARCHITECTURE_TYPE, 1, 0) != ARCHITECTURE_STATIC_TABLE)
        fail(&r, EZ_UNSUPPORTED, root, "this engine does not have the bundle's architecture");
    read_wordpiece(&r, root, b);
    read_static_table(&r, root, b);
    return ok(&r);
}

int ez_bundle_check(const void *bytes, size_t size, ez_error *error) {
    reader r = {bytes, size, error};
    uint64_t expected = read_scalar(&r, size - TRAILER, TRAILER);
    if (ez_xxh64_stripes(bytes, size - TRAILER) != expected)
        fail(&r, EZ_CHECKSUM, 0, "the checksum does not match: the file was altered or damaged");
    return ok(&r);
}
