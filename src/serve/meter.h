// SPDX-License-Identifier: Apache-2.0
/* meter -- what one server counts: connections, requests, refusals, goodbyes, bytes.
 *
 * Owns:     its metrics; they are in the registry from meter_init() to meter_done().
 * Thread:   its reactor's.
 */
#pragma once

#include "base/metric.h"
#include "wire/problem.h"

#include <stdint.h>

enum meter_id {
    METER_ACCEPTED,
    METER_UNHELD,
    METER_CONNS_HTTP, // gauges: a connection is one of these
    METER_CONNS_SSE,
    METER_CONNS_WS,
    METER_VIEWERS_SSE, // gauges: streams read
    METER_VIEWERS_WS,
    METER_VIEWERS_POLL,
    METER_ANSWERS_1XX, // in the order of the class
    METER_ANSWERS_2XX,
    METER_ANSWERS_3XX,
    METER_ANSWERS_4XX,
    METER_ANSWERS_5XX,
    METER_GOAWAY_DRAIN, // in the order of enum goaway_reason
    METER_GOAWAY_EXPIRED,
    METER_GOAWAY_SLOW,
    METER_GOAWAY_REPLACED,
    METER_SENT_BYTES,
    METER_LINES,
    METER_PINGS,
    METER_VISITS, // a histogram
    METER_WS_BAD_MESSAGES,
    METER_WS_CLOSED_1002, // for what they sent
    METER_WS_CLOSED_1003,
    METER_WS_CLOSED_1007,
    METER_WS_CLOSED_1008,
    METER_WS_CLOSED_1009,
    METER_IDS,
};

struct meter_refused {
    struct metric metric; // listed once it counts
    char labels[48];
};

struct meter {
    struct metric metrics[METER_IDS];
    struct histogram visits;                     // of METER_VISITS
    struct meter_refused refused[PROBLEM_CODES]; // what serve/ refused by itself, by code
};

void meter_init(struct meter *meter);
void meter_done(struct meter *meter); // zeroed is legal

static inline void meter_count(struct meter *meter, enum meter_id id, int64_t more)
{
    metric_count(&meter->metrics[id], more);
}

void meter_answer(struct meter *meter, int status);
/* A WebSocket that we close for what it sent. */
void meter_ws_closed(struct meter *meter, uint16_t code);
void meter_refusal(struct meter *meter, enum problem_code code);
