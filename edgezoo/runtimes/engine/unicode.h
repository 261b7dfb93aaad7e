#ifndef EZ_UNICODE_H
#define EZ_UNICODE_H

#include <stddef.h>
#include <stdint.h>

/* Decodes one code point of UTF-8 at `text` and returns its length in bytes; a malformed byte counts
 * alone and decodes to U+FFFD. text < end. */
size_t ez_decode(const uint8_t *text, const uint8_t *end, uint32_t *code_point);

/* Writes a code point as UTF-8, at most four bytes, and returns their number. */
size_t ez_encode(uint32_t code_point, uint8_t *bytes);

/* Whether a code point of U+0080 or above stands alone as a token: punctuation and CJK ideographs. */
int ez_is_delimiter(uint32_t code_point);

#endif
