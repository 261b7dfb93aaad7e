/* Unigram: a word is split into the pieces whose costs add up to least; id for id the zoo's tokenizer.json. */
#ifndef EZ_UNIGRAM_H
#define EZ_UNIGRAM_H

#include "normaliser.h"
#include "unigram_index.h"

enum { EZ_UNIGRAM_MAX_WORD = 64 }; /* characters */

/* A Unigram as a bundle describes it. */
typedef struct {
    ez_tensor lengths, bytes, costs; /* uint8: [tokens], all tokens end to end, [tokens] */
    ez_normalisation normalisation;
    uint32_t unknown_id;
    uint32_t byte_id; /* of the token of byte 0; 255 others follow */
    uint32_t unknown_penalty;
    uint32_t max_word_characters;
} ez_unigram_vocabulary;

typedef struct {
    ez_unigram_vocabulary vocabulary;
    ez_unigram_index index;
    uint32_t unknown_cost; /* of a character without a token */
} ez_unigram;

/* Reads and checks the settings at `settings` and the tensors; failures go to the reader. */
void ez_unigram_read(ez_reader *reader, const ez_description *file, uint64_t settings, ez_unigram_vocabulary *vocabulary);

size_t ez_unigram_memory(const ez_unigram_vocabulary *vocabulary);

/* Returns 1, or 0 if the vocabulary holds a token twice. `memory` is 8-byte aligned. */
int ez_unigram_build(ez_unigram *unigram, const ez_unigram_vocabulary *vocabulary, void *memory);

/* Writes the ids of the next whole words to ids[EZ_TOKEN_CHUNK] and returns their number; 0 at the end. */
size_t ez_unigram_next(const ez_unigram *unigram, ez_normaliser *text, uint32_t *ids);

#endif
