// SPDX-License-Identifier: Apache-2.0
/* hook -- asks the operator's classifier about a comment before it is handed to the ordering point.
 *
 *      posting ─▶ hook_ask() ─▶ POST hooks.before_url ─▶ {"verdict":"hold","rule":"toxicity"}
 *                                        │
 *                                        └ slow, down, redirecting, talking nonsense, or too many
 *                                          asked at once: it is down, and the stream's rule `hook`,
 *                                          else hooks.before_down, says what becomes of the comment
 *
 * What is sent, signed as net/webhook.h says:
 *      {"type":"comment.check","timestamp":"2026-11-21T10:00:00.123Z","data":{"stream","text",
 *       "user":{"id","name","roles","since"},"cid","reply_to","media_ms"}}
 *
 * Used by:  posting.c.
 * Thread:   the reactor's.
 * Bound:    hooks.before_ms an answer, hooks.waiting_max under way.
 */
#pragma once

#include "api/desk.h"
#include "base/err.h"
#include "hub/port.h"

#include <stdbool.h>

enum { HOOK_RULE_BYTES_MAX = 64 };

struct hook_verdict {
    enum outcome outcome;
    char rule[HOOK_RULE_BYTES_MAX + 1]; // as the classifier names it; "hook" when it does not
    bool is_down;                       // `outcome` is hooks.before_down
};

/* Reads what the classifier answered. ERR_PROTO: no verdict. */
MUST_USE enum err hook_read(struct str answer, struct hook_verdict *ret_verdict);

/* `answered` runs on the reactor, never from inside; the submit is frozen until then.
 * ERR_NOT_FOUND: no hook is set, nothing is asked. ERR_NOMEM. */
MUST_USE enum err hook_ask(struct server *server, const struct submit *submit,
                           void (*answered)(void *user, const struct hook_verdict *verdict),
                           void *user);
