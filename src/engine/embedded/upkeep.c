// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/upkeep.h"

#include "base/mutant.h"
#include "engine/embedded/acts.h"
#include "engine/embedded/aftermath.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/evidence.h"
#include "engine/embedded/held.h"
#include "engine/embedded/removals.h"
#include "engine/embedded/sanctions.h"
#include "engine/embedded/store_streams.h"
#include "engine/embedded/young.h"
#include "wire/stream_name.h"

#include <stddef.h>
#include <string.h>

enum { APPROVALS_MS = 500, ERASURES_MS = 60 * 1000, MS_A_SECOND = 1000 };
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

void upkeep_init(struct upkeep *upkeep, struct ordering *ordering)
{
    *upkeep = (struct upkeep){.ordering = ordering, .may_have_sweeps = true};
}

void upkeep_wake(struct upkeep *upkeep)
{
    upkeep->may_have_sweeps = true;
}

bool upkeep_has_more(const struct upkeep *upkeep)
{
    return upkeep->may_have_sweeps || upkeep->has_texts_due || upkeep->has_rejected_due ||
           upkeep->ordering->has_texts_due;
}

bool upkeep_is_due(const struct upkeep *upkeep, struct moment now)
{
    return upkeep_has_more(upkeep) || now.mono_ms >= upkeep->next_ms;
}

/* ---- sweeps ---- */

static enum err sweep_on(struct upkeep *upkeep, struct moment now)
{
    struct aftermath aftermath;
    bool is_done = false;
    if (!upkeep->may_have_sweeps || upkeep->ordering->has_texts_due) {
        return ERR_OK; // first what the one before left to be overwritten
    }
    aftermath_init(&aftermath, upkeep->ordering, now);
    TRY(removals_piece(upkeep->ordering->store, now.wall_ms, &aftermath.out, &is_done));
    upkeep->may_have_sweeps = !is_done;
    upkeep->pieces += !is_done;
    return ERR_OK;
}

/* ---- approvals ---- */

/* Who was banned, timed out or held since they posted it is shown by somebody alone. */
static bool is_sanctioned(const struct ordering *ordering, const struct held_row *row,
                          struct moment now)
{
    const struct sanctions_found found =
        sanctions_find(&ordering->sanctions, row->stream, row->user, now.mono_ms);
    return found.ban != 0 || found.timeout != 0 || found.hold != 0;
}

/* As an act of the system's; a comment whose stream does not take it waits for somebody. */
static enum err approve(struct upkeep *upkeep, uint64_t n, struct moment now)
{
    struct ordering *ordering = upkeep->ordering;
    struct held_row row;
    struct store_stream stream;
    struct str found;
    struct comment_id id;
    struct act_verdict verdict;
    char name[STREAM_NAME_LEN_MAX];
    TRY(held_find(ordering->store, n, &row));
    if (is_sanctioned(ordering, &row, now) && !mutant(CLOCK_ALONE)) {
        return held_forget_due(ordering->store, n);
    }
    TRY(store_streams_by_id(ordering->store, row.stream, &stream, &found));
    const size_t len = found.len < sizeof(name) ? found.len : sizeof(name);
    memcpy(name, found.at, len);
    comment_id_write(ordering->identity.id_key, n, row.at_ms, &id);
    const struct act_call call = {
        .stream = {.at = name, .len = len},
        .act = {.what = ACT_APPROVE,
                .at = ACT_AT_ID,
                .id = {.at = id.text, .len = COMMENT_ID_LEN},
                .reason = STR("nobody rejected it in time"),
                .seconds = -1},
        .by = {.kind = ACTOR_SYSTEM, .id = STR("mods_first"), .role_bits = UINT32_MAX},
    };
    TRY(acts_judge(ordering, &call, now, &verdict));
    upkeep->approvals += verdict.end == ACT_DONE;
    return verdict.end == ACT_DONE ? ERR_OK : held_forget_due(ordering->store, n);
}

