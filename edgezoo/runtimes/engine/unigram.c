#include "unigram.h"

#include "pieces.h"
#include "unicode.h"

/* Slots of the table Unigram in bundle.fbs. */
enum { UNKNOWN_ID, BYTE_ID, UNKNOWN_PENALTY, MAX_WORD_CHARACTERS, MAX_MARKS };
enum { MAX_TOKENS = (1 << EZ_ID_BITS) - 1, MAX_VOCABULARY_BYTES = 1 << 24, BYTES = 256, MAX_PENALTY = 1 << 16 };
enum { MAX_WORD_BYTES = 4 * EZ_UNIGRAM_MAX_WORD };
enum { LONGEST_PIECE = 63 };

/* A character without a token costs as many ids as it has bytes; a delimiter may end a word and follow it. */
enum { ROOM = EZ_TOKEN_CHUNK - MAX_WORD_BYTES - 4 };

static void check_pieces(ez_reader *r, const ez_unigram_vocabulary *v) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < v->lengths.rows; i++) {
        if (!v->lengths.values[i] || v->lengths.values[i] > LONGEST_PIECE)
            ez_fail(r, EZ_CORRUPT, r->root, "a token of the vocabulary has not 1 to 63 bytes");
        total += v->lengths.values[i];
    }
    if (total != v->bytes.rows) ez_fail(r, EZ_CORRUPT, r->root, "the vocabulary's lengths do not add up to its bytes");
}

void ez_unigram_read(ez_reader *r, const ez_description *file, uint64_t settings, ez_unigram_vocabulary *v) {
    v->unknown_id = (uint32_t)ez_scalar_field(r, settings, UNKNOWN_ID, 4, 1);
    v->byte_id = (uint32_t)ez_scalar_field(r, settings, BYTE_ID, 4, 4);
    v->unknown_penalty = (uint32_t)ez_scalar_field(r, settings, UNKNOWN_PENALTY, 4, 160);
    v->max_word_characters = (uint32_t)ez_scalar_field(r, settings, MAX_WORD_CHARACTERS, 4, EZ_UNIGRAM_MAX_WORD);
    v->normalisation.max_marks = (uint32_t)ez_scalar_field(r, settings, MAX_MARKS, 4, 16);
    v->lengths = ez_find_tensor(r, file, "vocabulary.lengths", 1);
    v->bytes = ez_find_tensor(r, file, "vocabulary.bytes", 1);
    v->costs = ez_find_tensor(r, file, "vocabulary.costs", 1);
    if (!ez_ok(r)) return;
    uint32_t tokens = v->lengths.rows;
    if (v->lengths.dtype != EZ_UINT8 || v->bytes.dtype != EZ_UINT8 || v->costs.dtype != EZ_UINT8 ||
        v->lengths.columns != 1 || v->bytes.columns != 1 || v->costs.columns != 1 || v->costs.rows != tokens) {
        ez_fail(r, EZ_CORRUPT, r->root, "the vocabulary is not stored as bytes, with a cost for each token");
    } else if (tokens > MAX_TOKENS || v->bytes.rows > MAX_VOCABULARY_BYTES) {
        ez_fail(r, EZ_UNSUPPORTED, r->root, "the vocabulary is larger than 1,048,575 tokens or 16 MiB");
    } else if (v->unknown_id >= tokens || tokens < BYTES || v->byte_id > tokens - BYTES) {
        ez_fail(r, EZ_CORRUPT, settings, "the unknown token or those of bytes are outside the vocabulary");
    } else if (v->max_word_characters < 1 || v->max_word_characters > EZ_UNIGRAM_MAX_WORD ||
               v->normalisation.max_marks > EZ_MAX_MARKS || v->unknown_penalty > MAX_PENALTY) {
        ez_fail(r, EZ_UNSUPPORTED, settings, "the longest word, the most marks or the penalty is out of range");
    } else {
        check_pieces(r, v);
        ez_normalisation_read(r, file, &v->normalisation);
    }
}

size_t ez_unigram_memory(const ez_unigram_vocabulary *v) { return ez_unigram_index_memory(v->lengths.rows); }

