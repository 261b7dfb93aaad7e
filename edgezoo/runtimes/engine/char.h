/* One token for each code point of the text. */
#ifndef EZ_CHAR_H
#define EZ_CHAR_H

#include "header.h"
#include "wordpiece.h"

enum {
    EZ_CHAR_UNKNOWN = 1,
    EZ_CHAR_BEGIN,
    EZ_CHAR_END,
    EZ_CHAR_SPECIAL, /* tokens below this are [PAD], [UNK], [BOS] and [EOS] */
    EZ_CHAR_MAX_TOKENS = 4096
};

/* A Char as a bundle describes it. */
typedef struct {
    ez_tensor lengths; /* uint8 [tokens] */
    ez_tensor bytes;   /* uint8, all tokens end to end */
} ez_characters;

typedef struct {
    const uint32_t *code_points; /* [count] of the tokens from EZ_CHAR_SPECIAL on, ascending */
    size_t count;
} ez_char;

/* Reads and checks the tensors; failures go to the reader. */
void ez_char_read(ez_reader *reader, const ez_description *file, ez_characters *characters);

size_t ez_char_memory(const ez_characters *characters);

/* `memory` is 4-byte aligned. */
void ez_char_build(ez_char *tokenizer, const ez_characters *characters, void *memory);

/* Writes the next ids to ids[EZ_TOKEN_CHUNK] and returns their number; 0 at the end. */
size_t ez_char_next(const ez_char *tokenizer, ez_cursor *cursor, uint32_t *ids);

#endif
