#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define EZ_KERNELS EZ_KERNELS_AVX2
#define EZ_BLOCK 64
#define EZ_MATRIX "matrix_avx2.inc"
#include "kernels_simd.inc"
#pragma clang attribute pop
#endif
