#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define EZ_KERNELS EZ_KERNELS_AVX2
#define EZ_BLOCK 64
#include "kernels_simd.inc"
#pragma clang attribute pop
#endif
