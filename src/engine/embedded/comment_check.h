// SPDX-License-Identifier: Apache-2.0
/* comment_check -- whether what a store keeps of comments beside the log is whole and agrees with
 * it: evidence, the queue, what is removed.
 *
 * Used by:  store_check.c.
 * Thread:   its connection's; inside a transaction.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_rows.h"

#include <stdbool.h>

struct comment_check {
    void (*on_damage)(struct comment_check *check, const char *text);
};

/* Names each damage. An error: it could not be gone through to the end. */
MUST_USE enum err comment_check_all(struct comment_check *check, struct store *store);
/* Whether the row follows on the one before that everybody sees. */
MUST_USE enum err comment_check_follows(struct store *store, const struct store_row *row,
                                        bool *ret_follows);
