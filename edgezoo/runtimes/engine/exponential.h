/* The exponential function that every kernel computes in the same steps. */
#ifndef EZ_EXPONENTIAL_H
#define EZ_EXPONENTIAL_H

#include <stdint.h>
#include <string.h>

/* exp(x) = 2^n * 2^f with n whole and f in [-1/2, 1/2]; 2^f by the polynomial of degree 5 with the least
 * relative error (2e-7 in float32), fitted with its constant held at 1. */
#define EZ_LOG2_E 0x1.715476p+0f
#define EZ_EXP_LIMIT 80.0f /* |x| beyond which exp(x) is held: far from overflow and from subnormals */
#define EZ_ROUND 0x1.8p+23f /* adding and subtracting it rounds to the nearest whole number */
#define EZ_EXP2_1 0x1.62e42ap-1f
#define EZ_EXP2_2 0x1.ebf9bcp-3f
#define EZ_EXP2_3 0x1.c6b752p-5f
#define EZ_EXP2_4 0x1.3cea88p-7f
#define EZ_EXP2_5 0x1.5bba14p-10f

static inline float ez_exp(float x) {
    float held = x > -EZ_EXP_LIMIT ? x : -EZ_EXP_LIMIT;
    held = held < EZ_EXP_LIMIT ? held : EZ_EXP_LIMIT;
    float y = held * EZ_LOG2_E;
    float whole = (y + EZ_ROUND) - EZ_ROUND;
    float f = y - whole;
    float power = ((((EZ_EXP2_5 * f + EZ_EXP2_4) * f + EZ_EXP2_3) * f + EZ_EXP2_2) * f + EZ_EXP2_1) * f + 1.0f;
    int32_t bits = ((int32_t)whole + 127) * (1 << 23);
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return power * scale;
}

#endif
