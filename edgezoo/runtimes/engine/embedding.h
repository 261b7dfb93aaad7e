/* Rows of a quantised table, looked up and added. */
#ifndef EZ_EMBEDDING_H
#define EZ_EMBEDDING_H

#include "kernels.h"
#include "tensor.h"

/* Rows that are looked up and added at once. */
enum { EZ_ROW_BLOCK = 64 };

/* sums[columns] += weights[i] * row ids[i], for i in order; count is at most EZ_ROW_BLOCK. */
void ez_add_rows(const ez_quantised *table, const ez_kernels *kernels, const uint32_t *ids, const float *weights,
                 size_t count, float *sums);

#endif
