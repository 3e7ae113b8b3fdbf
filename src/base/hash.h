// SPDX-License-Identifier: Apache-2.0
/* hash -- keyed 64-bit hashes of bytes (XXH3 with a secret seed). For tables and sampling, not
 * for proof against an adversary who knows the key. */
#pragma once

#include "base/str.h"

#include <stdint.h>

uint64_t hash_bytes(uint64_t key, const void *bytes, size_t len);
uint64_t hash_str(uint64_t key, struct str text);
/* Of several parts, unambiguously: ("ab","c") and ("a","bc") differ. */
uint64_t hash_parts(uint64_t key, const struct str *parts, size_t count);
