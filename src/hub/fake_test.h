// SPDX-License-Identifier: Apache-2.0
/* fake_test -- an engine and homes for the tests of the hub, stepped by hand under a seed.
 *
 * The engine answers watch, unwatch and sync in order and events with them; reads and counts late
 * and in any order. Letters lie in their home until they are opened. Readers are in
 * fake_reader_test.h.
 */
#pragma once

#include "base/rand.h"
#include "hub/hub.h"
#include "hub/prover_test.h"

enum {
    FAKE_EVENTS_MAX = 4096,
    FAKE_CALLS_MAX = 4096,
    FAKE_RETRACTS_MAX = 512,
    FAKE_USERS = 4,
    FAKE_KEPT_MAX = 64
};

struct fake_home {
    struct home home;
    struct letter *first, **last;
    uint64_t fenced; // the newest removal whose barrier was opened here
};
void fake_home_init(struct fake_home *home);
bool fake_home_open_one(struct fake_home *home); // false: none lies there

struct fake_engine;

/* What a reader can know of the log. */
struct fake_truth {
    struct prover_log log; // first
    const struct fake_engine *engine;
    uint64_t view; // user hash; 0: what everybody is shown
};

struct fake_engine {
    struct port port;
    struct rand rand;
    struct event *log[FAKE_EVENTS_MAX];   // of one stream, "demo"
    struct event *texts[FAKE_EVENTS_MAX]; // as they were before their removal
    uint32_t count, oldest;               // kept: [oldest, count)
    struct {
        uint64_t seq;
        struct removal removal;
    } retracts[FAKE_RETRACTS_MAX];
    uint32_t retract_count;
    uint64_t shadowed_user; // whose comments are, from now on; 0: nobody's
    uint64_t warned_user;   // who is under a warning; 0: nobody
    uint32_t warnings;      // how often it was asked for them
    struct home *homes[16]; // that ever watched
    uint32_t home_count;
    int64_t at_ms;           // of the newest
    int64_t stands_still_ms; // its clock does, until then
    uint32_t rank_count, digest_count;
    struct watch *watches[16];
    uint32_t watch_count;
    struct {
        enum { FAKE_WATCH, FAKE_UNWATCH, FAKE_SYNC, FAKE_WARNINGS } what;
        struct call *call;
    } ordered[FAKE_CALLS_MAX];
    uint32_t ordered_count;
    struct call *loose[FAKE_CALLS_MAX]; // read and count
    bool is_count[FAKE_CALLS_MAX];
    bool is_found[FAKE_CALLS_MAX]; // what it is answered stands; the log goes on meanwhile
    uint32_t loose_count;
    uint64_t reads; // reads and counts that were asked for
    bool one_act;   // what follows is all done by one
    struct {
        uint64_t act;
        struct reach_figures figures;
    } kept[FAKE_KEPT_MAX]; // of acts' reach, in turn
    uint32_t kept_count;
    enum err keeps;       // how that ends
    bool stalls;          // reads and counts wait
    bool fails;           // reads and counts are answered ERR_SYS
    enum err watch_fails; // what watch is answered; ERR_OK: it works
};
/* What takes places before log[i], of who has the view. */
struct event_own fake_engine_own(const struct fake_engine *engine, uint32_t i, uint64_t view);
void fake_engine_init(struct fake_engine *engine, uint64_t seed);
void fake_engine_done(struct fake_engine *engine);
bool fake_engine_step(struct fake_engine *engine);      // answers one call; false: none waits
void fake_engine_step_last(struct fake_engine *engine); // of watch, unwatch, sync: the newest
void fake_engine_commit(struct fake_engine *engine, enum event_kind kind, int64_t mono_ms);
void fake_engine_commit_sized(struct fake_engine *engine, enum event_kind kind, int64_t mono_ms,
                              uint32_t body_len);
/* Some comments are removed: by place, by author, or all; then a barrier to every home. */
void fake_engine_retract(struct fake_engine *engine, int64_t mono_ms);
void fake_engine_remove(struct fake_engine *engine, const struct removal *removal, int64_t mono_ms);
/* All that these users wrote up to now, by a retract each. */
void fake_engine_purge(struct fake_engine *engine, const struct str *users, uint32_t count,
                       int64_t mono_ms);
void fake_engine_retract_seq(struct fake_engine *engine, uint64_t seq, int64_t mono_ms);
/* The newest that was removed is shown again; false: there is none. */
bool fake_engine_restore(struct fake_engine *engine, int64_t mono_ms);
/* A notice "held" to that user, and to moderators if asked; to every home. Or "unwarned", of this
 * stream or of all. */
struct fake_notice {
    uint64_t user;
    bool to_moderators, is_routine, ends_warning, is_of_all;
    uint64_t hidden_from; // a moderator; 0: none
};
void fake_engine_notice(struct fake_engine *engine, const struct fake_notice *told);
/* A comment is pinned, or the stream's settings change. */
void fake_engine_pin(struct fake_engine *engine, uint64_t seq, int64_t mono_ms);
void fake_engine_set(struct fake_engine *engine, const char *settings, int64_t mono_ms);
void fake_engine_lose_watch(struct fake_engine *engine); // one is told that it is behind
void fake_engine_expire(struct fake_engine *engine, uint32_t count);
uint32_t fake_engine_index(const struct fake_engine *engine, uint64_t seq); // of one that is there
/* What who reads with this view is shown before place `i`; 0: nothing. */
uint64_t fake_engine_prev(const struct fake_engine *engine, uint32_t i, uint64_t view);
bool fake_event_is_shown(const struct event *event, uint64_t view);
uint64_t fake_engine_head(const struct fake_engine *engine); // that everybody is shown
uint64_t fake_engine_head_of(const struct fake_engine *engine, uint64_t view);
enum { FAKE_READABLE_PER_S = 3, FAKE_WALL_MS = 500000000 }; // at = mono + that