int ez_unigram_build(ez_unigram *u, const ez_unigram_vocabulary *v, void *memory) {
    uint32_t highest = 0;
    for (uint32_t id = 0; id < v->costs.rows; id++)
        if (v->costs.values[id] > highest) highest = v->costs.values[id];
    u->vocabulary = *v;
    u->unknown_cost = highest + v->unknown_penalty;
    return ez_unigram_index_build(&u->index, &v->lengths, &v->bytes, memory);
}

/* A word being read; `starts` of its characters, and of what would be the next one. */
typedef struct {
    uint32_t code_points[EZ_UNIGRAM_MAX_WORD];
    uint16_t starts[EZ_UNIGRAM_MAX_WORD + 1];
    uint32_t characters;
    uint64_t spelling;
    uint8_t bytes[MAX_WORD_BYTES + 2 * EZ_PIECE_BLOCK];
} word;

/* The cheapest way to a place in the word: its last piece, and where that begins. */
typedef struct {
    uint32_t cost;
    int32_t id; /* EZ_NO_PIECE for a character without a token */
    uint32_t from;
} step;

/* The id of the only piece that may be what is from one character to another. */
static int32_t guess_piece(const ez_unigram *u, const word *read, uint32_t from, uint32_t to, uint64_t spelling) {
    uint32_t start = read->starts[from];
    return ez_unigram_guess(&u->index, read->bytes + start, read->starts[to] - start, spelling);
}

static int is_piece(const ez_unigram *u, const word *read, uint32_t from, uint32_t to, int32_t id) {
    uint32_t start = read->starts[from];
    return ez_unigram_is(&u->index, id, read->bytes + start, read->starts[to] - start);
}

static void try_step(step *steps, uint32_t from, uint32_t to, int32_t id, uint32_t cost) {
    uint32_t total = steps[from].cost + cost;
    if (total < steps[to].cost) steps[to] = (step){total, id, from};
}

/* Tries all pieces that begin at a character. Of equal costs the first found, with the longest last piece, stays. */
static void try_pieces(const ez_unigram *u, const word *read, step *steps, uint32_t from, int sure) {
    uint64_t spelling = EZ_SPELLING;
    uint32_t known = EZ_GOES_ON;
    for (uint32_t to = from + 1; known & EZ_GOES_ON && to <= read->characters; to++) {
        spelling = ez_spell(spelling, read->code_points[to - 1]);
        known = ez_spelling(&u->index, spelling);
        if (!(known & EZ_ENDS)) continue;
        int32_t id = guess_piece(u, read, from, to, spelling);
        if (id != EZ_NO_PIECE && (!sure || is_piece(u, read, from, to, id)))
            try_step(steps, from, to, id, u->vocabulary.costs.values[id]);
    }
    try_step(steps, from, from + 1, EZ_NO_PIECE, u->unknown_cost); /* which is more than any piece costs */
}

/* Writes the ids of a piece that ends a way through the word, before those already at `ids`, and returns them. */
static uint32_t *put_piece(const ez_unigram *u, const word *read, const step *last, uint32_t end, uint32_t *ids) {
    if (last->id != EZ_NO_PIECE) {
        *--ids = (uint32_t)last->id;
        return ids;
    }
    for (uint32_t i = read->starts[end]; i > read->starts[last->from]; i--)
        *--ids = u->vocabulary.byte_id + read->bytes[i - 1];
    return ids;
}

/* The cheapest way through the word (Viterbi). Unless it must be `sure`, pieces are guessed, and only those of the way
 * that was found are compared. Where these are right it is the way that would have been found without guessing, for
 * wrong guesses can only add ways; where one is not, as good as never, this returns 0. */
static size_t split_word(const ez_unigram *u, const word *read, uint32_t *ids, int sure) {
    step steps[EZ_UNIGRAM_MAX_WORD + 1];
    uint32_t found[MAX_WORD_BYTES], *first = found + MAX_WORD_BYTES;
    steps[0].cost = 0;
    for (uint32_t i = 1; i <= read->characters; i++) steps[i].cost = UINT32_MAX;
    for (uint32_t i = 0; i < read->characters; i++) try_pieces(u, read, steps, i, sure);
    for (uint32_t end = read->characters; end > 0; end = steps[end].from) {
        const step *last = &steps[end];
        if (last->id != EZ_NO_PIECE && !is_piece(u, read, last->from, end, last->id)) return 0;
        first = put_piece(u, read, last, end, first);
    }
    size_t count = (size_t)(found + MAX_WORD_BYTES - first);
    memcpy(ids, first, count * sizeof *ids);
    return count;
}

