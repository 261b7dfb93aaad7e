/* Narrow matrices times vectors by WebAssembly's relaxed instructions, in a module of its own: one with such
 * instructions is refused as a whole where they are not known. It shares the engine's memory and takes the place of
 * its function multiply_matrix, which is left with wide matrices. It has no stack: what it did there, the engine would
 * not know of.
 *
 * What relaxed instructions leave open they leave open for operands of more than 7 bits and sums of more than 16.
 * Narrow weights and activations have neither, so the products are the same everywhere. */
#if defined(__wasm_relaxed_simd__)

#include "kernels.h"

#include <wasm_simd128.h>

enum { QUARTERS = EZ_BLOCK_ROWS / 4, BYTES = EZ_BLOCK_ROWS * EZ_BLOCK_COLUMNS };

__attribute__((import_module("engine"), import_name("multiply_matrix"))) void
ez_plain_multiply_matrix(const ez_matrix *matrix, const int8_t *inputs, size_t count, int32_t *products);

void ez_relaxed_multiply_matrix(const ez_matrix *matrix, const int8_t *inputs, size_t count, int32_t *products);

/* 16 rows. Two pairs of products are added before they are widened. */
static void multiply_rows(const uint8_t *block, size_t columns, const int8_t *input, int32_t correction,
                          int32_t *products) {
    const v128_t ones = wasm_i16x8_const_splat(1);
    v128_t sums[QUARTERS];
    for (size_t part = 0; part < QUARTERS; part++) sums[part] = wasm_i32x4_splat(correction);
    for (size_t column = 0; column < columns; column += 2 * EZ_BLOCK_COLUMNS, block += 2 * BYTES) {
        v128_t early = wasm_v128_load32_splat(input + column);
        v128_t late = wasm_v128_load32_splat(input + column + EZ_BLOCK_COLUMNS);
        for (size_t part = 0; part < QUARTERS; part++) {
            const uint8_t *weights = block + 16 * part;
            v128_t first = wasm_i16x8_relaxed_dot_i8x16_i7x16(early, wasm_v128_load(weights));
            v128_t second = wasm_i16x8_relaxed_dot_i8x16_i7x16(late, wasm_v128_load(weights + BYTES));
            sums[part] = wasm_i32x4_add(sums[part], wasm_i32x4_dot_i16x8(wasm_i16x8_add(first, second), ones));
        }
    }
    for (size_t part = 0; part < QUARTERS; part++) wasm_v128_store(products + 4 * part, sums[part]);
}

__attribute__((export_name("multiply_matrix"))) void
ez_relaxed_multiply_matrix(const ez_matrix *matrix, const int8_t *inputs, size_t count, int32_t *products) {
    if (matrix->offset != EZ_NARROW) {
        ez_plain_multiply_matrix(matrix, inputs, count, products);
        return;
    }
    size_t rows = matrix->rows, columns = matrix->columns;
    for (size_t i = 0; i < count; i++, inputs += columns, products += rows) {
        int32_t sum = 0;
        for (size_t column = 0; column < columns; column++) sum += inputs[column];
        for (size_t row = 0; row < rows; row += EZ_BLOCK_ROWS)
            multiply_rows(matrix->blocks + row * columns, columns, inputs, -EZ_NARROW * sum, products + row);
    }
}

#else
typedef int ez_no_relaxed_instructions; /* a file with nothing in it is no C */
#endif
