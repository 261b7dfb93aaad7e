#ifndef EZ_UNICODE_H
#define EZ_UNICODE_H

#include <stddef.h>
#include <stdint.h>

/* For the few functions that each character of a text goes through. */
#define EZ_INLINE static inline __attribute__((always_inline))

/* Decodes one code point of UTF-8 at `text` and returns its length in bytes; a malformed byte counts
 * alone and decodes to U+FFFD. text < end. */
size_t ez_decode(const uint8_t *text, const uint8_t *end, uint32_t *code_point);

/* Writes a code point as UTF-8, at most four bytes, and returns their number. */
size_t ez_encode(uint32_t code_point, uint8_t *bytes);

EZ_INLINE int ez_is_continuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

/* `ez_decode`, fast for characters of up to three bytes. */
EZ_INLINE size_t ez_decode_inline(const uint8_t *text, const uint8_t *end, uint32_t *code_point) {
    uint32_t lead = text[0];
    *code_point = lead;
    if (lead < 0x80) return 1;
    if (end - text < 3 || !ez_is_continuation(text[1])) return ez_decode(text, end, code_point);
    if (lead >= 0xC2 && lead < 0xE0) {
        *code_point = (lead & 0x1F) << 6 | (text[1] & 0x3Fu);
        return 2;
    }
    uint32_t three = (lead & 0xF) << 12 | (text[1] & 0x3Fu) << 6 | (text[2] & 0x3Fu);
    if ((lead & 0xF0) != 0xE0 || !ez_is_continuation(text[2]) || three < 0x800 || (three & 0xF800) == 0xD800)
        return ez_decode(text, end, code_point);
    *code_point = three;
    return 3;
}

/* `ez_encode`, fast for characters of up to three bytes; four may be written. */
EZ_INLINE size_t ez_encode_inline(uint32_t code_point, uint8_t *bytes) {
    if (code_point < 0x80) {
        bytes[0] = (uint8_t)code_point;
        return 1;
    }
    if (code_point >= 0x10000) return ez_encode(code_point, bytes);
    size_t two = code_point < 0x800;
    uint32_t lead = two ? 0xC0 | code_point >> 6 : 0xE0 | code_point >> 12;
    uint32_t middle = 0x80 | (code_point >> 6 & 0x3F), last = 0x80 | (code_point & 0x3F);
    bytes[0] = (uint8_t)lead;
    bytes[1] = (uint8_t)(two ? last : middle);
    bytes[2] = (uint8_t)last;
    return 3 - two;
}

/* Whether a code point of U+0080 or above stands alone as a token: punctuation and CJK ideographs. */
int ez_is_delimiter(uint32_t code_point);

#endif
