/* The exponential function that every kernel computes in the same steps. */
#ifndef EZ_EXPONENTIAL_H
#define EZ_EXPONENTIAL_H

#include <stdint.h>

#include "memory.h"

/* 2^y = 2^n * 2^f with n whole and f in [-1/2, 1/2]; 2^f by the polynomial of degree 4 with the least relative
 * error (4e-6), fitted with its constant held at 1. Adding EZ_ROUND rounds to the nearest whole number, which then
 * stands in the lowest bits: shifted, it is what the exponent of 2^f lacks. */
#define EZ_LOG2_E 0x1.715476p+0f
#define EZ_EXP2_LIMIT 58.0f /* |y| beyond which 2^y is held: the product of two such is still finite */
#define EZ_ROUND 0x1.8p+23f
#define EZ_EXPONENT 23
#define EZ_EXP2_1 0x1.62e12cp-1f
#define EZ_EXP2_2 0x1.ec0378p-3f
#define EZ_EXP2_3 0x1.c9fc46p-5f
#define EZ_EXP2_4 0x1.3a02ccp-7f

static inline float ez_exp2(float y) {
    float held = y > -EZ_EXP2_LIMIT ? y : -EZ_EXP2_LIMIT;
    held = held < EZ_EXP2_LIMIT ? held : EZ_EXP2_LIMIT;
    float rounded = held + EZ_ROUND;
    float f = held - (rounded - EZ_ROUND);
    float power = (((EZ_EXP2_4 * f + EZ_EXP2_3) * f + EZ_EXP2_2) * f + EZ_EXP2_1) * f + 1.0f;
    uint32_t bits, whole;
    memcpy(&bits, &power, sizeof bits);
    memcpy(&whole, &rounded, sizeof whole);
    bits += whole << EZ_EXPONENT;
    memcpy(&power, &bits, sizeof power);
    return power;
}

#endif
