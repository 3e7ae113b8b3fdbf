// SPDX-License-Identifier: Apache-2.0
/* signals -- the JSON of what the hub says beside the log: hello, gap, digest, mark, resync,
 * presence.
 * protocol.md sections 5 and 7.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"
#include "hub/lane.h"
#include "hub/port.h"
#include "wire/epoch.h"

#include <stdbool.h>
#include <stdint.h>

struct signals_hello {
    struct str stream;
    enum lane lane;
    struct epoch epoch;
    uint64_t seq; // just before the first event that follows
    bool resumed;
    enum stream_state state;
    uint64_t latest;
    uint32_t viewers;
    struct str slow, modes; // JSON as it stands; empty: none
    struct str pins[PINS_MAX];
    uint32_t heartbeat_ms;
};
void signals_hello(struct buf *out, const struct signals_hello *hello);

/* Of the events in from..to: carried + shed + removed. */
struct signals_gap {
    struct str stream;
    uint64_t from, to;
    bool is_counted; // else nobody knows any more
    uint64_t carried, shed, removed;
    const char *why;
    bool has_history;   // name the pages that hold exactly from..to
    struct epoch epoch; // of the pages' bounds
};
void signals_gap(struct buf *out, const struct signals_gap *gap);

/* What a sparse lane says of a span: that it is not sent, or all that is; where a reader stands. */
void signals_lane_gap(struct buf *out, struct str stream, const struct lane_span *span);
void signals_digest(struct buf *out, struct str stream, const struct lane_span *span);
void signals_mark(struct buf *out, struct str stream, uint64_t seq);

void signals_resync(struct buf *out, struct str stream, const struct epoch *epoch, uint64_t seq,
                    const char *why);
void signals_presence(struct buf *out, struct str stream, uint32_t viewers, uint32_t hidden);
