// SPDX-License-Identifier: Apache-2.0
/* windows -- the users' rate windows after a restart, counted again from the log's newest rows.
 *
 * Thread:  the ordering thread's, before it serves.
 * Bound:   ROWS_MAX rows are looked at.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/store.h"
#include "rules/limits.h"

#include <stdint.h>

struct windows_moment {
    int64_t mono_ms, wall_ms;
};

/* Takes from `users` what was accepted within `window_ms` before now. A row from the future (the
 * wall clock went back) counts as of now. */
MUST_USE enum err windows_restore(struct store *store, struct limits *users, uint32_t window_ms,
                                  struct windows_moment now);
