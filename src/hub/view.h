// SPDX-License-Identifier: Apache-2.0
/* view -- what a reader is shown of a stream: what everybody is, or, of those whose comments are
 * shadowed, their own in between.
 *
 *   log          10   11(u9, shadowed)   12        stream->newest 12, stream->heard 12
 *   everybody    10                      12 prev 10
 *   u9           10   11 prev 10         12 prev 11
 *
 * Most who are authenticated read with everybody. From the first shadowed comment of theirs that
 * this hub holds on they read apart: never LIVE, each from the tail and what is shadowed, by pages
 * of its own (catchup.c), at the stream's pace. Nothing they are sent says so.
 *
 * Nor does a sparse lane. `readable` carries the first so many of each second and `digest` the
 * first of each window; what is shadowed takes no place in these, or who is could silence others.
 * Its author would be shown more than that of a second, or others beside all of theirs. So to them
 * it takes its place: each comment's rank and digest place is among those of the second and window
 * that they are shown, as it would be if everybody were shown theirs. What comes behind the last
 * place is not carried, and counted in gaps and digests as that.
 *
 *      second of u9   a   b(u9, shadowed)   c        rate 2
 *      rank           0   1                 1 + 1    as u9 sees it: c is not carried
 *      everybody's    0   1                 1        carried
 *
 * What a hub holds begins somewhere, often amid a second. Of who reads a sparse lane there it
 * cannot say whether something of theirs stands before, though it never heard of any: it reads
 * deeper, and where memory has no room for that the store says where each comment stands, up to
 * where they are LIVE: the rest of such a window they are told as everybody is.
 *
 * Used by:  apart.c, stream.c, catchup.c, join.c, sift.c, skip.c, sparse.c, figures.c.
 * Thread:   the hub's reactor.
 * Bound:    stream->shadowed holds as many as acts are held; VIEW_AUTHORS_MAX authors of a stream,
 *           the first of whom is forgotten for one more.
 */
#pragma once

#include "hub/pursuit.h"

enum { VIEW_AUTHORS_MAX = 4096 };

/* A shadowed comment. ERR_NOMEM: it was not taken. */
MUST_USE enum err view_note(struct stream *stream, struct event *event);
/* Of a read by READ_VIEW_ALL: what everybody is shown stays, in its order, with its new count; the
 * rest goes into stream->shadowed, in front of what is there. */
void view_split_older(struct stream *stream, struct read *read);
void view_done(struct stream *stream); // what is held of all that

/* What was counted of theirs; NULL: nothing of theirs is shadowed here. Until the next is noted. */
const struct shadow_author *view_author(const struct stream *stream, uint64_t user);
/* So many read here who are not this user. */
uint32_t view_others(const struct stream *stream, uint64_t user);
/* Something of theirs is shadowed here. */
bool view_is_apart(const struct stream *stream, uint64_t user);
/* The newest event that this user is shown. */
uint64_t view_newest(const struct stream *stream, uint64_t user);
/* What memory holds behind `seq` is all that this user is shown, and what of theirs is the prev of
 * the first of it. */
bool view_covers(const struct stream *stream, uint64_t user, uint64_t seq);
/* The same of who is apart, oldest first and with prev and, in a sparse lane, places as they see
 * it, as if it had been read from the store: up to `upto`, of what memory covers. ERR_NOMEM. */
MUST_USE enum err view_read(struct catchup *catchup, uint64_t upto);

/* What stands before the event where this user reads. */
uint64_t view_prev(const struct stream *stream, uint64_t user, const struct event *event);
/* Memory knows what of theirs stands before those behind `seq`, back to where the second and window
 * of the first of them begin: so where in these they stand as this user sees them. */
bool view_knows_places(const struct stream *stream, uint64_t user, uint64_t seq);
/* Memory holds what follows where it stands; in a sparse lane, with where that stands in its second
 * and window: in that, what this hub never heard of may be theirs, though nothing else here is. */
bool view_is_at_hand(const struct catchup *catchup);
/* What of theirs does, of one event after the other that they are shown. */
struct view_count {
    int64_t second, window;
    struct event_own own; // in these
};
/* `event` is taken next. */
void view_count_begin(struct view_count *count, const struct stream *stream, uint64_t user,
                      const struct event *event);
/* Before this event; the next one comes behind it. */
struct event_own view_count_take(struct view_count *count, const struct event *event);
/* One by one what memory holds of what this user is shown: it stands between two of them, behind
 * `seq` at first. Until the next event is taken. */
struct view_walk {
    const struct stream *stream;
    uint64_t user;
    uint32_t shown, own; // of each tail, before it
};
void view_walk_begin(struct view_walk *walk, const struct stream *stream, uint64_t user,
                     uint64_t seq);
struct event *view_walk_back(struct view_walk *walk); // NULL: there is no more
struct event *view_walk_on(struct view_walk *walk);
/* tail_find_start() of what this user is shown. */
bool view_find_start(const struct stream *stream, uint64_t user, uint32_t comments,
                     struct lane_rule rule, uint64_t *ret_seq);

/* The viewer, not LIVE, reads as `user` from now on, where it stands. */
void view_enter(struct catchup *catchup, uint64_t user);
