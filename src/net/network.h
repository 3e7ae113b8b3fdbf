// SPDX-License-Identifier: Apache-2.0
/* network -- a block of addresses: "10.0.0.0/8", "::1", "fd00::/8". For trusted proxies. */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "net/address.h"

#include <stdbool.h>
#include <stdint.h>

struct network {
    uint8_t bytes[16];   // as in struct address; bits behind the prefix are 0
    uint8_t prefix_bits; // of 128
};

/* Without a prefix: that one address. ERR_PROTO. */
MUST_USE enum err network_parse(struct str text, struct network *ret_network);
bool network_holds(const struct network *network, const struct address *address);
