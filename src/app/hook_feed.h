// SPDX-License-Identifier: Apache-2.0
/* hook_feed -- tells hooks.after_url of each event after it is published, and applies what it
 * answers as an act.
 *
 *      place ─▶ the next event of all streams ─▶ POST, signed ─▶ 2xx ─▶ place moves on
 *                                                   ▲      └─▶ {"do":"delete",...}: an act
 *                                                   └── again, later and later, same webhook-id,
 *                                                       as it is then: without the text of what
 *                                                       was removed
 *
 *      {"type":"comment.published","timestamp":"...","data":{the event}}    other kinds likewise
 *
 * At least once; begun in the order of events, FEED_WINDOW of them under way at a time: they may
 * arrive in another. The place up to which all was delivered is kept in the data folder; a new log
 * begins at its newest.
 * What was not taken for hooks.after_kept_h is given up, counted and logged. What was taken with an
 * answer that means nothing (hook_answer.h) was taken: it is counted apart, logged, not told again.
 *
 * Owns:     a thread, from the first hook_feed_set() with a URL on, and its mailbox.
 * Used by:  node.c.
 * Thread:   main's, but for the thread's own.
 * Bound:    FEED_WINDOW events in memory, one call of the port each.
 */
#pragma once

#include "base/err.h"
#include "hub/port.h"
#include "net/outcalls.h"
#include "net/webhook.h"

#include <stdint.h>

enum { FEED_WINDOW = 16, FEED_WAIT_MS_MIN = 250, FEED_WAIT_MS_MAX = 5 * 60 * 1000 };

struct hook_feed;

struct hook_feed_options {
    struct port *port;         // outlives it
    struct outcalls *outcalls; // started before a URL is set; outlives it
    const char *folder;        // where the place is kept; copied
};

struct hook_feed_settings {
    struct str url; // empty: nobody is told; copied
    struct webhook_key key;
    uint32_t wait_ms;
    int64_t kept_ms;
};

MUST_USE enum err hook_feed_new(const struct hook_feed_options *options,
                                struct hook_feed **ret_feed);
/* From here on that is so; what is under way ends as it began. ERR_NOMEM; ERR_SYS. */
MUST_USE enum err hook_feed_set(struct hook_feed *feed, const struct hook_feed_settings *settings);
/* When it returns nothing more is sent. Then outcalls_stop(), which brings home what is under way.
 */
void hook_feed_stop(struct hook_feed *feed); // NULL is legal
void hook_feed_free(struct hook_feed *feed); // after both; waits for its thread. NULL is legal
