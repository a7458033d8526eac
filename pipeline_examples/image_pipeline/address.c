/*
 * address.c - the blocks of reserved addresses (IANA's special-purpose registries).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const struct {
    uint32_t block;
    unsigned bits;
} reserved[] = {
    {0x00000000, 8},  /* 0.0.0.0: this network */
    {0x0a000000, 8},  /* 10.0.0.0: private */
    {0x64400000, 10}, /* 100.64.0.0: of a provider */
    {0x7f000000, 8},  /* 127.0.0.0: loopback */
    {0xa9fe0000, 16}, /* 169.254.0.0: link, and the metadata of clouds */
    {0xac100000, 12}, /* 172.16.0.0: private */
    {0xc0000000, 24}, /* 192.0.0.0: protocols */
    {0xc0000200, 24}, /* 192.0.2.0: documentation */
    {0xc0586300, 24}, /* 192.88.99.0: relays */
    {0xc0a80000, 16}, /* 192.168.0.0: private */
    {0xc6120000, 15}, /* 198.18.0.0: benchmarks */
    {0xc6336400, 24}, /* 198.51.100.0: documentation */
    {0xcb007100, 24}, /* 203.0.113.0: documentation */
    {0xe0000000, 3},  /* 224.0.0.0: multicast, unassigned, broadcast */
};

static bool is_public_4(uint32_t address) {
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if ((address ^ reserved[i].block) >> (32 - reserved[i].bits) == 0)
            return false;
    }
    return true;
}

static uint32_t read_32(const unsigned char *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/*
 * Only 2000::/3 is public, and of it neither documentation nor protocols. Also public are addresses that a gateway
 * translates to public IPv4 addresses: 64:ff9b::/96, and ::ffff:0:0/96 and 2002::/16, which libraries and routers map.
 */
static bool is_public_6(const unsigned char bytes[16]) {
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const unsigned char translated[12] = {0x00, 0x64, 0xff, 0x9b};
    uint32_t first = read_32(bytes);
    if (memcmp(bytes, mapped, sizeof mapped) == 0 || memcmp(bytes, translated, sizeof translated) == 0)
        return is_public_4(read_32(bytes + 12));
    if (first >> 16 == 0x2002)
        return is_public_4(read_32(bytes + 2));
    bool is_protocol = first >> 9 == 0x20010000 >> 9, is_documentation = first == 0x20010db8 || first >> 12 == 0x3fff0;
    return first >> 29 == 1 && !is_protocol && !is_documentation;
}

bool address_is_public(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, address, sizeof four);
        return is_public_4(ntohl(four.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, address, sizeof six);
        return is_public_6(six.sin6_addr.s6_addr);
    }
    return false;
}
