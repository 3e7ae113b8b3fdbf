// SPDX-License-Identifier: Apache-2.0
/* hub -- the heart of one reactor: its streams, their rings and viewers.
 *
 * Owns:     streams, channels, rings, tails and presence of this reactor.
 * Used by:  serve/ (viewers), api/ (presence, counts), app/ (makes one per reactor).
 * Thread:   its reactor's. Hubs of other reactors are reached by letters only.
 * Promise:  no socket, no clock, no protocol: time comes with hub_turn(), bytes leave by
 *           viewer_ops.write().
 */
#pragma once

#include "base/call.h"
#include "base/err.h"
#include "base/metric.h"
#include "base/rand.h"
#include "base/str.h"
#include "hub/port.h"
#include "hub/viewer.h"

#include <stdint.h>

struct hub_options {
    struct port *port; // outlives the hub
    struct home *home; // this reactor's
    uint64_t seed;
    uint32_t resume_max; // events behind that are still sent inline
    uint32_t merge_ms, merge_max_ms;
    uint32_t presence_ttl_ms, presence_beat_ms;
    uint64_t ring_bytes_max; // of one channel
};

MUST_USE enum err hub_new(const struct hub_options *options, struct hub **ret_hub);
/* All viewers have left. Streams still open are unwatched; `closed` runs on home when nothing is
 * under way any more. */
void hub_close(struct hub *hub, void (*closed)(void *user), void *user);
void hub_free(struct hub *hub);

/* The other reactors' hubs, this one included, in the same order everywhere; once, before any
 * viewer. Borrowed. */
void hub_meet(struct hub *hub, struct hub *const *hubs, size_t count);

/* The end of a loop turn: flushes what is due, sends presence, frees what is idle. Returns the
 * mono_ms at which it wants to be called again at the latest; INT64_MAX: only when something
 * happens. `wall_ms` for timestamps people read. */
int64_t hub_turn(struct hub *hub, int64_t mono_ms);

/* ---- presence ---- */
enum { ROSTER_MAX = 100 };
struct presence_call {
    struct call call;
    struct str stream; // the caller's, frozen while away
    uint64_t identity; // 0: only ask; else a beat of it (a heartbeat, a poll)
    bool hidden;
    struct str name; // of the beating one, for the roster; empty: none
    /* -- the answer -- */
    uint32_t viewers, watching, hidden_count;
    uint32_t next_ms; // when to beat again
    uint32_t roster_count;
    struct str *roster; // [roster_count] owned by the asker: presence_call_done()
};
void hub_presence(struct hub *hub, struct presence_call *call);
void presence_call_done(struct presence_call *call);

/* ---- one stream's figures, all reactors summed ---- */
struct figures_call {
    struct call call;
    struct str stream;
    /* -- the answer -- */
    bool known; // some reactor has it awake
    uint32_t viewers, viewers_sse, viewers_ws, viewers_poll, viewers_slow;
    uint64_t events, deliveries, gaps, shed, resumes, joins, ring_bytes;
    uint64_t visible_p50_ms, visible_p95_ms, visible_p99_ms; // publish to written
    double rate_in, rate_out;     // events and deliveries a second, last 10 s
    uint64_t on_time, on_time_of; // viewers written within 500 ms, of all written
};
void hub_figures(struct hub *hub, struct figures_call *call);

/* The busiest streams by deliveries of the last 10 s, all reactors; for /metrics. */
enum { BUSIEST_MAX = 20 };
struct busiest_call {
    struct call call;
    struct {
        char name[STREAM_NAME_LEN_MAX + 1];
        uint32_t viewers;
        double rate_in, rate_out;
        uint64_t deliveries;
    } streams[BUSIEST_MAX];
    uint32_t count;
};
void hub_busiest(struct hub *hub, struct busiest_call *call);
