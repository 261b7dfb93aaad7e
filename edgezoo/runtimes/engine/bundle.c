#include "bundle.h"

#include "checksum.h"

enum { ALIGNMENT = 64, TRAILER = 8 };

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
    ez_tokenizer_read(&r, file, &b->tokenizer);
    b->architecture = (ez_architecture)ez_scalar_field(&r, r.root, EZ_BUNDLE_ARCHITECTURE_TYPE, 1, 0);
    switch (b->architecture) {
        case EZ_STATIC_TABLE: ez_static_read(&r, file, &b->table); break;
        case EZ_TINY_LSTM: ez_lstm_read(&r, file, &b->lstm); break;
        case EZ_CHAR_LSTM: ez_char_lstm_read(&r, file, &b->char_lstm); break;
        default: ez_fail(&r, EZ_UNSUPPORTED, r.root, "this engine does not have the bundle's architecture");
    }
    if (ez_ok(&r) && (b->tokenizer.type == EZ_CHAR) != (b->architecture == EZ_CHAR_LSTM))
        ez_fail(&r, EZ_UNSUPPORTED, r.root, "the tokenizer Char and the architecture CharLstm go only together");
    return ez_ok(&r);
}

int ez_bundle_check(const void *bytes, size_t size, ez_error *error) {
    ez_reader r = {bytes, size, 0, error};
    uint64_t expected = ez_read_scalar(&r, size - TRAILER, TRAILER);
    if (ez_xxh64_stripes(bytes, size - TRAILER) != expected)
        ez_fail(&r, EZ_CHECKSUM, 0, "the checksum does not match: the file was altered or damaged");
    return ez_ok(&r);
}
