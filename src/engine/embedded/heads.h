// SPDX-License-Identifier: Apache-2.0
/* heads -- what the ordering point knows of the streams that are awake: where each log ends.
 *
 * Owns:     the heads. Those nobody watches stand in a ring of the idle, least lately used first.
 * Used by:  ordering.c, writer.c.
 * Thread:   the ordering thread's.
 * Bound:    HEADS_IDLE_MAX idle heads; more are forgotten (the store knows them, but not whose
 * watch fell behind). A watched one stays, so watches bound the rest.
 * Promise:  heads_rollback() puts back every head that was touched since heads_settle(), exactly.
 */
#pragma once

#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "base/str.h"
#include "engine/embedded/bus.h"
#include "engine/embedded/house.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_streams.h"

#include <stdbool.h>
#include <stdint.h>

enum { HEADS_IDLE_MAX = 32768 };

struct head {
    struct map_node node; // in heads->by_name
    struct link idle;     // in heads->idle while nobody watches it
    struct link touched;  // in heads->touched
    struct bus_subs subs; // who watches it
    /* -- what is so, or will be when the batch under way is committed -- */
    struct store_stream row; // id 0: the store has none yet; row.rules is ours: heads_set_rules()
    struct store_end end;
    /* -- what was so before the batch -- */
    struct store_stream row_before;
    struct store_end end_before;
    struct house *house; // owned; NULL: nobody posted, or nothing is set for it
    bool is_stale;       // the store was reopened: read it again before use
    char name[];
};

struct heads {
    struct map by_name;
    struct link idle;
    struct link touched;
    uint64_t idle_count;
};

void heads_init(struct heads *heads, uint64_t seed);
void heads_done(struct heads *heads); // all watches are gone

/* Finds or loads; a stream the store does not know has row.id 0. Inside a transaction of `store`;
 * the head stays until heads_trim() or, while watched, until it is not. ERR_NOMEM; ERR_SYS;
 * ERR_GONE: the end of its log is damaged, `ret_row_n` names the row. */
MUST_USE enum err heads_find(struct heads *heads, struct store *store, struct str name,
                             struct head **ret_head, uint64_t *ret_row_n);
/* The one in memory; NULL: none. */
struct head *heads_peek(const struct heads *heads, struct str name);

/* A copy of `rules` takes the place of what it has; it was touched. ERR_NOMEM. */
MUST_USE enum err heads_set_rules(struct head *head, struct str rules);
void heads_touch(struct heads *heads, struct head *head); // before it is changed in a batch
void heads_settle(struct heads *heads);                   // the batch is committed
void heads_rollback(struct heads *heads);                 // it is not

/* It got its first watch, or lost its last. */
void heads_watched(struct heads *heads, struct head *head);
void heads_idle(struct heads *heads, struct head *head);
void heads_trim(struct heads *heads);  // between batches: forgets what is over the bound
void heads_stale(struct heads *heads); // all of them: the store was reopened
