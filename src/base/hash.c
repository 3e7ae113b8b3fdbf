// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <xxhash.h>

uint64_t hash_bytes(uint64_t key, const void *bytes, size_t len)
{
    return XXH3_64bits_withSeed(bytes, len, key);
}

uint64_t hash_str(uint64_t key, struct str text)
{
    return hash_bytes(key, text.at, text.len);
}

uint64_t hash_parts(uint64_t key, const struct str *parts, size_t count)
{
    uint64_t hash = key;
    for (size_t i = 0; i < count; i++) {
        hash = hash_str(hash ^ (parts[i].len * 0x9e3779b97f4a7c15U), parts[i]);
    }
    return hash;
}
