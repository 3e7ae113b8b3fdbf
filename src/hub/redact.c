// SPDX-License-Identifier: Apache-2.0
#include "hub/redact.h"

#include "base/mutant.h"
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
    const uint64_t user =
        removal->of == REMOVAL_USER ? port_user_hash(stream->hub->options.port, removal->user) : 0;
    const struct exposure_lost lost = exposure_of(exposure, now, removal, &stream->tail, user);
    TRY(redact_all(stream, removal));
    recount(stream, removal);
    if ((retract->flags & EVENT_FLAG_SHADOW) == 0) {
        exposure_lose(exposure, now, &lost);
        metric_count(&stream->hub->tally.exposure, (int64_t)lost.viewer_ms);
    }
    return ERR_OK;
}

enum err redact_apply(struct stream *stream, const struct event *retract)
{
    struct removal removal;
    const struct str body = {.at = retract->body, .len = retract->body_len};
    enum err err = removal_read(body, &removal);
    if (err == ERR_OK) {
        err = take_off(stream, &removal, retract);
        removal_done(&removal);
    }
    if (err == ERR_NOMEM) {
        return err;
    }
    stream->retracted = retract->seq; // one that names nothing removes nothing
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
