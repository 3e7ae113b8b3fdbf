// SPDX-License-Identifier: Apache-2.0
/* lookup -- one question of a moderator to the engine, for an exchange: asked, answered as JSON.
 *
 * Used by:  moderation_look.c, appeals_api.c, reach_api.c.
 * Thread:   the reactor's.
 * Promise:  an engine that is silent is not waited for: 503 by then.
 */
#pragma once

#include "api/ask.h"
#include "api/overdue.h"
#include "base/buf.h"
#include "hub/port.h"
#include "wire/act.h"

#include <stdbool.h>
#include <stdint.h>

enum { LOOKUP_LIMIT_DEFAULT = 100, LOOKUP_LIMIT_MAX = 500 };

struct lookup {
    struct moderation_call call; // first: what the port holds
    struct exchange *exchange;   // NULL: it was answered without the engine
    struct overdue_entry overdue;
    struct kept_name stream;
    char user[ACT_USER_BYTES_MAX];
    char id[ACT_ID_BYTES_MAX];
    uint64_t part;    // what the path named besides; whoever asks knows
    struct buf first; // what was found before lookup_go_on()
    void (*found)(struct lookup *lookup);
};

struct lookup_options {
    enum moderation_read what;
    struct str user; // <= ACT_USER_BYTES_MAX; empty: none
    struct str id;   // <= ACT_ID_BYTES_MAX; empty: none
    uint64_t after, before;
    uint32_t limit;
    uint64_t part;
    /* Answers the exchange and ends in lookup_free(); call.out holds what was found. NULL: it is
     * the answer as it is. */
    void (*found)(struct lookup *lookup);
};
/* Asks about the ask's stream, or all when it has none. What was not found, or cannot be read, is
 * answered here. */
void lookup_start(struct ask *ask, const struct lookup_options *options);
/* The same with `after`, a number, and `limit` of the query. */
void lookup_start_page(struct ask *ask, const struct lookup_options *options);
/* The same where `after` is the id of a comment. */
void lookup_start_page_behind(struct ask *ask, const struct lookup_options *options);
/* From `found`: asks once more, about an act; then `found` is this one. */
void lookup_go_on(struct lookup *lookup, uint64_t act, void (*found)(struct lookup *lookup));
/* The whole answer: {what was found}. */
void lookup_reply(struct lookup *lookup);
void lookup_free(struct lookup *lookup);
