#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#define EZ_KERNELS EZ_KERNELS_AVX512
#define EZ_BLOCK 64
#define EZ_MATRIX "matrix_avx2.inc"
#include "kernels_simd.inc"
#pragma clang attribute pop
#endif
