/* The algorithm of UAX #15: decompose, order marks by their combining class, compose; then lower case, one code point
 * for itself. */
#include "normaliser.h"

#include "unicode.h"

enum { LAST_CODE_POINT = 0x10FFFF, PAGES = (LAST_CODE_POINT + 1) / EZ_PAGE };
enum { ENTRY = 8, PAIR = 12, CLASSED = 4, TARGET = 4 }; /* bytes of a row of each table */

/* Hangul syllables are composed by arithmetic. */
enum { L_BASE = 0x1100, V_BASE = 0x1161, T_BASE = 0x11A7, S_BASE = 0xAC00, L_COUNT = 19, V_COUNT = 21, T_COUNT = 28 };
enum { S_COUNT = L_COUNT * V_COUNT * T_COUNT };

static uint32_t read32(const uint8_t *bytes) {
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static ez_tensor find_table(ez_reader *r, const ez_description *file, const char *name, uint32_t columns) {
    ez_tensor table = ez_find_tensor(r, file, name, 1);
    if (ez_ok(r) && (table.dtype != EZ_UINT8 || table.columns != columns))
        ez_fail(r, EZ_CORRUPT, r->root, "a table of the normaliser does not have the type or width that it needs");
    return table;
}

/* A mapping's entries: code point, then where its targets begin << 5 | how many. */
static void check_mapping(ez_reader *r, const ez_tensor *mapping, uint32_t targets, uint32_t longest) {
    for (uint32_t i = 0; ez_ok(r) && i < mapping->rows; i++) {
        uint32_t span = read32(mapping->values + ENTRY * i + 4), count = span & 31;
        if (!count || count > longest || (span >> 5) > targets || targets - (span >> 5) < count)
            ez_fail(r, EZ_CORRUPT, r->root, "a mapping of the normaliser leads outside its targets");
    }
}

static void check_code_points(ez_reader *r, const ez_tensor *table, uint32_t width, uint32_t at) {
    for (uint32_t i = 0; ez_ok(r) && i < table->rows; i++)
        if (read32(table->values + width * i + at) > LAST_CODE_POINT)
            ez_fail(r, EZ_CORRUPT, r->root, "a table of the normaliser holds what is no code point");
}

void ez_normalisation_read(ez_reader *r, const ez_description *file, ez_normalisation *t) {
    t->pages = find_table(r, file, "unicode.pages", 1);
    t->classes = find_table(r, file, "unicode.classes", EZ_PAGE);
    t->decompositions = find_table(r, file, "unicode.decompositions", ENTRY);
    t->lower = find_table(r, file, "unicode.lower", ENTRY);
    t->targets = find_table(r, file, "unicode.targets", TARGET);
    t->compositions = find_table(r, file, "unicode.compositions", PAIR);
    t->combining = find_table(r, file, "unicode.combining", CLASSED);
    if (ez_ok(r) && t->pages.rows != PAGES)
        ez_fail(r, EZ_CORRUPT, r->root, "unicode.pages does not cover all code points");
    for (uint32_t i = 0; ez_ok(r) && i < PAGES; i++)
        if (t->pages.values[i] >= t->classes.rows)
            ez_fail(r, EZ_CORRUPT, r->root, "unicode.pages leads outside unicode.classes");
    if (!ez_ok(r)) return;
    check_mapping(r, &t->decompositions, t->targets.rows, EZ_MAX_DECOMPOSITION);
    check_mapping(r, &t->lower, t->targets.rows, EZ_MAX_LOWER);
    check_code_points(r, &t->targets, TARGET, 0);
    check_code_points(r, &t->compositions, PAIR, 8);
}

/* The row of a sorted table whose first number is `key`, or NULL. Of `unicode.combining` the number is in its upper
 * 24 bits. */
static const uint8_t *find_row(const ez_tensor *table, uint32_t width, uint32_t key, int shift) {
    uint32_t low = 0, high = table->rows;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2, found = read32(table->values + width * middle) >> shift;
        if (found == key) return table->values + width * middle;
        if (found < key) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

static uint8_t combining_class(const ez_normalisation *t, uint32_t code_point) {
    const uint8_t *row = find_row(&t->combining, CLASSED, code_point, 8);
    return row ? row[0] : 0;
}

/* The code point that two are composed into, or 0. Pairs are sorted by the first, then the second. */
static uint32_t compose(const ez_normalisation *t, uint32_t first, uint32_t second) {
    uint32_t l = first - L_BASE, v = second - V_BASE, s = first - S_BASE, tail = second - T_BASE;
    if (l < L_COUNT && v < V_COUNT) return S_BASE + (l * V_COUNT + v) * T_COUNT;
    if (s < S_COUNT && s % T_COUNT == 0 && tail > 0 && tail < T_COUNT) return first + tail;
    uint32_t low = 0, high = t->compositions.rows;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const uint8_t *row = t->compositions.values + PAIR * middle;
        uint32_t one = read32(row), two = read32(row + 4);
        if (one == first && two == second) return read32(row + 8);
        if (one < first || (one == first && two < second)) low = middle + 1;
        else high = middle;
    }
    return 0;
}

static void put(ez_normaliser *n, uint32_t code_point) {
    if (n->queue_first + n->queue_count < EZ_QUEUE) n->queue[n->queue_first + n->queue_count++] = code_point;
}

static void put_lower(const ez_normalisation *t, ez_normaliser *n, uint32_t code_point) {
    const uint8_t *row = ez_class(t, code_point) & EZ_CASED ? find_row(&t->lower, ENTRY, code_point, 0) : NULL;
    if (!row) {
        put(n, code_point);
        return;
    }
    uint32_t span = read32(row + 4);
    for (uint32_t i = 0; i < (span & 31); i++) put(n, read32(t->targets.values + TARGET * ((span >> 5) + i)));
}

/* Composes the pending character with those of its marks that no other one blocks. */
static void compose_pending(const ez_normalisation *t, ez_normaliser *n) {
    if (n->pending_count < 2 || n->combining[0]) return;
    uint32_t kept = 1;
    uint8_t last = 0;
    for (uint32_t i = 1; i < n->pending_count; i++) {
        uint32_t composed = last < n->combining[i] ? compose(t, n->pending[0], n->pending[i]) : 0;
        if (composed) {
            n->pending[0] = composed;
            continue;
        }
        last = n->combining[kept] = n->combining[i];
        n->pending[kept++] = n->pending[i];
    }
    n->pending_count = kept;
}

static void flush(const ez_normalisation *t, ez_normaliser *n) {
    compose_pending(t, n);
    for (uint32_t i = 0; i < n->pending_count; i++) put_lower(t, n, n->pending[i]);
    n->pending_count = 0;
}

/* A code point that does not decompose any further joins what is pending, or begins anew. */
static void take(const ez_normalisation *t, ez_normaliser *n, uint32_t code_point) {
    uint8_t combining = combining_class(t, code_point);
    if (!combining && n->pending_count) {
        compose_pending(t, n);
        uint32_t composed =
            n->pending_count == 1 && !n->combining[0] ? compose(t, n->pending[0], code_point) : 0;
        if (composed) {
            n->pending[0] = composed;
            return;
        }
    }
    if (!combining || n->pending_count == EZ_PENDING) flush(t, n);
    uint32_t at = n->pending_count++;
    for (; combining && at > 0 && n->combining[at - 1] > combining; at--) {
        n->pending[at] = n->pending[at - 1];
        n->combining[at] = n->combining[at - 1];
    }
    n->pending[at] = code_point;
    n->combining[at] = combining;
}

static void decompose(const ez_normalisation *t, ez_normaliser *n, uint32_t code_point) {
    uint32_t s = code_point - S_BASE;
    if (s < S_COUNT) {
        take(t, n, L_BASE + s / (V_COUNT * T_COUNT));
        take(t, n, V_BASE + s / T_COUNT % V_COUNT);
        if (s % T_COUNT) take(t, n, T_BASE + s % T_COUNT);
        return;
    }
    const uint8_t *row = find_row(&t->decompositions, ENTRY, code_point, 0);
    if (!row) {
        take(t, n, code_point);
        return;
    }
    uint32_t span = read32(row + 4);
    for (uint32_t i = 0; i < (span & 31); i++) take(t, n, read32(t->targets.values + TARGET * ((span >> 5) + i)));
}

/* Whether the character that comes next may join the one before it. */
static int joins_next(const ez_normalisation *t, const ez_normaliser *n) {
    uint32_t code_point;
    if (n->next == n->end || *n->next < 0x80) return 0;
    ez_decode(n->next, n->end, &code_point);
    return (ez_class(t, code_point) & EZ_JOINS) != 0;
}

void ez_normaliser_start(ez_normaliser *n, const char *text, size_t length) {
    n->next = (const uint8_t *)text;
    n->end = n->next + length;
    n->marks = n->pending_count = n->queue_first = n->queue_count = 0;
}

/* Reads one character. */
static void read_character(const ez_normalisation *t, ez_normaliser *n) {
    uint32_t code_point;
    n->next += ez_decode(n->next, n->end, &code_point);
    uint32_t class = ez_class(t, code_point);
    n->marks = class & EZ_MARK ? n->marks + 1 : 0;
    if (n->marks > t->max_marks) return;
    if (class & EZ_JOINS) {
        decompose(t, n, code_point);
        return;
    }
    flush(t, n);
    if (class & EZ_CHANGES || joins_next(t, n)) decompose(t, n, code_point);
    else put_lower(t, n, code_point);
}

int ez_normaliser_next(const ez_normalisation *t, ez_normaliser *n, uint32_t *code_point) {
    while (!n->queue_count) {
        n->queue_first = 0;
        if (n->next < n->end) read_character(t, n);
        else if (n->pending_count) flush(t, n);
        else return 0;
    }
    *code_point = n->queue[n->queue_first++];
    n->queue_count--;
    return 1;
}
