// SPDX-License-Identifier: Apache-2.0
/* queue -- the truth of what waits for moderators: which comments came into the queue, by the rows
 * of `held` as they are committed, and what acts make of them by our own words. After each act it is
 * held against what waits on the disk.
 *
 *      waits ──approve, or a clock──▶ has a place: from there on the log's matter
 *       │ ▲
 *       ▼ │ the last act that rejects it is undone
 *      rejected, by each purge, clear, delete or reject in force that found it there
 *
 * An act on many is gone on with by pieces: what it has not certainly reached may be either. What
 * was on screens before it was held waits while holds alone keep it off: deeds.h knows.
 *
 * Used by:  ledger.c, deeds.c, deed.c, poster.c, moderator.c, queue_walk.c.
 */
#pragma once

#include "world.h"

struct comment_id;

enum queue_state { QUEUE_WAITS, QUEUE_MAYBE, QUEUE_REJECTED };

void queue_begin(struct world *world);
void queue_end(struct world *world);
/* What came into it since it looked last; the world's audit connection is in a transaction. */
void queue_look(struct world *world);
void queue_close(struct world *world); // before that connection is
void queue_reset(struct world *world); // a crash may have taken what came last: all is told again
/* What waits on the disk is what acts have left: P1, P6. It is known from here on. */
void queue_check(struct world *world);

/* The comment that a number names, in the queue or once there. NULL: it never was. */
struct queued *queue_find(const struct world *world, uint64_t n);
/* The same by its row of the log, which its id does not name. NULL: it never waited. */
const struct queued *queue_of(const struct world *world, uint8_t stream, const struct entry *entry);
enum queue_state queue_state(const struct world *world, const struct queued *queued);
/* Its place by row `n` of the log; 0: it had none. */
uint64_t queue_place(const struct world *world, const struct queued *queued, uint64_t n);
/* It waited on the disk before what is looked at now; by its number, or its place. */
bool queue_waited(const struct world *world, uint8_t stream, uint64_t n, uint64_t seq);

/* Once its text is erased it does not come back, and is told to nobody. */
bool queue_may_be_erased(const struct world *world, int64_t at_ms);

/* ---- acts, as their transactions are seen ---- */
void queue_sweep(struct world *world, const struct deed *deed, const struct deed_step *step);
void queue_reject(struct queued *queued, const struct deed *deed, bool is_sure);
void queue_approve(struct world *world, struct queued *queued, const struct deed *deed);
/* Nobody asked for that approval: time alone did. */
void queue_approves_itself(struct world *world, const struct deed *deed);

/* ---- for who moderates ---- */
/* One that waits, and the clock runs. NULL: there is none. */
const struct queued *queue_clocked(const struct world *world);
/* An act in force that rejects something; 0: there is none. */
uint64_t queue_rejecter(struct world *world);
