/* Which kernels this processor can run. */
#include "kernels.h"

#if defined(__x86_64__)

enum { OSXSAVE = 1 << 27, AVX2 = 1 << 5, YMM_STATE = 0x6, ZMM_STATE = 0xE6 };
static const uint32_t AVX512_F_DQ_BW_VL = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;

static void cpuid(uint32_t leaf, uint32_t *ebx, uint32_t *ecx) {
    uint32_t eax = leaf, edx;
    *ecx = 0;
    __asm__("cpuid" : "+a"(eax), "=b"(*ebx), "+c"(*ecx), "=d"(edx));
}

/* The registers that the operating system saves on a context switch. */
static uint32_t saved_state(void) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static ez_isa detect(void) {
    uint32_t highest, ebx, ecx;
    __asm__("cpuid" : "=a"(highest), "=b"(ebx), "=c"(ecx) : "a"(0) : "edx");
    cpuid(1, &ebx, &ecx);
    if (highest < 7 || !(ecx & OSXSAVE)) return EZ_SIMD128;
    uint32_t state = saved_state();
    cpuid(7, &ebx, &ecx);
    if (!(ebx & AVX2) || (state & YMM_STATE) != YMM_STATE) return EZ_SIMD128;
    return (ebx & AVX512_F_DQ_BW_VL) == AVX512_F_DQ_BW_VL && (state & ZMM_STATE) == ZMM_STATE ? EZ_AVX512 : EZ_AVX2;
}

ez_isa ez_best_isa(void) { return detect(); }

const ez_kernels *ez_find_kernels(ez_isa isa) {
    static const ez_kernels *const kernels[] = {&EZ_KERNELS_PORTABLE, &EZ_KERNELS_SIMD128, &EZ_KERNELS_AVX2,
                                                &EZ_KERNELS_AVX512};
    return isa <= detect() ? kernels[isa] : NULL;
}

#elif defined(__ARM_NEON) || defined(__wasm_simd128__)

ez_isa ez_best_isa(void) { return EZ_SIMD128; }

const ez_kernels *ez_find_kernels(ez_isa isa) {
    return isa == EZ_SIMD128 ? &EZ_KERNELS_SIMD128 : isa == EZ_PORTABLE ? &EZ_KERNELS_PORTABLE : NULL;
}

#else

ez_isa ez_best_isa(void) { return EZ_PORTABLE; }

const ez_kernels *ez_find_kernels(ez_isa isa) { return isa == EZ_PORTABLE ? &EZ_KERNELS_PORTABLE : NULL; }

#endif