static enum err approve_due(struct upkeep *upkeep, struct moment now)
{
    uint64_t due[UPKEEP_APPROVALS];
    uint32_t count = 0;
    TRY(held_due(upkeep->ordering->store, now.wall_ms, due, UPKEEP_APPROVALS, &count));
    for (uint32_t i = 0; i < count; i++) {
        const enum err err = approve(upkeep, due[i], now);
        if (err == ERR_GONE || err == ERR_NOT_FOUND) { // damaged: nobody can approve it
            TRY(held_forget_due(upkeep->ordering->store, due[i]));
        } else {
            TRY(err);
        }
    }
    if (count < UPKEEP_APPROVALS) {
        upkeep->next_ms = now.mono_ms + APPROVALS_MS;
    }
    return ERR_OK;
}

/* ---- erasures ---- */

/* The stretch of what was rejected that is next; again where more is to be done in it. */
static enum err erase_rejected(struct upkeep *upkeep, int64_t upto_ms, uint32_t *ret_texts)
{
    struct ordering *ordering = upkeep->ordering;
    struct held_stretch stretch = upkeep->rejected;
    uint32_t forgotten = 0;
    TRY(held_stretch_next(ordering->store, upto_ms, &stretch));
    TRY(held_erase(ordering->store, &stretch, ret_texts));
    TRY(held_forget(ordering->store, &stretch, store_dedupe_oldest_n(&ordering->dedupe),
                    &forgotten));
    if (forgotten > 0) { // the newest number may have been among them: it is not used again
        TRY(store_schema_set_number(ordering->store, "next_n", ordering->next_n));
    }
    const bool is_done = *ret_texts < HELD_AT_ONCE && forgotten < HELD_AT_ONCE;
    upkeep->has_rejected_due = !is_done || !stretch.is_last;
    if (is_done) {
        upkeep->rejected = stretch;
    }
    return ERR_OK;
}

static enum err erase_old(struct upkeep *upkeep, struct moment now)
{
    struct ordering *ordering = upkeep->ordering;
    const int64_t upto_ms = now.wall_ms - ordering->rules.evidence_days * DAY_MS;
    uint32_t texts = 0, rejected = 0;
    if (now.mono_ms >= upkeep->next_erasure_ms) {
        upkeep->next_erasure_ms = now.mono_ms + ERASURES_MS;
        upkeep->has_texts_due = upkeep->has_rejected_due = true;
        TRY(held_count(ordering->store, 0, &upkeep->held));
        TRY(young_forget(ordering->store, now.wall_ms / MS_A_SECOND));
    }
    if (upkeep->has_texts_due) {
        TRY(evidence_erase(ordering->store, upto_ms, UPKEEP_ERASED, &texts));
        upkeep->has_texts_due = texts == UPKEEP_ERASED;
    }
    if (upkeep->has_rejected_due) {
        TRY(erase_rejected(upkeep, upto_ms, &rejected));
    }
    upkeep->has_erased = upkeep->has_erased || texts > 0 || rejected > 0;
    upkeep->erased += texts + rejected;
    return ERR_OK;
}

/* ---- together ---- */

static enum err do_piece(void *doer, struct moment now)
{
    struct upkeep *upkeep = doer;
    TRY(sweep_on(upkeep, now));
    TRY(approve_due(upkeep, now));
    TRY(erase_old(upkeep, now));
    return sanctions_sweep(&upkeep->ordering->sanctions, upkeep->ordering->store, now.mono_ms);
}

enum err upkeep_step(struct upkeep *upkeep, const struct outlet *outlet, struct moment now)
{
    const struct upkeep before = *upkeep;
    const struct ordering_work work = {.fn = do_piece, .doer = upkeep};
    const enum err err = ordering_write(upkeep->ordering, &work, now);
    if (err != ERR_OK) {
        *upkeep = before;
        upkeep->next_ms = now.mono_ms + APPROVALS_MS;
        return err;
    }
    outbox_publish(&upkeep->ordering->outbox, outlet);
    return ERR_OK;
}
