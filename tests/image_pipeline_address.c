/*
 * image_pipeline_address.c - for test_image_pipeline.c: which addresses are public.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "../pipeline_examples/image_pipeline/address.h"
#include "image_pipeline_expect.h"

static bool is_public(const char *text) {
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } address;
    memset(&address, 0, sizeof address);
    address.any.sa_family = strchr(text, ':') == NULL ? AF_INET : AF_INET6;
    ck_assert_int_eq(
        inet_pton(address.any.sa_family, text,
                  address.any.sa_family == AF_INET ? (void *)&address.four.sin_addr : (void *)&address.six.sin6_addr),
        1);
    return address_is_public(&address.any);
}

/* The first and the last address of each block, and their neighbours. */
START_TEST (reserved_addresses_are_not_public) {
    static const char *const reserved[] = {"0.0.0.0",
                                           "0.255.255.255",
                                           "10.0.0.0",
                                           "10.255.255.255",
                                           "100.64.0.0",
                                           "100.127.255.255",
                                           "127.0.0.1",
                                           "127.255.255.255",
                                           "169.254.0.0",
                                           "169.254.169.254",
                                           "172.16.0.0",
                                           "172.31.255.255",
                                           "192.0.0.1",
                                           "192.0.2.255",
                                           "192.88.99.1",
                                           "192.168.0.0",
                                           "192.168.255.255",
                                           "198.18.0.0",
                                           "198.19.255.255",
                                           "198.51.100.7",
                                           "203.0.113.255",
                                           "224.0.0.0",
                                           "239.255.255.255",
                                           "240.0.0.1",
                                           "255.255.255.255",
                                           "::",
                                           "::1",
                                           "::7f00:1",
                                           "::ffff:127.0.0.1",
                                           "::ffff:10.1.2.3",
                                           "64:ff9b::a00:1",
                                           "64:ff9b:1::808:808",
                                           "100::1",
                                           "fc00::1",
                                           "fdff::1",
                                           "fe80::1",
                                           "febf::1",
                                           "fec0::1",
                                           "ff02::1",
                                           "2001::1",
                                           "2001:1ff::1",
                                           "2001:db8::1",
                                           "2002:7f00:1::",
                                           "2002:c0a8:1::1",
                                           "3fff::1",
                                           "1fff::1",
                                           "4000::1"};
    static const char *const open[] = {
        "1.0.0.0",         "9.255.255.255",    "11.0.0.0",     "100.63.255.255",  "100.128.0.0", "126.255.255.255",
        "128.0.0.0",       "169.253.255.255",  "169.255.0.0",  "172.15.255.255",  "172.32.0.0",  "192.0.1.0",
        "192.0.3.0",       "192.88.98.255",    "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
        "198.20.0.0",      "198.51.99.255",    "198.51.101.0", "203.0.112.255",   "203.0.114.0", "223.255.255.255",
        "::ffff:8.8.8.8",  "64:ff9b::808:808", "2000::1",      "2001:200::1",     "2001:db7::1", "2001:db9::1",
        "2002:808:808::1", "2606:4700::1",     "3ffe::1"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        ck_assert_msg(!is_public(reserved[i]), "%s is public", reserved[i]);
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        ck_assert_msg(is_public(open[i]), "%s is not public", open[i]);
    ck_assert(!address_is_public(&(struct sockaddr){.sa_family = AF_UNIX}));
}
END_TEST

void add_address_tests(TCase *cases) {
    tcase_add_test(cases, reserved_addresses_are_not_public);
}
