#include "bundle.h"

#include "checksum.h"

enum { ALIGNMENT = 64, TRAILER = 8, MAX_TOKENS = (1 << 20) - 1, MAX_VOCABULARY_BYTES = 1 << 24 };
enum { WORDPIECE_UNKNOWN_ID, WORDPIECE_MAX_WORD_CHARACTERS };
enum { TOKENIZER_WORDPIECE = 1 };

static void read_frame(ez_reader *r, ez_description *file) {
    if (r->size < ALIGNMENT + TRAILER || memcmp(r->bytes + 4, "EZB1", 4)) {
        ez_fail(r, EZ_NOT_A_BUNDLE, 4, "this is not an edgezoo bundle (no EZB1 at byte 4)");
        return;
    }
    r->root = ez_read_scalar(r, 0, 4);
    uint64_t version = ez_scalar_field(r, r->root, EZ_BUNDLE_SCHEMA_VERSION, 2, 0);
    uint64_t file_size = ez_scalar_field(r, r->root, EZ_BUNDLE_FILE_SIZE, 8, 0);
    uint64_t segments = ez_scalar_field(r, r->root, EZ_BUNDLE_SEGMENTS_OFFSET, 8, 0);
    if (!ez_ok(r)) return;
    if (version != EZ_SCHEMA_VERSION) {
        ez_fail(r, EZ_VERSION, r->root, "the bundle has another schema version than this engine reads");
    } else if (file_size > r->size) {
        ez_fail(r, EZ_TRUNCATED, r->size, "the file ends early: copy or download it again");
    } else if (file_size < r->size || (file_size - TRAILER) % ALIGNMENT || segments % ALIGNMENT || segments == 0 ||
               segments > file_size - TRAILER) {
        ez_fail(r, EZ_CORRUPT, r->root, "the file's size and its header disagree");
    }
    file->segments_begin = (size_t)segments;
    file->segments_end = (size_t)(file_size - TRAILER);
}

static void read_vocabulary(ez_reader *r, const ez_description *file, ez_vocabulary *v) {
    uint64_t settings = ez_reference(r, r->root, EZ_BUNDLE_TOKENIZER);
    v->unknown_id = (uint32_t)ez_scalar_field(r, settings, WORDPIECE_UNKNOWN_ID, 4, 0);
    v->max_word_characters = (uint32_t)ez_scalar_field(r, settings, WORDPIECE_MAX_WORD_CHARACTERS, 4, 100);
    v->lengths = ez_find_tensor(r, file, "vocabulary.lengths", 1);
    v->bytes = ez_find_tensor(r, file, "vocabulary.bytes", 1);
    if (!ez_ok(r)) return;
    const ez_tensor *lengths = &v->lengths, *bytes = &v->bytes;
    uint64_t total = 0;
    if (lengths->dtype != EZ_UINT8 || bytes->dtype != EZ_UINT8 || lengths->columns != 1 || bytes->columns != 1) {
        ez_fail(r, EZ_CORRUPT, r->root, "the vocabulary is not stored as bytes");
    } else if (lengths->rows > MAX_TOKENS || bytes->rows > MAX_VOCABULARY_BYTES) {
        ez_fail(r, EZ_UNSUPPORTED, r->root, "the vocabulary is larger than 1,048,575 tokens or 16 MiB");
    } else if (v->unknown_id >= lengths->rows) {
        ez_fail(r, EZ_CORRUPT, settings, "the unknown token is outside the vocabulary");
    } else if (v->max_word_characters < 1 || v->max_word_characters > 255) {
        ez_fail(r, EZ_UNSUPPORTED, settings, "the longest word must have 1 to 255 characters");
    } else {
        for (uint32_t i = 0; i < lengths->rows; i++) {
            if (!lengths->values[i]) ez_fail(r, EZ_CORRUPT, r->root, "a token of the vocabulary is empty");
            total += lengths->values[i];
        }
        if (total != bytes->rows) ez_fail(r, EZ_CORRUPT, r->root, "the vocabulary's lengths do not add up to its bytes");
    }
}

int ez_bundle_read(const void *bytes, size_t size, ez_bundle *b, ez_error *error) {
    *error = (ez_error){EZ_OK, "", 0};
    memset(b, 0, sizeof *b);
    ez_reader r = {bytes, size, 0, error};
    ez_description *file = &b->description;
    uint64_t digest_length;
    read_frame(&r, file);
    if (!ez_ok(&r)) return 0;
    r.size = file->segments_begin;
    file->name = ez_string_field(&r, r.root, EZ_BUNDLE_NAME, &file->name_length);
    file->card = ez_string_field(&r, r.root, EZ_BUNDLE_CARD, &file->card_length);
    file->sha256 = r.bytes + ez_vector_field(&r, r.root, EZ_BUNDLE_SHA256, 1, 1, &digest_length);
    if (ez_ok(&r) && digest_length != 32) ez_fail(&r, EZ_CORRUPT, r.root, "the SHA-256 digest has not 32 bytes");
    if (ez_scalar_field(&r, r.root, EZ_BUNDLE_TOKENIZER_TYPE, 1, 0) != TOKENIZER_WORDPIECE)
        ez_fail(&r, EZ_UNSUPPORTED, r.root, "this engine does not have the bundle's tokenizer");
    read_vocabulary(&r, file, &b->vocabulary);
    file->vocabulary_size = b->vocabulary.lengths.rows;
    b->architecture = (ez_architecture)ez_scalar_field(&r, r.root, EZ_BUNDLE_ARCHITECTURE_TYPE, 1, 0);
    switch (b->architecture) {
        case EZ_STATIC_TABLE: ez_static_read(&r, file, &b->table); break;
        case EZ_TINY_LSTM: ez_lstm_read(&r, file, &b->lstm); break;
        default: ez_fail(&r, EZ_UNSUPPORTED, r.root, "this engine does not have the bundle's architecture");
    }
    return ez_ok(&r);
}

int ez_bundle_check(const void *bytes, size_t size, ez_error *error) {
    ez_reader r = {bytes, size, 0, error};
    uint64_t expected = ez_read_scalar(&r, size - TRAILER, TRAILER);
    if (ez_xxh64_stripes(bytes, size - TRAILER) != expected)
        ez_fail(&r, EZ_CHECKSUM, 0, "the checksum does not match: the file was altered or damaged");
    return ez_ok(&r);
}
