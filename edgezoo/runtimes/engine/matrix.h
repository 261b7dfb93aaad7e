/* A bundle's matrices laid out as the kernels multiply them. */
#ifndef EZ_MATRIX_H
#define EZ_MATRIX_H

#include "kernels.h"
#include "tensor.h"

/* Bytes that ez_matrix_build takes, a multiple of 64. */
size_t ez_matrix_memory(const ez_quantised *tensor);

/* Lays a bundle's matrix out in `memory` and returns what follows it there. int4 becomes int8 with one scale a
 * row, 63 at the row's largest weight: unpacking costs more than it saves where a matrix fits the cache. */
char *ez_matrix_build(ez_matrix *matrix, const ez_quantised *tensor, float factor, char *memory);

#endif
