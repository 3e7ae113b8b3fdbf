// SPDX-License-Identifier: Apache-2.0
/* snapshot -- GET /v1/streams/{stream}/snapshot: the newest comments as one cacheable document. Who
 * asks with a token gets one of their own: there is more to see for the author of what is shadowed.
 *
 * Owns:     the documents of the last second; who asks while one is being read waits for that one.
 * Thread:   the reactor's; each has its own.
 * Bound:    SNAPSHOTS_MAX documents, SNAPSHOT_BYTES_MAX together.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

enum {
    SNAPSHOT_COMMENTS = 200,
    SNAPSHOT_AGE_MS_MAX = 500, // what is removed is to be gone within a second
    SNAPSHOTS_MAX = 256,
    SNAPSHOT_BYTES_MAX = 32 * 1024 * 1024,
};

struct api;
struct ask;
struct snapshots;

MUST_USE enum err snapshot_new(struct api *api, uint64_t seed, struct snapshots **ret_snapshots);
void snapshot_free(struct snapshots *all); // none is being read; NULL is legal
void snapshot_get(struct ask *ask);
