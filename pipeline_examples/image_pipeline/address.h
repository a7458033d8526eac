/*
 * address.h - addresses that are not on the public Internet.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_ADDRESS_H
#define IMAGE_PIPELINE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Returns false for a reserved address: loopback, of a private network, of a link, of the network of a provider
 * (RFC 6598), for documentation, multicast or unassigned (RFC 6890). An IPv6 address that stands for an IPv4 address is
 * judged by that one. One of another family is not public.
 */
bool address_is_public(const struct sockaddr *address);

#endif /* IMAGE_PIPELINE_ADDRESS_H */
