// SPDX-License-Identifier: Apache-2.0
/* watcher -- one viewer of the bench: it comes by its transport, reads, is its own witness, leaves
 * and returns by cursor.
 *
 *                 ┌─────────────────────── line ends, or watcher_leave() ──────────────────┐
 *      OUT ──▶ JOINING ── hello, first page ──▶ IN ◀──▶ STALLED (reads nothing) ────────────┤
 *       ▲                                                                                  ▼
 *       └────────────────────────────── after a moment ───────────────────────────────── OUT
 *
 * Owns:     its line.
 * Used by:  crew.c.
 * Thread:   its crew's.
 */
#pragma once

#include "bench/deletions.h"
#include "bench/line.h"
#include "bench/scene.h"
#include "bench/sse_in.h"
#include "bench/witness.h"
#include "bench/ws_in.h"
#include "loop/wheel.h"
#include "wire/inflater.h"

#include <stdbool.h>
#include <stdint.h>

enum watcher_state { WATCHER_OUT, WATCHER_JOINING, WATCHER_IN, WATCHER_STALLED };
enum { WATCHER_EPOCH_MAX = 17 };

struct watcher {
    struct line line;
    struct timer timer;  // to come back, to leave, to ask again, to read again
    struct scene *scene; // borrowed
    struct witness witness;
    struct deletions_sight sight;
    union {
        struct sse_in sse;
        struct ws_in ws;
        struct buf page;
    } in;
    struct inflater inflater;      // of who inflates; its connection's
    char epoch[WATCHER_EPOCH_MAX]; // of a peer: the newest id, where it has them
    uint8_t state;                 // enum watcher_state
    uint8_t transport;             // enum transport
    uint8_t lane;                  // enum plan_lane
    bool is_kept_out;              // by a storm
    bool stalls;
    bool reads_on; // it stalls, and for a while it does not
    bool inflates; // asks for what is compressed
    bool was_in;
    bool is_asking;  // a poll is under way
    bool is_behind;  // of a storm, not caught up
    uint64_t target; // where it will have caught up
    int64_t in_us;   // since when it is in
    uint64_t hello_seq;
};

void watcher_init(struct watcher *watcher, struct scene *scene, uint32_t number);
void watcher_done(struct watcher *watcher);
void watcher_join(struct watcher *watcher);  // OUT, and nothing is under way
void watcher_leave(struct watcher *watcher); // and stays out until watcher_return()
void watcher_return(struct watcher *watcher);
void watcher_stall(struct watcher *watcher);
void watcher_wake(struct watcher *watcher);
/* It is in and has, or was told of, all that was answered. */
bool watcher_is_settled(const struct watcher *watcher);
