/* Static embeddings: the (weighted) mean of one table row a token, as in Model2Vec. */
#ifndef EZ_STATIC_TABLE_H
#define EZ_STATIC_TABLE_H

#include "bundle.h"
#include "kernels.h"
#include "wordpiece.h"

typedef struct {
    ez_quantised embedding;
    ez_tensor weight;
    int normalize;
} ez_static_table;

void ez_static_embed(const ez_static_table *table, const ez_wordpiece *wordpiece, const ez_kernels *kernels,
                     const char *text, size_t length, float *vector);

#endif
