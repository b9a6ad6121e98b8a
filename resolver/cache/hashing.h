/* SipHash-1-3 (Aumasson, Bernstein 2012; one compression and three finalization rounds) and CRC-32C. */
#ifndef RESOLVER_HASHING_H
#define RESOLVER_HASHING_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ROTATE(x, bits) ((x) << (bits) | (x) >> (64 - (bits)))

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = ROTATE(v[1], 13) ^ v[0];
    v[3] = ROTATE(v[3], 16) ^ v[2];
    v[0] = ROTATE(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = ROTATE(v[1], 17) ^ v[2];
    v[3] = ROTATE(v[3], 21) ^ v[0];
    v[2] = ROTATE(v[2], 32);
}

/* Keyed, so that nobody who chooses tenant ids can crowd one bank or one epoch. */
static inline uint64_t keyed_hash(const uint64_t seed[2], const uint8_t *data, size_t length)
{
    uint64_t v[4] = {
        seed[0] ^ UINT64_C(0x736f6d6570736575),
        seed[1] ^ UINT64_C(0x646f72616e646f6d),
        seed[0] ^ UINT64_C(0x6c7967656e657261),
        seed[1] ^ UINT64_C(0x7465646279746573),
    };
    size_t whole = length & ~(size_t)7;
    uint64_t block;
    for (size_t at = 0; at < whole; at += 8) {
        memcpy(&block, data + at, 8);
        v[3] ^= block;
        sip_round(v);
        v[0] ^= block;
    }
    block = 0;
    memcpy(&block, data + whole, length - whole);
    block |= (uint64_t)length << 56;
    v[3] ^= block;
    sip_round(v);
    v[0] ^= block;
    v[2] ^= 0xff;
    for (int round = 0; round < 3; round++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#define CRC32C_POLYNOMIAL 0x82f63b78u /* Castagnoli, reflected */

static uint32_t crc32c_table[256];
static int crc32c_hardware;

static inline void crc32c_prepare(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ CRC32C_POLYNOMIAL : crc >> 1;
        crc32c_table[byte] = crc;
    }
#if defined(__x86_64__)
    crc32c_hardware = __builtin_cpu_supports("sse4.2") != 0;
#endif
}

#if defined(__x86_64__)
/* The instruction is asked for here alone: the rest of the build stays without -msse4.2. */
__attribute__((target("sse4.2"))) static uint32_t crc32c_by_instruction(uint32_t crc,
                                                                       const uint8_t *data,
                                                                       size_t length)
{
    uint64_t wide = crc, block;
    while (length >= 8) {
        memcpy(&block, data, 8);
        wide = __builtin_ia32_crc32di(wide, block);
        data += 8;
        length -= 8;
    }
    crc = (uint32_t)wide;
    while (length--)
        crc = __builtin_ia32_crc32qi(crc, *data++);
    return crc;
}
#endif

/* Continues a checksum; start with 0xffffffff, the caller inverts nothing: both sides are ours. */
static inline uint32_t crc32c(uint32_t crc, const uint8_t *data, size_t length)
{
#if defined(__x86_64__)
    if (crc32c_hardware)
        return crc32c_by_instruction(crc, data, length);
#endif
    while (length--)
        crc = crc >> 8 ^ crc32c_table[(crc ^ *data++) & 0xff];
    return crc;
}

#endif
