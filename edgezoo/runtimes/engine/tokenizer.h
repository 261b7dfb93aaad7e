/* The tokenizer of a bundle, whichever it is. */
#ifndef EZ_TOKENIZER_H
#define EZ_TOKENIZER_H

#include "char.h"
#include "pieces.h"
#include "unigram.h"
#include "wordpiece.h"

/* Values of the union Tokenizer in bundle.fbs. */
typedef enum { EZ_WORDPIECE = 1, EZ_UNIGRAM, EZ_CHAR } ez_tokenizer_type;

/* A tokenizer as a bundle describes it. */
typedef struct {
    ez_tokenizer_type type;
    union {
        ez_vocabulary wordpiece;
        ez_unigram_vocabulary unigram;
        ez_characters characters;
    };
} ez_tokenizer_tensors;

typedef struct {
    ez_tokenizer_type type;
    union {
        ez_wordpiece wordpiece;
        ez_unigram unigram;
        ez_char character;
    };
} ez_tokenizer;

/* What is left of a text. */
typedef union {
    ez_cursor cursor;
    ez_normaliser normaliser;
} ez_reading;

/* Reads and checks the bundle's tokenizer and sets the size of the vocabulary; failures go to the reader. */
void ez_tokenizer_read(ez_reader *reader, ez_description *file, ez_tokenizer_tensors *tensors);

size_t ez_tokenizer_memory(const ez_tokenizer_tensors *tensors);

/* Returns 1, or 0 if the vocabulary holds a token twice. `memory` is 8-byte aligned. */
int ez_tokenizer_build(ez_tokenizer *tokenizer, const ez_tokenizer_tensors *tensors, void *memory);

void ez_tokenizer_start(const ez_tokenizer *tokenizer, const char *text, size_t length, ez_reading *reading);

/* Writes the ids of the next whole words to ids[EZ_TOKEN_CHUNK] and returns their number; 0 at the end. */
size_t ez_tokenizer_next(const ez_tokenizer *tokenizer, ez_reading *reading, uint32_t *ids);

#endif
