/* Weight matrices as the kernels multiply them: int8, one scale a row, in blocks of 16 rows by 4 columns. */
#ifndef EZ_MATRIX_H
#define EZ_MATRIX_H

#include "kernels.h"
#include "tensor.h"

typedef struct {
    const uint8_t *blocks; /* weights + 128 */
    const float *scales;   /* [rows] */
    uint32_t rows;         /* a multiple of 16 */
    uint32_t columns;      /* a multiple of 4 */
} ez_matrix;

/* Bytes that ez_matrix_build takes, a multiple of 64. */
size_t ez_matrix_memory(const ez_quantised *tensor);

/* Lays a bundle's matrix out in `memory` and returns what follows it there. int4 becomes int8 with one scale a
 * row, 127 at the row's largest weight: unpacking costs more than it saves where a matrix fits the cache. */
char *ez_matrix_build(ez_matrix *matrix, const ez_quantised *tensor, float factor, char *memory);

#endif
