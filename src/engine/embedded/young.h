// SPDX-License-Identifier: Apache-2.0
/* young -- accounts that were just made when they posted: `young`, for the raid view.
 *
 * Thread:   its connection's; inside a transaction.
 * Bound:    those that are forgotten YOUNG_KEPT_S after they were made.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "engine/embedded/store.h"

#include <stdbool.h>
#include <stdint.h>

enum { YOUNG_S = 24 * 3600, YOUNG_KEPT_S = 7 * 24 * 3600 };

/* An account posts that was made at `since_s` (unix; 0: nobody knows). */
MUST_USE enum err young_note(struct store *store, struct str user, int64_t since_s, int64_t now_s);
/* When it was made; ERR_NOT_FOUND: it was not young. */
MUST_USE enum err young_find(struct store *store, struct str user, int64_t *ret_since_s);
MUST_USE enum err young_forget(struct store *store, int64_t now_s);
