// SPDX-License-Identifier: Apache-2.0
/* similar -- the raid view: of a stream's newest comments, and of those that wait, what many wrote
 * alike, and what accounts just made wrote.
 *
 * Used by:  moderation_reads.c.
 * Thread:   a reader's; inside a read transaction of its connection.
 * Bound:    the newest SIMILAR_COMMENTS_MAX comments and as many that wait, each held against some
 *           hundreds of others (rules/flocks.h); SIMILAR_GROUPS_MAX groups, of each so many
 *           comments as are asked for.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"

#include <stdint.h>

enum { SIMILAR_COMMENTS_MAX = 4000, SIMILAR_GROUPS_MAX = 50, SIMILAR_LEAST = 3 };

struct similar_question {
    int64_t stream; // id
    struct str name;
    int64_t now_s;     // unix: a day before it is when an account is new
    uint32_t limit;    // comments shown of a group
    uint64_t name_key; // secret: users and texts are found by
};
/* "groups":[{"why":"text|new_accounts","count":n,"waiting":n,"seqs":[..],"ids":[..],"users":[..],
 * "comments":[..]}], the largest first; `ids` of all, `seqs` of those with a place; `ids` and
 * `users` of those on screens first. */
MUST_USE enum err similar_write(struct store *store, const struct similar_question *question,
                                struct buf *out);
