#ifndef EZ_CHECKSUM_H
#define EZ_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* XXH64 with seed 0 of `size` bytes, size a positive multiple of 32. */
uint64_t ez_xxh64_stripes(const uint8_t *bytes, size_t size);

#endif
