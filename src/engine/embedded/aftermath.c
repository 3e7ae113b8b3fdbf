// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/aftermath.h"

#include "base/mutant.h"
#include "engine/embedded/stamp.h"
#include "engine/embedded/store_streams.h"
#include "wire/json.h"

#include <stddef.h>

static enum err add(struct aftermath *aftermath, struct head *head, enum event_kind kind)
{
    struct event *event = NULL;
    const struct ordering_entry entry = {
        .head = head, .kind = kind, .asked_ms = aftermath->asked_ms};
    TRY(buf_err(&aftermath->ordering->body));
    TRY(ordering_add(aftermath->ordering, &entry, aftermath->now, &event));
    if (head->row.id == aftermath->stream) {
        aftermath->seq = event->seq;
    }
    return ERR_OK;
}

static struct buf *begin_body(struct aftermath *aftermath, const struct head *head)
{
    struct buf *body = &aftermath->ordering->body;
    buf_reset(body);
    json_write_member_i64(body, "at", stamp_at(&head->end, aftermath->now.wall_ms));
    return body;
}

static enum err find(struct aftermath *aftermath, int64_t stream, struct head **ret_head)
{
    struct store_stream row;
    struct str name = STR_NONE;
    TRY(store_streams_by_id(aftermath->ordering->store, stream, &row, &name));
    return ordering_find(aftermath->ordering, name, ret_head);
}

/* They alone are told, of what nobody else sees. */
static enum err add_hidden(struct aftermath *aftermath, struct head *head, enum event_kind kind,
                           struct str author)
{
    struct event *event = NULL;
    const struct ordering_entry entry = {.head = head,
                                         .kind = kind,
                                         .flags = EVENT_FLAG_SHADOW,
                                         .user = author,
                                         .asked_ms = aftermath->asked_ms};
    TRY(buf_err(&aftermath->ordering->body));
    return ordering_add(aftermath->ordering, &entry, aftermath->now, &event);
}

static enum err add_restore(struct restoring_out *out, const struct restoring_event *event,
                            uint64_t *ret_row_n)
{
    struct aftermath *aftermath = (struct aftermath *)(void *)out;
    struct head *head = NULL;
    TRY(find(aftermath, event->stream, &head));
    struct buf *body = begin_body(aftermath, head);
    json_write_name(body, "comments");
    buf_add_str(body, event->comments);
    const uint64_t n = aftermath->ordering->next_n;
    TRY(event->author.len > 0 ? add_hidden(aftermath, head, EVENT_RESTORE, event->author)
                              : add(aftermath, head, EVENT_RESTORE));
    *ret_row_n = n;
    return ERR_OK;
}

static enum err retract_once(struct aftermath *aftermath, struct head *head,
                             const struct removal *removal)
{
    removal_write(begin_body(aftermath, head), removal);
    return add(aftermath, head, EVENT_RETRACT);
}

enum err aftermath_retract(struct aftermath *aftermath, struct head *head,
                           const struct removal *removal)
{
    struct removal part = *removal;
    if (mutant(RETRACT_UNTOLD)) {
        return ERR_OK;
    }
    if (removal->of != REMOVAL_SEQS) {
        return retract_once(aftermath, head, removal);
    }
    for (uint32_t done = 0; done < removal->count; done += part.count) {
        const uint32_t left = removal->count - done;
        part.seqs = removal->seqs + done;
        part.count = left < AFTERMATH_SEQS_MAX ? left : AFTERMATH_SEQS_MAX;
        TRY(retract_once(aftermath, head, &part));
    }
    return ERR_OK;
}

enum err aftermath_retract_hidden(struct aftermath *aftermath, struct head *head, struct str user,
                                  uint64_t seq)
{
    const struct removal removal = {.of = REMOVAL_SEQS, .seqs = &seq, .count = 1};
    removal_write(begin_body(aftermath, head), &removal);
    return add_hidden(aftermath, head, EVENT_RETRACT, user);
}

static enum err add_retract(struct restoring_out *out, int64_t stream, const uint64_t *seqs,
                            uint32_t count)
{
    struct aftermath *aftermath = (struct aftermath *)(void *)out;
    struct head *head = NULL;
    const struct removal removal = {.of = REMOVAL_SEQS, .seqs = seqs, .count = count};
    TRY(find(aftermath, stream, &head));
    return aftermath_retract(aftermath, head, &removal);
}

void aftermath_init(struct aftermath *aftermath, struct ordering *ordering, struct moment now)
{
    *aftermath = (struct aftermath){
        .out = {.restore = add_restore, .retract = add_retract}, .ordering = ordering, .now = now};
}

void aftermath_begin(struct aftermath *aftermath, const struct act_case *act)
{
    aftermath_init(aftermath, act->ordering, act->now);
    aftermath->asked_ms = act->call->asked_mono_ms;
    aftermath->stream = act_case_stream(act);
}

void aftermath_end(const struct aftermath *aftermath, struct act_case *act)
{
    act->verdict.seq = aftermath->seq != 0 ? aftermath->seq : act->verdict.seq;
}
