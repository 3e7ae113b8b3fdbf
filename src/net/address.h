// SPDX-License-Identifier: Apache-2.0
/* address -- an IPv4 or IPv6 address and port, as text and as the key limits count by (IPv4, or
 * IPv6's /64). */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { ADDRESS_TEXT_MAX = 64 };

struct address {
    uint8_t bytes[16]; // IPv6, or IPv4 mapped (::ffff:a.b.c.d)
    uint16_t port;
};

/* "127.0.0.1:8080", "[::1]:0", ":8080" (all of IPv4). ERR_PROTO. */
MUST_USE enum err address_parse(struct str text, struct address *ret_address);
/* Without a port. ERR_PROTO. */
MUST_USE enum err address_parse_ip(struct str text, struct address *ret_address);
bool address_is_v4(const struct address *address);
bool address_is_loopback(const struct address *address);
/* Of the open Internet: not loopback, private, link-local, shared, documentation, multicast,
 * reserved, nor one of these inside IPv6 (mapped, NAT64, 6to4, Teredo); IANA's special-purpose
 * registries, RFC 6890. */
bool address_is_public(const struct address *address);
/* "127.0.0.1:8080" or "[::1]:8080", NUL-terminated; borrowed from `text`. */
struct str address_write(const struct address *address, char text[ADDRESS_TEXT_MAX]);
/* What limits count by: "192.0.2.7" or "2001:db8:0:1::/64". */
struct str address_key(const struct address *address, char text[ADDRESS_TEXT_MAX]);
