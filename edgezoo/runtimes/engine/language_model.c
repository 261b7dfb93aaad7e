#include "language_model.h"

#include "char.h"
#include "exponential.h"

#define EZ_LN_2 0x1.62e43p-1f
#define EZ_ROOT_HALF_BITS 0x3F3504F3u

/* The natural logarithm of a normal x > 0: x = 2^n m with m about 1, and ln m = 2 artanh((m - 1) / (m + 1)). */
static float logarithm(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    int32_t whole = (int32_t)(bits - EZ_ROOT_HALF_BITS) >> EZ_EXPONENT;
    bits -= (uint32_t)whole << EZ_EXPONENT;
    float m;
    memcpy(&m, &bits, sizeof m);
    float s = (m - 1.0f) / (m + 1.0f), z = s * s;
    float series = (((1.0f / 9.0f * z + 1.0f / 7.0f) * z + 1.0f / 5.0f) * z + 1.0f / 3.0f) * z + 1.0f;
    return (float)whole * EZ_LN_2 + 2.0f * s * series;
}

static float largest(const float *values, size_t first, size_t count) {
    float found = values[first];
    for (size_t i = first + 1; i < count; i++) found = values[i] > found ? values[i] : found;
    return found;
}

void ez_log_softmax(float *logits, size_t count) {
    float most = largest(logits, 0, count), sum = 0;
    for (size_t i = 0; i < count; i++) sum += ez_exp2((logits[i] - most) * EZ_LOG2_E);
    float shift = most + logarithm(sum);
    for (size_t i = 0; i < count; i++) logits[i] -= shift;
}

/* SplitMix64. */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* A multiple of 2^-24 in [0, 1). */
static float next_share(uint64_t *state) { return (float)(next_random(state) >> 40) * 0x1p-24f; }

static size_t likeliest(const float *weights, size_t first, size_t count) {
    size_t best = first;
    for (size_t i = first + 1; i < count; i++)
        if (weights[i] > weights[best]) best = i;
    return best;
}

/* Moves the likeliest tokens to `kept`, in order and with their weights, until there are `most` of them or none is
 * left, and returns their number. */
static size_t take_likeliest(float *weights, size_t first, size_t count, size_t most, uint32_t *kept, float *kept_weights) {
    size_t taken = 0;
    for (; taken < most && taken < count - first; taken++) {
        size_t best = likeliest(weights, first, count);
        kept[taken] = (uint32_t)best;
        kept_weights[taken] = weights[best];
        weights[best] = -1;
    }
    return taken;
}

static float sum_of(const float *weights, size_t count) {
    float sum = 0;
    for (size_t i = 0; i < count; i++) sum += weights[i];
    return sum;
}

/* The first place where the sum of the weights up to it is more than `share` of the sum of all. */
static size_t place_of(const float *weights, size_t count, float share) {
    float target = share * sum_of(weights, count), sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += weights[i];
        if (sum > target) return i;
    }
    return count - 1;
}

uint32_t ez_sample(float *logits, size_t count, ez_sampling *s) {
    size_t first = s->stop ? EZ_CHAR_END : EZ_CHAR_SPECIAL;
    if (!(s->temperature > 0)) return (uint32_t)likeliest(logits, first, count);
    float most = largest(logits, first, count), factor = EZ_LOG2_E / s->temperature;
    for (size_t i = first; i < count; i++) logits[i] = ez_exp2((logits[i] - most) * factor);
    float share = next_share(&s->random);
    int all = !(s->top_p < 1);
    if (all && !s->top_k) return (uint32_t)(first + place_of(logits + first, count - first, share));
    uint32_t kept[EZ_CHAR_MAX_TOKENS];
    float weights[EZ_CHAR_MAX_TOKENS];
    size_t taken = take_likeliest(logits, first, count, s->top_k ? s->top_k : count, kept, weights);
    if (!all) taken = place_of(weights, taken, s->top_p) + 1;
    return kept[place_of(weights, taken, share)];
}
