// SPDX-License-Identifier: Apache-2.0
/* fuzz -- what every fuzz target has: the entry libFuzzer calls, a place to build bytes, and ways
 * to cut them.
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

/* Longer input is cut at one place only, so that a run stays short. */
enum { FUZZ_SPLIT_BYTES_MAX = 128 };

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

/* How a network cuts bytes: one piece of `first` bytes (0: none), then pieces of `rest`. */
struct fuzz_cut {
    size_t first, rest;
};

static inline struct fuzz_cut fuzz_uncut(void)
{
    return (struct fuzz_cut){.first = 0, .rest = SIZE_MAX};
}

/* The next piece, taken off `*input`; false at the end. */
static inline bool fuzz_piece(struct fuzz_cut *cut, struct str *input, struct str *ret_piece)
{
    if (input->len == 0) {
        return false;
    }
    const size_t wanted = cut->first > 0 ? cut->first : cut->rest;
    const size_t len = wanted < input->len ? wanted : input->len;
    *ret_piece = (struct str){.at = input->at, .len = len};
    *input = (struct str){.at = input->at + len, .len = input->len - len};
    cut->first = 0;
    return true;
}

/* Asserts that `read` gives the same wherever the input is cut in two, and in pieces of
 * `piece_bytes`. `read` returns what it read as text that can be compared. */
static inline void fuzz_every_cut(struct str input, size_t piece_bytes,
                                  struct buf (*read)(struct str input, struct fuzz_cut cut))
{
    struct buf whole = read(input, fuzz_uncut());
    struct buf pieces = read(input, (struct fuzz_cut){.rest = piece_bytes});
    must(str_eq(buf_str(&whole), buf_str(&pieces)));
    buf_done(&pieces);
    for (size_t at = 1; at < input.len && input.len <= FUZZ_SPLIT_BYTES_MAX; at++) {
        struct buf halves = read(input, (struct fuzz_cut){.first = at, .rest = SIZE_MAX});
        must(str_eq(buf_str(&whole), buf_str(&halves)));
        buf_done(&halves);
    }
    buf_done(&whole);
}