static void begin_word(word *read) {
    read->characters = 0;
    read->spelling = EZ_SPELLING;
}

/* A word that is a token is that token: a vocabulary may hold none that is cheaper in pieces. */
static size_t end_word(const ez_unigram *u, word *read, uint32_t *ids) {
    if (!read->characters) return 0;
    size_t count = 1;
    int32_t id = guess_piece(u, read, 0, read->characters, read->spelling);
    if (id != EZ_NO_PIECE && is_piece(u, read, 0, read->characters, id)) ids[0] = (uint32_t)id;
    else count = split_word(u, read, ids, 0);
    if (!count) count = split_word(u, read, ids, 1);
    begin_word(read);
    return count;
}

EZ_INLINE void append(word *read, uint32_t code_point) {
    uint32_t at = read->characters++, start = read->starts[at];
    read->code_points[at] = code_point;
    read->spelling = ez_spell(read->spelling, code_point);
    read->starts[at + 1] = (uint16_t)(start + ez_encode_inline(code_point, read->bytes + start));
}

/* Takes a character of normal text: appends it to the word, ends the word, or both. */
EZ_INLINE size_t take(const ez_unigram *u, word *read, uint32_t code_point, uint32_t class, uint32_t *ids) {
    size_t count = 0;
    if (class & (EZ_SPACE | EZ_DELIMITER)) count = end_word(u, read, ids);
    if (class & EZ_SPACE) return count;
    append(read, code_point);
    if (class & EZ_DELIMITER || read->characters == u->vocabulary.max_word_characters)
        count += end_word(u, read, ids + count);
    return count;
}

/* Appends the letters and digits at the text's next bytes, lower-cased, that nothing after them can change, as many as
 * the word has room for; what they are is settled by ASCII itself. */
static void append_letters(const ez_unigram *u, word *read, ez_normaliser *text) {
    const uint8_t *next = text->next;
    uint32_t room = u->vocabulary.max_word_characters - 1 - read->characters;
    for (; room > 0 && text->end - next >= 2 && next[1] < 0x80; room--, next++) {
        uint8_t letter = next[0], lower = letter | 0x20;
        int is_letter = lower >= 'a' && lower <= 'z';
        if (!is_letter && (letter < '0' || letter > '9')) break;
        append(read, is_letter ? lower : letter);
        text->marks = 0;
    }
    text->next = next;
}

/* Takes characters up to one that is not plain, or until there is no more room. `count` ids are there before; returns
 * how many are there behind. Nothing is pending. */
static size_t take_plain(const ez_unigram *u, word *read, ez_normaliser *text, uint32_t *ids, size_t count) {
    const ez_normalisation *tables = &u->vocabulary.normalisation;
    ez_character here = {0, 0, 0};
    while (count <= ROOM) {
        if (here.code_point < 0x80) {
            append_letters(u, read, text);
            here = ez_peek(tables, text->next, text->end);
            if (!here.length) break;
        }
        ez_character ahead = ez_peek(tables, text->next + here.length, text->end);
        if (!ez_is_plain(&here, &ahead) || (here.class & EZ_MARK && text->marks >= tables->max_marks)) break;
        text->next += here.length;
        text->marks = here.class & EZ_MARK ? text->marks + 1 : 0;
        uint32_t lower = here.class & EZ_CASED ? here.code_point | 0x20 : here.code_point;
        count += take(u, read, lower, here.class, ids + count);
        here = ahead;
    }
    return count;
}

size_t ez_unigram_next(const ez_unigram *u, ez_normaliser *text, uint32_t *ids) {
    const ez_normalisation *tables = &u->vocabulary.normalisation;
    size_t count = 0;
    uint32_t code_point;
    word read;
    read.starts[0] = 0;
    begin_word(&read);
    while (count <= ROOM) {
        if (ez_is_settled(text)) count = take_plain(u, &read, text, ids, count);
        if (count > ROOM || !ez_normaliser_next(tables, text, &code_point)) break;
        count += take(u, &read, code_point, ez_class(tables, code_point), ids + count);
    }
    return count + end_word(u, &read, ids + count);
}
