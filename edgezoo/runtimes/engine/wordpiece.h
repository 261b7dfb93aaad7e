/* WordPiece under the rules that mobile runtimes share, id for id the zoo's tokenizer.json. */
#ifndef EZ_WORDPIECE_H
#define EZ_WORDPIECE_H

#include "header.h"

/* A WordPiece as a bundle describes it. */
typedef struct {
    ez_tensor lengths; /* uint8 [tokens] */
    ez_tensor bytes;   /* uint8, all tokens end to end */
    uint32_t unknown_id;
    uint32_t max_word_characters;
} ez_vocabulary;

/* A free slot has key 0. */
typedef struct {
    uint32_t key;  /* tag: upper bits of the hash << 20 | id + 1 */
    uint32_t span; /* offset in the vocabulary's bytes << 8 | length */
} ez_slot;

/* An open-addressing hash table over the vocabulary, built at open: nothing in the file to trust. */
typedef struct {
    const uint8_t *bytes; /* all tokens, end to end */
    const ez_slot *slots; /* [mask + 1] */
    uint32_t mask;
    uint32_t longest; /* bytes of the longest token */
    uint32_t unknown_id;
    uint32_t max_word_characters;
    uint32_t punctuation_ids[128]; /* of ASCII characters that stand alone */
} ez_wordpiece;

/* What is left of a text. */
typedef struct {
    const uint8_t *next;
    const uint8_t *end;
} ez_cursor;

/* Reads and checks the settings at `settings` and the tensors; failures go to the reader. */
void ez_wordpiece_read(ez_reader *reader, const ez_description *file, uint64_t settings, ez_vocabulary *vocabulary);

size_t ez_wordpiece_memory(const ez_vocabulary *vocabulary);

/* Returns 1, or 0 if the vocabulary holds a token twice. `memory` is 8-byte aligned. */
int ez_wordpiece_build(ez_wordpiece *wordpiece, const ez_vocabulary *vocabulary, void *memory);

/* Writes the ids of the next whole words to ids[EZ_TOKEN_CHUNK] and returns their number; 0 at the end. */
size_t ez_wordpiece_next(const ez_wordpiece *wordpiece, ez_cursor *cursor, uint32_t *ids);

#endif
