// SPDX-License-Identifier: Apache-2.0
/* fuzz -- what every fuzz target has: the entry libFuzzer calls, and a place to build bytes.
 *
 * Promise: a target asserts what holds for all input, by must(); libFuzzer and the sanitizers see
 *          the rest.
 */
#pragma once

#include "base/buf.h"
#include "base/must.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static inline struct str fuzz_str(const uint8_t *bytes, size_t len)
{
    return (struct str){.at = (const char *)bytes, .len = len};
}

static inline struct buf fuzz_buf(void)
{
    struct buf buf;
    buf_init(&buf, MEM_OTHER, SIZE_MAX);
    return buf;
}
