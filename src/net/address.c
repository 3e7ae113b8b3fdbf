// SPDX-License-Identifier: Apache-2.0
#include "net/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

enum err address_parse_ip(struct str text, struct address *ret_address)
{
    char ip[INET6_ADDRSTRLEN];
    struct address address = {.port = 0};
    if (text.len == 0 || text.len >= sizeof(ip) || memchr(text.at, '\0', text.len) != NULL) {
        return ERR_PROTO;
    }
    memcpy(ip, text.at, text.len);
    ip[text.len] = '\0';
    memcpy(address.bytes, v4_prefix, sizeof(v4_prefix));
    if (inet_pton(AF_INET, ip, address.bytes + 12) != 1 &&
        inet_pton(AF_INET6, ip, address.bytes) != 1) {
        return ERR_PROTO;
    }
    *ret_address = address;
    return ERR_OK;
}

/* Parts "ip:port" and "[ip]:port"; the last colon is the port's. */
static bool split(struct str text, struct str *ip, struct str *port)
{
    const char *colon = text.len == 0 ? NULL : memrchr(text.at, ':', text.len);
    if (colon == NULL) {
        return false;
    }
    *ip = (struct str){.at = text.at, .len = (size_t)(colon - text.at)};
    *port = (struct str){.at = colon + 1, .len = text.len - ip->len - 1};
    if (ip->len >= 2 && ip->at[0] == '[' && ip->at[ip->len - 1] == ']') {
        *ip = (struct str){.at = ip->at + 1, .len = ip->len - 2};
        return true;
    }
    return memchr(ip->at, ':', ip->len) == NULL; // IPv6 without brackets has no certain port
}

enum err address_parse(struct str text, struct address *ret_address)
{
    struct str ip, port;
    uint64_t number = 0;
    struct address address;
    if (!split(text, &ip, &port) || !str_to_u64(port, UINT16_MAX, &number)) {
        return ERR_PROTO;
    }
    TRY(address_parse_ip(ip.len == 0 ? STR("0.0.0.0") : ip, &address));
    address.port = (uint16_t)number;
    *ret_address = address;
    return ERR_OK;
}

bool address_is_v4(const struct address *address)
{
    return memcmp(address->bytes, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool address_is_loopback(const struct address *address)
{
    static const uint8_t v6_loopback[16] = {[15] = 1};

    return address_is_v4(address) ? address->bytes[12] == 127
                                  : memcmp(address->bytes, v6_loopback, sizeof(v6_loopback)) == 0;
}

struct block { // the first `bits` bits are these
    uint8_t bytes[16];
    uint8_t bits;
};

static bool lies_in(const uint8_t *bytes, const struct block *block)
{
    const size_t whole = block->bits / 8;
    const unsigned rest = block->bits % 8;
    if (memcmp(bytes, block->bytes, whole) != 0) {
        return false;
    }
    return rest == 0 || ((bytes[whole] ^ block->bytes[whole]) >> (8 - rest)) == 0;
}

static bool is_public_v4(const uint8_t *bytes)
{
    static const struct block special[] = {
        {{0}, 8},
        {{10}, 8},
        {{100, 64}, 10},
        {{127}, 8},
        {{169, 254}, 16},
        {{172, 16}, 12},
        {{192, 0, 0}, 24},
        {{192, 0, 2}, 24},
        {{192, 88, 99}, 24},
        {{192, 168}, 16},
        {{198, 18}, 15},
        {{198, 51, 100}, 24},
        {{203, 0, 113}, 24},
        {{224}, 4},
        {{240}, 4},
    };
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        if (lies_in(bytes, &special[i])) {
            return false;
        }
    }
    return true;
}

bool address_is_public(const struct address *address)
{
    static const struct block global = {{0x20}, 3}; // 2000::/3, all there is of it so far
    static const struct block nat64 = {{0, 0x64, 0xff, 0x9b}, 96};
    static const struct block six_to_four = {{0x20, 0x02}, 16};
    static const struct block special[] = {
        {{0x20, 0x01, 0}, 23}, // protocol assignments, Teredo among them
        {{0x20, 0x01, 0x0d, 0xb8}, 32},
        {{0x3f, 0xff, 0x00}, 20},
    };
    const uint8_t *bytes = address->bytes;
    if (address_is_v4(address)) {
        return is_public_v4(bytes + 12);
    }
    if (lies_in(bytes, &nat64)) {
        return is_public_v4(bytes + 12);
    }
    if (lies_in(bytes, &six_to_four)) {
        return is_public_v4(bytes + 2);
    }
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        if (lies_in(bytes, &special[i])) {
            return false;
        }
    }
    return lies_in(bytes, &global);
}

static void write_ip(const struct address *address, char text[INET6_ADDRSTRLEN])
{
    const bool is_v4 = address_is_v4(address);
    (void)inet_ntop(is_v4 ? AF_INET : AF_INET6, address->bytes + (is_v4 ? 12 : 0), text,
                    INET6_ADDRSTRLEN); // fits by definition
}

struct str address_write(const struct address *address, char text[ADDRESS_TEXT_MAX])
{
    char ip[INET6_ADDRSTRLEN];
    write_ip(address, ip);
    snprintf(text, ADDRESS_TEXT_MAX, address_is_v4(address) ? "%s:%u" : "[%s]:%u", ip,
             address->port);
    return str_of(text);
}

struct str address_key(const struct address *address, char text[ADDRESS_TEXT_MAX])
{
    char ip[INET6_ADDRSTRLEN];
    struct address block = *address;
    const bool is_v4 = address_is_v4(address);
    if (!is_v4) {
        memset(block.bytes + 8, 0, 8);
    }
    write_ip(&block, ip);
    snprintf(text, ADDRESS_TEXT_MAX, "%s%s", ip, is_v4 ? "" : "/64");
    return str_of(text);
}
