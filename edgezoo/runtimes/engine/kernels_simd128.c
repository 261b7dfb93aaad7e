/* 128-bit vectors: SSE2 on any x86-64, NEON on any aarch64, SIMD128 in WebAssembly. */
#if defined(__SSE2__) || defined(__ARM_NEON) || defined(__wasm_simd128__)
#define EZ_KERNELS EZ_KERNELS_SIMD128
#define EZ_BLOCK 32
#if defined(__wasm_simd128__)
#define EZ_MATRIX "matrix_wasm.inc"
#else
#define EZ_MATRIX "matrix_simd128.inc"
#endif
#include "kernels_simd.inc"

#if defined(__wasm_simd128__)
/* Where the table of functions has multiply_matrix: matrix_relaxed.c takes that place, by the hands of a loader. */
void (*ez_matrix_kernel(void))(const ez_matrix *, const int8_t *, size_t, int32_t *);
EZ_API void (*ez_matrix_kernel(void))(const ez_matrix *, const int8_t *, size_t, int32_t *) { return multiply_matrix; }
#endif
#endif
