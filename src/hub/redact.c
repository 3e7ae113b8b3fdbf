// SPDX-License-Identifier: Apache-2.0
#include "hub/redact.h"

#include "base/mutant.h"
#include "base/reach.h"
#include "hub/channel.h"
#include "hub/facts.h"
#include "hub/pursuit.h"
#include "hub/sift.h"
#include "hub/sparse.h"

static enum err redact_pursuit(struct catchup *catchup, const struct removal *removal)
{
    struct buf *waits = &catchup->scribe.span.events;
    (void)removal_redact(removal, waits->bytes, waits->len);
    if (!mutant(HOLE_UNREDACTED)) {
        TRY(removal_events(removal, catchup->acts.events, catchup->acts.count));
    }
    return catchup->encoding == NULL || mutant(PAGE_UNREDACTED)
               ? ERR_OK
               : page_redact(&catchup->page, catchup->encoding, removal, &catchup->hub->scratch);
}

static enum err redact_all(struct stream *stream, const struct removal *removal)
{
    if (!mutant(TAIL_UNREDACTED)) {
        TRY(tail_redact(&stream->tail, removal));
        TRY(tail_redact(&stream->acts, removal));
        TRY(tail_redact(&stream->shadowed, removal));
    }
    TRY(facts_redact(stream, removal));
    sparse_redact(stream, removal);
    for (struct channel *channel = stream->channels; channel != NULL; channel = channel->next) {
        TRY(channel_redact(channel, removal));
    }
    for (struct link *link = stream->pursuits.next; link != &stream->pursuits; link = link->next) {
        TRY(redact_pursuit(list_entry(link, struct catchup, stream_link), removal));
    }
    return ERR_OK;
}

/* What was spared, and is removed now: before the gap that tells of it. */
static void recount(struct stream *stream, const struct removal *removal)
{
    removed_apply(&stream->removed, removal, &stream->tail, &stream->shadowed);
    sparse_recount(stream);
    for (struct link *link = stream->pursuits.next; link != &stream->pursuits; link = link->next) {
        sift_recount(list_entry(link, struct catchup, stream_link));
    }
}

static enum err take_off(struct stream *stream, const struct removal *removal,
                         const struct event *retract)
{
    struct exposure *exposure = &stream->exposure;
    const struct exposure_now now = stream_watching(stream, retract);
    const struct exposure_lost lost = exposure_of(exposure, now, removal, &stream->tail);
    TRY(redact_all(stream, removal));
    recount(stream, removal);
    if ((retract->flags & EVENT_FLAG_SHADOW) == 0) {
        exposure_lose(exposure, now, &lost);
        metric_count(&stream->hub->tally.exposure, (int64_t)lost.viewer_ms);
    }
    return ERR_OK;
}

/* ---- one after the other ---- */

/* What stands between them is known, and what they take off screens is the same act's. */
static bool follows(const struct event *before, const struct event *event)
{
    return event->kind == EVENT_RETRACT && event->flags == before->flags &&
           event->seq > before->seq && event->prev <= before->seq &&
           event_act(event) == event_act(before);
}

static uint32_t count_row(struct event *const *events, uint32_t count)
{
    uint32_t row = 1;
    while (row < count && row < REDACT_ROW_MAX && follows(events[row - 1], events[row])) {
        row++;
    }
    return row;
}

/* As many as can be read, 1 or more. */
static enum err read_row(struct event *const *retracts, struct removal *parts, uint32_t *count)
{
    uint32_t done = 0;
    enum err err = ERR_OK;
    while (done < *count && err == ERR_OK) {
        const struct event *retract = retracts[done];
        const struct str body = {.at = retract->body, .len = retract->body_len};
        err = removal_read(body, &parts[done]);
        done += err == ERR_OK;
    }
    *count = done;
    return done > 0 ? ERR_OK : err;
}

static enum err apply_parts(struct stream *stream, const struct removal *parts,
                            const struct event *first, uint32_t *count)
{
    struct removal all;
    TRY(removal_join(parts, *count, &all, count));
    reach_if(*count > 1, RETRACTED_IN_A_ROW);
    const enum err err = take_off(stream, &all, first);
    removal_done(&all);
    return err;
}

/* `*count` of them: that many were. ERR_PROTO: the first names nothing. */
static enum err apply_row(struct stream *stream, struct event *const *retracts, uint32_t *count)
{
    struct removal *parts = mem_new(MEM_OTHER, *count * sizeof(*parts));
    if (parts == NULL) {
        return ERR_NOMEM;
    }
    uint32_t read = *count;
    enum err err = read_row(retracts, parts, &read);
    if (err == ERR_OK) {
        *count = read;
        err = apply_parts(stream, parts, retracts[0], count);
    }
    for (uint32_t i = 0; i < read; i++) {
        removal_done(&parts[i]);
    }
    mem_free(MEM_OTHER, parts);
    return err;
}

enum err redact_apply(struct stream *stream, struct event *const *events, uint32_t count,
                      uint32_t *ret_count)
{
    uint32_t done = count_row(events, count);
    const enum err err = apply_row(stream, events, &done);
    if (err == ERR_NOMEM) {
        return err;
    }
    done = err == ERR_OK ? done : 1; // one that names nothing removes nothing
    stream->retracted = events[done - 1]->seq;
    *ret_count = done;
    return ERR_OK;
}

enum err redact_expired(struct stream *stream, uint64_t seq)
{
    const struct removal all = {.of = REMOVAL_ALL, .upto = stream->newest};
    TRY(redact_all(stream, &all));
    removed_forget(&stream->removed, seq);
    stream->retracted = seq;
    return ERR_OK;
}
