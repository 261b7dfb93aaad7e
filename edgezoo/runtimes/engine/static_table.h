/* Static embeddings: the (weighted) mean of one table row a token, as in Model2Vec. */
#ifndef EZ_STATIC_TABLE_H
#define EZ_STATIC_TABLE_H

#include "kernels.h"
#include "tokenizer.h"

typedef struct {
    ez_quantised embedding;
    ez_tensor weight; /* values is NULL when every token weighs the same */
    int normalize;
} ez_static_table;

/* Reads and checks the bundle's table and sets the dimension; failures go to the reader. */
void ez_static_read(ez_reader *reader, ez_description *file, ez_static_table *table);

void ez_static_embed(const ez_static_table *table, const ez_tokenizer *tokenizer, const ez_kernels *kernels,
                     const char *text, size_t length, float *vector);

#endif
