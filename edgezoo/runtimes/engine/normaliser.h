/* NFKC and lower case as a stream of code points, by tables that lie in the bundle: the engine has none of its own. */
#ifndef EZ_NORMALISER_H
#define EZ_NORMALISER_H

#include "header.h"
#include "unicode.h"

/* What a code point is; the bits in `unicode.classes`. */
enum {
    EZ_CHANGES = 1,   /* NFKC makes something else of it */
    EZ_JOINS = 2,     /* may be reordered, or composed with what stands before it */
    EZ_CASED = 4,     /* has a lower case */
    EZ_SPACE = 8,     /* separates words */
    EZ_DELIMITER = 16, /* is a word of its own */
    EZ_MARK = 32      /* counts towards the longest run of marks */
};

enum {
    EZ_PAGE = 128,            /* code points that share an entry of `unicode.pages` */
    EZ_MAX_DECOMPOSITION = 18, /* code points */
    EZ_MAX_LOWER = 3,
    EZ_MAX_MARKS = 32,
    EZ_PENDING = 80,          /* a character, MAX_MARKS marks that decompose into two, and those of the character */
    EZ_QUEUE = (EZ_PENDING + EZ_MAX_DECOMPOSITION) * EZ_MAX_LOWER
};

/* The tables, as they lie in the bundle; SPECIFICATION.md says how. */
typedef struct {
    ez_tensor pages, classes, decompositions, lower, targets, compositions, combining;
    uint32_t max_marks;
} ez_normalisation;

/* A text being read. `pending` is a character with its marks in canonical order, not yet composed; `queue` holds what
 * comes out next. */
typedef struct {
    const uint8_t *next, *end;
    uint32_t marks; /* that were read in a row */
    uint32_t pending_count;
    uint32_t queue_first, queue_count;
    uint32_t pending[EZ_PENDING];
    uint8_t combining[EZ_PENDING];
    uint32_t queue[EZ_QUEUE];
} ez_normaliser;

/* Finds and checks the tables; failures go to the reader. */
void ez_normalisation_read(ez_reader *reader, const ez_description *file, ez_normalisation *tables);

/* The class of a code point, at most U+10FFFF. */
static inline uint32_t ez_class(const ez_normalisation *tables, uint32_t code_point) {
    return tables->classes.values[EZ_PAGE * tables->pages.values[code_point / EZ_PAGE] + code_point % EZ_PAGE];
}

/* A character as it lies in a text; of length 0 at the end. */
typedef struct {
    uint32_t code_point, class;
    size_t length; /* bytes */
} ez_character;

EZ_INLINE ez_character ez_peek(const ez_normalisation *tables, const uint8_t *text, const uint8_t *end) {
    ez_character found = {0, 0, 0};
    if (text == end) return found;
    found.length = ez_decode_inline(text, end, &found.code_point);
    found.class = ez_class(tables, found.code_point);
    return found;
}

/* Whether a character stays as it is, but for an ASCII letter's case, because nothing before it is pending and what
 * comes `ahead` does not join it. */
EZ_INLINE int ez_is_plain(const ez_character *here, const ez_character *ahead) {
    return !(here->class & (EZ_CHANGES | EZ_JOINS)) && !(ahead->class & EZ_JOINS) &&
           (!(here->class & EZ_CASED) || here->code_point < 0x80);
}

/* Whether nothing but the text itself says what comes next. */
static inline int ez_is_settled(const ez_normaliser *n) { return !n->pending_count && !n->queue_count; }

void ez_normaliser_start(ez_normaliser *n, const char *text, size_t length);

/* Gives the next code point, or returns 0 at the end. */
int ez_normaliser_next(const ez_normalisation *tables, ez_normaliser *n, uint32_t *code_point);

#endif
