// SPDX-License-Identifier: Apache-2.0
/* sanction_reads -- sanctions in force, as those who moderate are told.
 *
 * Used by:  moderation_reads.c, user_reads.c.
 * Thread:   a reader's; inside a read transaction of its connection.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"

#include <stdint.h>

struct sanction_page {
    int64_t stream;  // id; those on all streams, too; 0: those alone
    struct str user; // empty: everybody's, each with "user"
    int64_t wall_ms;
    uint32_t limit;
};
/* "sanctions":[{"act","do","at","by","kind","until","reason","all","user"}..], the newest first. */
MUST_USE enum err sanction_reads_write(struct store *store, const struct sanction_page *page,
                                       struct buf *out);
