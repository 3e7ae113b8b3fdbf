// SPDX-License-Identifier: Apache-2.0
/* event_source -- server-sent events in (HTML Living Standard 9.2.6), as they come.
 *
 * Owns:    the line and the data it has so far, and the last event's id.
 * Thread:  its owner's.
 * Bound:   EVENT_SOURCE_BYTES_MAX a line or an event.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { EVENT_SOURCE_BYTES_MAX = 1024 * 1024, EVENT_SOURCE_ID_MAX = 64 };

struct event_source {
    struct buf line, data;
    char id[EVENT_SOURCE_ID_MAX]; // of the last event that had one; empty: none yet
    uint32_t retry_ms;            // as the server said last; 0: not yet
    bool after_cr;                // an LF now belongs to the line before
    bool has_data;
};

void event_source_init(struct event_source *source);
void event_source_done(struct event_source *source);
/* Another connection: what was half there is forgotten; id and retry stay. */
void event_source_restart(struct event_source *source);
/* Each whole event's data goes to `event`, borrowed. ERR_LIMIT: too long; ERR_NOMEM is one, too. */
MUST_USE enum err event_source_feed(struct event_source *source, struct str bytes,
                                    void (*event)(void *user, struct str data), void *user);
