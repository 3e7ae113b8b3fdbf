// SPDX-License-Identifier: Apache-2.0
#include "net/network.h"

#include <string.h>

enum { BITS = 128, V4_BITS_BEFORE = 96 };

/* The mask of byte `at` under a prefix of that many bits. */
static uint8_t mask_of(unsigned at, unsigned prefix_bits)
{
    const unsigned before = at * 8;
    if (prefix_bits >= before + 8) {
        return 0xff;
    }
    return (uint8_t)(prefix_bits <= before ? 0 : 0xff << (8 - (prefix_bits - before)));
}

enum err network_parse(struct str text, struct network *ret_network)
{
    struct str prefix;
    struct address address;
    const bool has_prefix = text.len > 0 && memchr(text.at, '/', text.len) != NULL;
    TRY(address_parse_ip(str_cut(text, '/', &prefix), &address));
    const unsigned before = address_is_v4(&address) ? V4_BITS_BEFORE : 0;
    uint64_t bits = BITS - before;
    if (has_prefix && !str_to_u64(prefix, BITS - before, &bits)) {
        return ERR_PROTO;
    }
    struct network network = {.prefix_bits = (uint8_t)(bits + before)};
    for (unsigned i = 0; i < sizeof(network.bytes); i++) {
        network.bytes[i] = address.bytes[i] & mask_of(i, network.prefix_bits);
    }
    *ret_network = network;
    return ERR_OK;
}

bool network_holds(const struct network *network, const struct address *address)
{
    for (unsigned i = 0; i < sizeof(network->bytes); i++) {
        if ((address->bytes[i] & mask_of(i, network->prefix_bits)) != network->bytes[i]) {
            return false;
        }
    }
    return true;
}
