#ifndef PUYPUY_CCHECKSUM_H
#define PUYPUY_CCHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether this processor has instructions for CRC-32C: SSE 4.2 on x86-64, the CRC32 extension on arm64. */
bool puypuy_has_crc32c(void);

/* Takes `count` bytes into the remainder, which begins and ends inverted. Only where
   puypuy_has_crc32c() says so. */
uint32_t puypuy_crc32c(uint32_t remainder, const void *bytes, size_t count);

#endif
