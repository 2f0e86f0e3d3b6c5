#include "CChecksum.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>

bool puypuy_has_crc32c(void) { return __builtin_cpu_supports("sse4.2"); }

__attribute__((target("sse4.2")))
uint32_t puypuy_crc32c(uint32_t remainder, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    uint64_t wide = remainder;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    remainder = (uint32_t)wide;
    for (; count > 0; count--) remainder = _mm_crc32_u8(remainder, *next++);
    return remainder;
}

#elif defined(__aarch64__) && defined(__linux__)
#include <arm_acle.h>
#include <sys/auxv.h>

/* HWCAP_CRC32 of asm/hwcap.h. */
bool puypuy_has_crc32c(void) { return (getauxval(AT_HWCAP) & (1 << 7)) != 0; }

__attribute__((target("crc")))
uint32_t puypuy_crc32c(uint32_t remainder, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        remainder = __crc32cd(remainder, word);
    }
    for (; count > 0; count--) remainder = __crc32cb(remainder, *next++);
    return remainder;
}

#else

bool puypuy_has_crc32c(void) { return false; }

uint32_t puypuy_crc32c(uint32_t remainder, const void *bytes, size_t count) {
    (void)bytes;
    (void)count;
    return remainder;
}

#endif
