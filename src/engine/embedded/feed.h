// SPDX-License-Identifier: Apache-2.0
/* feed -- the events of all streams in the order in which they were committed, one at a time, for
 * who follows everything: the hook after publishing.
 *
 * Used by:  moderation_reads.c.
 * Thread:   a reader's; inside a read transaction of its connection.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/store.h"
#include "hub/port.h"

/* MODERATION_FEED. What is damaged is passed over. ERR_NOT_FOUND: nothing is newer. */
MUST_USE enum err feed_read(struct store *store, struct moderation_call *call);
