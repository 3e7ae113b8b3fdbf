// SPDX-License-Identifier: Apache-2.0
/* pool -- things of one size that exist by the ten thousand: side by side in slabs, without the
 * allocator's header and rounding, and without what comes and goes between them.
 *
 *   slab   [ head │ item │ item │ free ──▶ free │ item │ ... ]   POOL_SLAB_BYTES, aligned to that
 *
 * Owns:     its slabs.
 * Used by:  serve/, for what every viewer has.
 * Thread:   its owner's.
 * Bound:    none of its own; every holder names its maximum.
 * Promise:  an item costs at most an eighth more than its size once there are a hundred; an empty
 *           slab is given back at once, and new items go where others are.
 */
#pragma once

#include "base/list.h"
#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>

enum { POOL_SLAB_BYTES = 32 * 1024, POOL_ITEM_BYTES_MAX = 1024 };

/* Zeroed and pool_init(). No pool_done(): without items it holds nothing. */
struct pool {
    struct link roomy; // slabs that have room
    uint32_t item_bytes;
    uint32_t count; // items there are
    enum mem_kind kind;
};

/* item_bytes <= POOL_ITEM_BYTES_MAX. */
void pool_init(struct pool *pool, enum mem_kind kind, size_t item_bytes);
/* Zeroed; NULL: no memory. */
MUST_USE void *pool_new(struct pool *pool);
void pool_free(struct pool *pool, void *item); // NULL is legal
