#include "tokenizer.h"

void ez_tokenizer_read(ez_reader *r, ez_description *file, ez_tokenizer_tensors *t) {
    uint64_t settings = ez_reference(r, r->root, EZ_BUNDLE_TOKENIZER);
    t->type = (ez_tokenizer_type)ez_scalar_field(r, r->root, EZ_BUNDLE_TOKENIZER_TYPE, 1, 0);
    switch (t->type) {
        case EZ_WORDPIECE:
            ez_wordpiece_read(r, file, settings, &t->wordpiece);
            file->vocabulary_size = t->wordpiece.lengths.rows;
            break;
        case EZ_UNIGRAM:
            ez_unigram_read(r, file, settings, &t->unigram);
            file->vocabulary_size = t->unigram.lengths.rows;
            break;
        case EZ_CHAR:
            ez_char_read(r, file, &t->characters);
            file->vocabulary_size = t->characters.lengths.rows;
            break;
        default: ez_fail(r, EZ_UNSUPPORTED, r->root, "this engine does not have the bundle's tokenizer");
    }
}

size_t ez_tokenizer_memory(const ez_tokenizer_tensors *t) {
    switch (t->type) {
        case EZ_UNIGRAM: return ez_unigram_memory(&t->unigram);
        case EZ_CHAR: return ez_char_memory(&t->characters);
        default: return ez_wordpiece_memory(&t->wordpiece);
    }
}

int ez_tokenizer_build(ez_tokenizer *tokenizer, const ez_tokenizer_tensors *t, void *memory) {
    tokenizer->type = t->type;
    switch (t->type) {
        case EZ_UNIGRAM: return ez_unigram_build(&tokenizer->unigram, &t->unigram, memory);
        case EZ_CHAR: ez_char_build(&tokenizer->character, &t->characters, memory); return 1;
        default: return ez_wordpiece_build(&tokenizer->wordpiece, &t->wordpiece, memory);
    }
}

void ez_tokenizer_start(const ez_tokenizer *tokenizer, const char *text, size_t length, ez_reading *reading) {
    if (tokenizer->type == EZ_UNIGRAM) ez_normaliser_start(&reading->normaliser, text, length);
    else reading->cursor = (ez_cursor){(const uint8_t *)text, (const uint8_t *)text + length};
}

size_t ez_tokenizer_next(const ez_tokenizer *tokenizer, ez_reading *reading, uint32_t *ids) {
    switch (tokenizer->type) {
        case EZ_UNIGRAM: return ez_unigram_next(&tokenizer->unigram, &reading->normaliser, ids);
        case EZ_CHAR: return ez_char_next(&tokenizer->character, &reading->cursor, ids);
        default: return ez_wordpiece_next(&tokenizer->wordpiece, &reading->cursor, ids);
    }
}
