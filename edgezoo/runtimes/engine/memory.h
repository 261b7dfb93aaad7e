/* The few functions of <string.h> that the engine calls, declared here: targets without a C library's headers
 * (Android, iOS, bare WebAssembly) compile it too. Compilers call the first three on their own anyway. */
#ifndef EZ_MEMORY_H
#define EZ_MEMORY_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *one, const void *other, size_t size);
size_t strlen(const char *text);

#endif
