// SPDX-License-Identifier: Apache-2.0
/* An address that was read is written so that it is read again as it was, and is counted by one
 * key; a rate that was read is within its bounds. */
#include "fuzz.h"
#include "net/address.h"
#include "rules/limit.h"

static void comes_back(const struct address *address)
{
    char text[ADDRESS_TEXT_MAX];
    char key[ADDRESS_TEXT_MAX];
    struct address again;
    must(address_parse(address_write(address, text), &again) == ERR_OK);
    must(memcmp(again.bytes, address->bytes, sizeof(again.bytes)) == 0);
    must(again.port == address->port);
    const struct str counted = address_key(address, key);
    must(counted.len > 0 && counted.len < ADDRESS_TEXT_MAX);
    must(address_is_v4(address) ==
         (counted.len < 4 ||
          !str_eq(fuzz_str((const uint8_t *)counted.at + counted.len - 3, 3), STR("/64"))));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct str input = fuzz_str(bytes, len);
    struct address address;
    struct limit limit;
    if (address_parse(input, &address) == ERR_OK) {
        comes_back(&address);
    }
    if (address_parse_ip(input, &address) == ERR_OK) {
        must(address.port == 0);
        comes_back(&address);
    }
    if (len >= sizeof(address.bytes) + sizeof(address.port)) {
        memcpy(address.bytes, bytes, sizeof(address.bytes));
        memcpy(&address.port, bytes + sizeof(address.bytes), sizeof(address.port));
        comes_back(&address);
    }
    if (limit_parse(input, &limit) == ERR_OK) {
        must(limit.count <= LIMIT_COUNT_MAX && limit.window_ms <= LIMIT_WINDOW_MS_MAX);
        must(limit.count == 0 || limit.window_ms > 0);
    }
    return 0;
}
