// SPDX-License-Identifier: Apache-2.0
#include "hub/fake_truth_test.h"

#include "base/must.h"

static const struct fake_truth *truth_of(const struct prover_log *log)
{
    return (const struct fake_truth *)(const void *)log;
}

static const struct fake_engine *engine_of(const struct prover_log *log)
{
    return truth_of(log)->engine;
}

static uint64_t count_of(struct prover_log *log, uint64_t from, uint64_t to, uint32_t kinds)
{
    const struct fake_engine *engine = engine_of(log);
    uint64_t count = 0;
    for (uint32_t i = 0; i < engine->count; i++) {
        const struct event *event = engine->log[i];
        count += event->seq >= from && event->seq <= to && (kinds >> event->kind & 1) != 0 &&
                 fake_event_is_shown(event, truth_of(log)->view);
    }
    return count;
}

/* By our own words on lanes: as if the reader's own were everybody's. */
static bool is_carried(const struct prover_log *log, uint32_t i, enum lane lane)
{
    const struct event *event = engine_of(log)->log[i];
    const struct event_own own = fake_engine_own(engine_of(log), i, truth_of(log)->view);
    const uint32_t place =
        (event->flags & EVENT_FLAG_DIGEST_PLACE) / (1U << EVENT_DIGEST_PLACE_SHIFT);
    const bool is_act = event->kind != EVENT_COMMENT && event->kind != EVENT_REMOVED;
    const bool is_host = (event->flags & EVENT_FLAG_PRIVILEGED) != 0;
    switch (lane) {
    case LANE_READABLE:
        return is_act || is_host || event->rank + own.in_second < FAKE_READABLE_PER_S;
    case LANE_DIGEST:
        return is_act || is_host ||
               ((event->flags & EVENT_FLAG_DIGEST) != 0 &&
                place + own.in_window < EVENT_DIGEST_OTHERS);
    case LANE_CONTROL:
        return is_act;
    case LANE_FULL:
    case LANES:
        break;
    }
    return true;
}

static uint64_t carried_of(struct prover_log *log, enum lane lane, uint64_t from, uint64_t to)
{
    const struct fake_engine *engine = engine_of(log);
    uint64_t count = 0;
    for (uint32_t i = 0; i < engine->count; i++) {
        const struct event *event = engine->log[i];
        count += event->seq >= from && event->seq <= to &&
                 fake_event_is_shown(event, truth_of(log)->view) && is_carried(log, i, lane);
    }
    return count;
}

static uint64_t oldest_of(struct prover_log *log)
{
    const struct fake_engine *engine = engine_of(log);
    return engine->oldest < engine->count ? engine->log[engine->oldest]->seq : UINT64_MAX;
}

static uint64_t expired_of(struct prover_log *log)
{
    const struct fake_engine *engine = engine_of(log);
    return engine->oldest == 0 ? 0 : engine->log[engine->oldest - 1]->seq;
}

static bool removed_of(struct prover_log *log, uint64_t seq, uint64_t within, uint64_t upto)
{
    const struct fake_engine *engine = engine_of(log);
    const uint64_t user = engine->log[fake_engine_index(engine, seq)]->user_hash;
    const char name[] = {'u', (char)('0' + user)};
    for (uint32_t i = 0; i < engine->retract_count; i++) {
        const uint64_t by = engine->retracts[i].seq;
        if (by > (within > seq ? within : seq) && by <= upto &&
            removal_covers(&engine->retracts[i].removal, seq,
                           (struct str){.at = name, .len = sizeof(name)})) {
            return true;
        }
    }
    return false;
}

/* The log as it is now tells that they are; by which event is asked of those alone. */
static uint64_t count_removed_of(struct prover_log *log, enum lane lane, uint64_t from, uint64_t to,
                                 uint64_t upto)
{
    const struct fake_engine *engine = engine_of(log);
    uint64_t count = 0;
    for (uint32_t i = 0; i < engine->count; i++) {
        const struct event *event = engine->log[i];
        if (event->seq >= from && event->seq <= to && event->kind == EVENT_REMOVED &&
            fake_event_is_shown(event, truth_of(log)->view) && !is_carried(log, i, lane)) {
            count += upto == UINT64_MAX || removed_of(log, event->seq, 0, upto);
        }
    }
    return count;
}

static bool is_place_of(struct prover_log *log, uint64_t seq, uint64_t prev)
{
    const struct fake_engine *engine = engine_of(log);
    const uint32_t i = fake_engine_index(engine, seq);
    const uint64_t view = truth_of(log)->view;
    return fake_event_is_shown(engine->log[i], view) && fake_engine_prev(engine, i, view) == prev;
}

static void on_broken(struct prover_log *log, const char *what)
{
    (void)log;
    must_fail(__FILE__, __LINE__, what);
}

struct fake_truth fake_truth_of(const struct fake_engine *engine, uint64_t view)
{
    return (struct fake_truth){.log = {.count = count_of,
                                       .carried = carried_of,
                                       .oldest = oldest_of,
                                       .expired = expired_of,
                                       .removed = removed_of,
                                       .count_removed = count_removed_of,
                                       .is_place = is_place_of,
                                       .broken = on_broken},
                               .engine = engine,
                               .view = view};
}
