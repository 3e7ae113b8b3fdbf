// SPDX-License-Identifier: Apache-2.0
#include "serve/meter.h"

#include "base/must.h"

#include <stdio.h>

static const struct metric table[METER_IDS] = {
    [METER_ACCEPTED] = {.name = "roar_accepted_total",
                        .help = "Connections accepted.",
                        .kind = METRIC_COUNTER},
    [METER_UNHELD] = {.name = "roar_accepts_unheld_total",
                      .help = "Connections closed as they came, for want of memory.",
                      .kind = METRIC_COUNTER},
#define CONNS(which)                                                                               \
    {                                                                                              \
        .name = "roar_connections", .labels = "kind=\"" which "\"",                                \
        .help = "Connections open, by what they carry.", .kind = METRIC_GAUGE                      \
    }
    [METER_CONNS_HTTP] = CONNS("http"),
    [METER_CONNS_SSE] = CONNS("sse"),
    [METER_CONNS_WS] = CONNS("ws"),
#define VIEWERS(which)                                                                             \
    {                                                                                              \
        .name = "roar_viewers", .labels = "transport=\"" which "\"",                               \
        .help = "Streams being read, by transport.", .kind = METRIC_GAUGE                          \
    }
    [METER_VIEWERS_SSE] = VIEWERS("sse"),
    [METER_VIEWERS_WS] = VIEWERS("ws"),
    [METER_VIEWERS_POLL] = VIEWERS("poll"),
#define ANSWERS(which)                                                                             \
    {                                                                                              \
        .name = "roar_answers_total", .labels = "class=\"" which "\"",                             \
        .help = "HTTP answers, by class of status.", .kind = METRIC_COUNTER                        \
    }
    [METER_ANSWERS_1XX] = ANSWERS("1xx"),
    [METER_ANSWERS_2XX] = ANSWERS("2xx"),
    [METER_ANSWERS_3XX] = ANSWERS("3xx"),
    [METER_ANSWERS_4XX] = ANSWERS("4xx"),
    [METER_ANSWERS_5XX] = ANSWERS("5xx"),
#define GOAWAY(which)                                                                              \
    {                                                                                              \
        .name = "roar_goaways_total", .labels = "reason=\"" which "\"",                            \
        .help = "Readers told to go, by reason.", .kind = METRIC_COUNTER                           \
    }
    [METER_GOAWAY_DRAIN] = GOAWAY("drain"),
    [METER_GOAWAY_EXPIRED] = GOAWAY("token_expired"),
    [METER_GOAWAY_SLOW] = GOAWAY("slow"),
    [METER_GOAWAY_REPLACED] = GOAWAY("replaced"),
    [METER_SENT_BYTES] = {.name = "roar_sent_bytes_total",
                          .help = "Bytes handed to connections.",
                          .kind = METRIC_COUNTER},
#define HEARTBEATS(which)                                                                          \
    {                                                                                              \
        .name = "roar_heartbeats_total", .labels = "kind=\"" which "\"",                           \
        .help = "What readers were sent for want of anything else.", .kind = METRIC_COUNTER        \
    }
    [METER_LINES] = HEARTBEATS("line"),
    [METER_PINGS] = HEARTBEATS("ping"),
    [METER_VISITS] = {.name = "roar_visits",
                      .help = "Readers looked at in one slice of 50 ms.",
                      .kind = METRIC_HISTOGRAM},
    [METER_WS_BAD_MESSAGES] = {.name = "roar_ws_bad_messages_total",
                               .help = "WebSocket messages that broke the contract.",
                               .kind = METRIC_COUNTER},
#define WS_CLOSED(which)                                                                           \
    {                                                                                              \
        .name = "roar_ws_closed_total", .labels = "code=\"" which "\"",                            \
        .help = "WebSockets closed for what they sent, by code.", .kind = METRIC_COUNTER           \
    }
    [METER_WS_CLOSED_1002] = WS_CLOSED("1002"),
    [METER_WS_CLOSED_1003] = WS_CLOSED("1003"),
    [METER_WS_CLOSED_1007] = WS_CLOSED("1007"),
    [METER_WS_CLOSED_1008] = WS_CLOSED("1008"),
    [METER_WS_CLOSED_1009] = WS_CLOSED("1009"),
};

void meter_init(struct meter *meter)
{
    *meter = (struct meter){0};
    for (size_t i = 0; i < METER_IDS; i++) {
        meter->metrics[i] = table[i];
        if (table[i].kind == METRIC_HISTOGRAM) {
            meter->metrics[i].histogram = &meter->visits;
        }
        metric_add(&meter->metrics[i]);
    }
}

void meter_done(struct meter *meter)
{
    for (size_t i = 0; i < METER_IDS; i++) {
        metric_remove(&meter->metrics[i]);
    }
    for (size_t i = 0; i < PROBLEM_CODES; i++) {
        metric_remove(&meter->refused[i].metric);
    }
}

void meter_answer(struct meter *meter, int status)
{
    must(status >= 100 && status <= 599);
    meter_count(meter, (enum meter_id)(METER_ANSWERS_1XX + status / 100 - 1), 1);
}

void meter_ws_closed(struct meter *meter, uint16_t code)
{
    static const struct {
        uint16_t code;
        enum meter_id id;
    } rows[] = {
        {1002, METER_WS_CLOSED_1002}, {1003, METER_WS_CLOSED_1003}, {1007, METER_WS_CLOSED_1007},
        {1008, METER_WS_CLOSED_1008}, {1009, METER_WS_CLOSED_1009},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].code == code) {
            meter_count(meter, rows[i].id, 1);
        }
    }
}

/* Listed at its first refusal: most codes never come from here. */
void meter_refusal(struct meter *meter, enum problem_code code)
{
    struct meter_refused *refused = &meter->refused[code];
    if (refused->metric.name == NULL) {
        snprintf(refused->labels, sizeof(refused->labels), "code=\"%s\"", problem_name(code));
        refused->metric = (struct metric){.name = "roar_refused_total",
                                          .labels = refused->labels,
                                          .help = "Requests refused before a handler saw them.",
                                          .kind = METRIC_COUNTER};
        metric_add(&refused->metric);
    }
    metric_count(&refused->metric, 1);
}
