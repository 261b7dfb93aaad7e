#include "embedding.h"

enum { CACHE_LINE = 64, MAX_GROUPS = EZ_MAX_DIMENSION / EZ_GROUP };

void ez_add_rows(const ez_quantised *table, const ez_kernels *kernels, const uint32_t *ids, const float *weights,
                 size_t count, float *sums) {
    const ez_tensor *values = &table->values, *scales = &table->scales;
    size_t groups = scales->columns, row_bytes = ez_row_bytes(values);
    const uint8_t *rows[EZ_ROW_BLOCK];
    float factors[EZ_ROW_BLOCK * MAX_GROUPS];
    for (size_t i = 0; i < count; i++) {
        rows[i] = values->values + row_bytes * ids[i];
        for (size_t byte = 0; byte < row_bytes; byte += CACHE_LINE) __builtin_prefetch(rows[i] + byte);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t group = 0; group < groups; group++)
            factors[groups * i + group] = weights[i] * ez_widen(scales->values, groups * ids[i] + group);
    if (values->dtype == EZ_INT4) kernels->add_int4_rows(sums, rows, factors, count, values->columns);
    else kernels->add_int8_rows(sums, (const int8_t *const *)rows, factors, count, values->columns);
}
