#include "unicode.h"

#include "delimiters.h"

size_t ez_decode(const uint8_t *text, const uint8_t *end, uint32_t *code_point) {
    uint32_t lead = text[0];
    size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    *code_point = 0xFFFD;
    if (length == 0 || (size_t)(end - text) < length) return 1;
    if (length == 1) {
        *code_point = lead;
        return 1;
    }
    uint32_t value = lead & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (!ez_is_continuation(text[i])) return 1;
        value = value << 6 | (text[i] & 0x3Fu);
    }
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < smallest[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return 1;
    *code_point = value;
    return length;
}

size_t ez_encode(uint32_t code_point, uint8_t *bytes) {
    if (code_point < 0x80) {
        bytes[0] = (uint8_t)code_point;
        return 1;
    }
    size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    static const uint8_t leads[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--, code_point >>= 6) bytes[i] = (uint8_t)(0x80 | (code_point & 0x3F));
    bytes[0] = (uint8_t)(leads[length] | code_point);
    return length;
}

int ez_is_delimiter(uint32_t code_point) {
    size_t low = 0, high = sizeof EZ_DELIMITERS / sizeof EZ_DELIMITERS[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code_point > EZ_DELIMITERS[middle][1]) low = middle + 1;
        else high = middle;
    }
    return low < sizeof EZ_DELIMITERS / sizeof EZ_DELIMITERS[0] && code_point >= EZ_DELIMITERS[low][0];
}
