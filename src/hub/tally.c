// SPDX-License-Identifier: Apache-2.0
#include "hub/tally.h"

#include "hub/encoding.h"

static void add(struct metric *metric, const struct metric *as)
{
    *metric = *as;
    metric_add(metric);
}

static void counter(struct metric *metric, const char *name, const char *labels, const char *help)
{
    add(metric,
        &(struct metric){.name = name, .labels = labels, .help = help, .kind = METRIC_COUNTER});
}

static void gauge(struct metric *metric, const char *name, const char *labels, const char *help)
{
    add(metric,
        &(struct metric){.name = name, .labels = labels, .help = help, .kind = METRIC_GAUGE});
}

void tally_init(struct tally *tally)
{
    static const char *const gap_labels[GAP_WHYS] = {
        [GAP_BEHIND] = "why=\"behind\"",
        [GAP_SLOW_READER] = "why=\"slow_reader\"",
        [GAP_EXPIRED] = "why=\"expired\"",
        [GAP_LANE] = "why=\"lane\"",
    };

    counter(&tally->events, "roar_hub_events_total", NULL,
            "Events that reached a reactor with viewers.");
    counter(&tally->deliveries, "roar_deliveries_total", NULL,
            "Events handed to viewers' sockets, each viewer counted.");
    counter(&tally->shed, "roar_shed_total", NULL,
            "Events viewers were spared for being behind, told in gaps.");
    counter(&tally->joins, "roar_joins_total", NULL, "Viewers admitted.");
    counter(&tally->resumes, "roar_resumes_total", NULL, "Viewers admitted at their cursor.");
    counter(&tally->refused, "roar_joins_refused_total", NULL, "Viewers not admitted.");
    gauge(&tally->slow, "roar_viewers_slow", NULL, "Viewers whose socket is full now.");
    gauge(&tally->streams, "roar_streams_awake", NULL, "Streams open on reactors, each counted.");
    gauge(&tally->ring_bytes, "roar_ring_bytes", NULL, "Memory of the rings.");
    gauge(&tally->trains, "roar_compress_channels", NULL,
          "Streams compressed now for all their viewers of one kind, on reactors, each counted.");
    gauge(&tally->train_bytes, "roar_compress_memory_bytes", NULL, "Memory of their compressors.");
    counter(&tally->train_failures, "roar_compress_failures_total", NULL,
            "Compressors given up for want of memory; viewers were sent plain frames.");
    counter(&tally->ridden_plain, "roar_compress_plain_bytes_total", NULL,
            "Bytes before compression of what viewers were sent compressed, each viewer counted.");
    counter(&tally->ridden_sent, "roar_compress_sent_bytes_total", NULL,
            "The same bytes after it.");
    gauge(&tally->people, "roar_presence_people", NULL, "Whom the node counts as present.");
    counter(&tally->cut, "roar_viewers_cut_total", NULL,
            "Viewers cut as no act could be written to them in time.");
    counter(&tally->notices_lost, "roar_notices_lost_total", NULL,
            "Notices (held, approved, warned, acts) that a viewer too far behind was not sent.");
    counter(&tally->exposure, "roar_exposure_viewer_ms_total", NULL,
            "Viewers times milliseconds that removed comments had been visible.");
    gauge(&tally->reach_acts, "roar_reach_acts", NULL,
          "Acts whose reach is being measured, on reactors, each counted.");
    counter(&tally->reach_kept, "roar_reach_kept_total", NULL,
            "Times that what was measured of an act's reach was kept in the store.");
    counter(&tally->reach_lost, "roar_reach_lost_total", NULL,
            "Times that what was measured of an act's reach could not be kept.");
    counter(&tally->notices_hushed, "roar_notices_hushed_total", NULL,
            "Of what rules did, notices of which moderators were told the number alone.");
    counter(&tally->rings_rested, "roar_rings_rested_total", NULL,
            "Rings that gave their memory back, as all rings hold much.");
    counter(&tally->rings_shrunk, "roar_rings_shrunk_total", NULL,
            "Rings made smaller, as less was waited for.");
    counter(&tally->on_time, "roar_fanout_on_time_total", NULL,
            "Deliveries within 500 ms of the submit.");
    counter(&tally->on_time_of, "roar_fanout_total", NULL, "Deliveries of events seen live.");
    for (int why = 0; why < GAP_WHYS; why++) {
        counter(&tally->gaps[why], "roar_gaps_total", gap_labels[why], "Gaps told to viewers.");
    }
    add(&tally->visible, &(struct metric){.name = "roar_visible_ms",
                                          .help = "From a submit to a viewer's socket.",
                                          .kind = METRIC_HISTOGRAM,
                                          .histogram = &tally->visible_steps});
    add(&tally->flush_bytes, &(struct metric){.name = "roar_flush_bytes",
                                              .help = "Bytes given to one viewer by one flush.",
                                              .kind = METRIC_HISTOGRAM,
                                              .histogram = &tally->flush_bytes_steps});
}

void tally_done(struct tally *tally)
{
    struct metric *const all[] = {
        &tally->events,         &tally->deliveries,   &tally->shed,         &tally->joins,
        &tally->resumes,        &tally->refused,      &tally->slow,         &tally->streams,
        &tally->ring_bytes,     &tally->on_time,      &tally->on_time_of,   &tally->visible,
        &tally->flush_bytes,    &tally->rings_rested, &tally->rings_shrunk, &tally->people,
        &tally->notices_lost,   &tally->cut,          &tally->trains,       &tally->train_bytes,
        &tally->train_failures, &tally->ridden_plain, &tally->ridden_sent,  &tally->notices_hushed,
        &tally->exposure,       &tally->reach_acts,   &tally->reach_lost,   &tally->reach_kept};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        metric_remove(all[i]);
    }
    for (int why = 0; why < GAP_WHYS; why++) {
        metric_remove(&tally->gaps[why]);
    }
}

enum reader_kind tally_reader_kind(const struct encoding *encoding)
{
    if (encoding == NULL) {
        return READER_POLL;
    }
    const bool is_ws = encoding == &encoding_ws || encoding == &encoding_ws_deflate;
    return is_ws ? READER_WS : READER_SSE;
}
