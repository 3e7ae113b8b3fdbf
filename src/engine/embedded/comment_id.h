// SPDX-License-Identifier: Apache-2.0
/* comment_id -- a comment's public name: 26 characters that sort by time and lead back to its row.
 *
 * Shaped like a ULID (Crockford base32, 26 characters, 130 bits of which the upper two are 0):
 *
 *      127                    80 79                                             0
 *      ┌────────────────────────┬───────────────────────────────────────────────┐
 *      │ at, unix ms (48 bits)  │ scrambled: row number n (48), check (32)      │
 *      └────────────────────────┴───────────────────────────────────────────────┘
 *
 * so that no index is needed to find the row, an id cannot be guessed, and nobody can tell from two
 * ids how many comments lie between them.
 *
 * Thread:   any; pure.
 * Promise:  parse(write(n, at)) gives n and at; a text that was not written with this key is
 * refused but for one in 2^32.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum { COMMENT_ID_LEN = 26 };
#define COMMENT_ID_ROW_MAX ((UINT64_C(1) << 48) - 1)

struct comment_id {
    char text[COMMENT_ID_LEN + 1]; // NUL-terminated
};

/* `row` is 1..COMMENT_ID_ROW_MAX, at_ms 0..2^48-1; `key` is the store's. */
void comment_id_write(uint64_t key, uint64_t row, int64_t at_ms, struct comment_id *ret_id);
/* ERR_PROTO: not an id of this store. */
MUST_USE enum err comment_id_parse(uint64_t key, struct str text, uint64_t *ret_row,
                                   int64_t *ret_at_ms);
/* What an act's target names that is one comment's id, "id:01J..". ERR_NOT_FOUND: it is none. */
MUST_USE enum err comment_id_of_target(uint64_t key, struct str target, uint64_t *ret_row);
