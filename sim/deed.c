// SPDX-License-Identifier: Apache-2.0
#include "deed.h"

#include "base/hash.h"
#include "base/must.h"
#include "base/reach.h"
#include "deeds.h"
#include "ledger.h"
#include "queue.h"
#include "under.h"

#include <stdlib.h>
#include <string.h>

/* ---- sets of comments ---- */

static void put(uint8_t *set, uint64_t seq)
{
    set[(seq - 1) / 8] |= (uint8_t)(1 << ((seq - 1) % 8));
}

static void take(uint8_t *set, uint64_t seq)
{
    set[(seq - 1) / 8] &= (uint8_t) ~(1 << ((seq - 1) % 8));
}

bool deed_holds(const struct deed *deed, uint8_t stream, uint64_t seq)
{
    return deed->sets != NULL &&
           (deed->sets->holds[stream][(seq - 1) / 8] >> ((seq - 1) % 8) & 1) != 0;
}

/* ---- what they are aimed at ---- */

bool deed_is_on(const struct deed *deed, const struct ledger *ledger)
{
    return deed->stream == STREAMS || &ledger->world->ledgers[deed->stream] == ledger;
}

static uint8_t number_of(const struct ledger *ledger)
{
    return (uint8_t)(ledger - ledger->world->ledgers);
}

/* Rows below that one are redacted with the step: all before it, and up to its own event. */
static uint64_t bound_of(const struct ledger *ledger, const struct deed_step *step)
{
    const bool is_there = step->seq > 0 && step->seq <= ledger->head;
    const uint64_t n = is_there ? ledger->entries[step->seq - 1].n : 0;
    return n > step->before_n ? n : step->before_n + 1;
}

static void note_bound(const struct ledger *ledger, struct deed *deed, uint64_t seq,
                       uint64_t bound_n)
{
    if (deed->sets == NULL) {
        struct deeds *deeds = &ledger->world->deeds;
        deed->sets = calloc(1, sizeof(*deed->sets));
        must(deed->sets != NULL);
        deeds->takers[deeds->taker_count++] = (uint16_t)(deed - deeds->at);
    }
    must(bound_n > 0 && bound_n <= UINT16_MAX);
    deed->sets->bound[number_of(ledger)][seq - 1] = (uint16_t)bound_n;
}

static void remove_one(struct ledger *ledger, struct deed *deed, uint64_t seq, uint64_t bound_n)
{
    struct entry *entry = ledger_find(ledger, seq);
    if (entry == NULL || entry->kind != EVENT_COMMENT) {
        return;
    }
    entry->was_removed = true;
    const bool is_swept = deed->what == ACT_PURGE || deed->what == ACT_CLEAR; // user by user
    if (deed->stream == number_of(ledger) && !is_swept && !entry->is_shadowed &&
        entry->removed_seq == 0) {
        entry->removed_seq = deed->seq;
    }
    note_bound(ledger, deed, seq, bound_n);
    deed->sets->again[number_of(ledger)][seq - 1] = 0;
    put(deed->sets->holds[number_of(ledger)], seq);
}

bool deed_names_seqs(const struct deed *deed)
{
    return deed->seq_count > 0;
}

bool deed_names_comments(const struct deed *deed)
{
    return deed->seq_count + deed->n_count > 0;
}

bool deed_names_user(const struct deed *deed, uint8_t user)
{
    return user < USERS && (deed->users >> user & 1) != 0;
}

/* ---- what a transaction comes to of what is named ---- */

struct named {
    uint64_t n, seq;       // by its id, or its place
    struct queued *queued; // without a place until then; NULL: it has one, or none that is known
    bool waited;           // before it
};

struct naming { // of one transaction, from `at` on
    struct deed *deed;
    const struct deed_step *step;
    uint32_t at, taken;
};

static uint64_t seq_of_row(const struct ledger *ledger, uint64_t n)
{
    uint64_t from = 1, to = ledger->head + 1;
    while (from < to) {
        const uint64_t middle = from + (to - from) / 2;
        if (ledger->entries[middle - 1].n < n) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from <= ledger->head && ledger->entries[from - 1].n == n ? from : 0;
}

static void find_named(const struct world *world, const struct naming *naming, struct named *named)
{
    const struct deed *deed = naming->deed;
    struct queued *queued = queue_find(world, named->n);
    if (queued != NULL && queued->stream == deed->stream) {
        named->seq = queue_place(world, queued, naming->step->newest_n);
        named->queued = named->seq == 0 ? queued : NULL;
    } else if (queued == NULL) {
        named->seq = seq_of_row(&world->ledgers[deed->stream], named->n);
    }
}

static bool next_named(const struct world *world, struct naming *naming, struct named *ret_named)
{
    const struct deed *deed = naming->deed;
    for (; naming->at < deed->seq_count + deed->n_count; naming->at++) {
        const uint64_t number = deed->seq_count > 0 ? deed->seqs[naming->at] : deed->ns[naming->at];
        if (number <= deed->done_upto || number > naming->step->upto) {
            continue;
        }
        *ret_named = (struct named){.waited = (naming->step->waited >> naming->taken & 1) != 0};
        *(deed->seq_count > 0 ? &ret_named->seq : &ret_named->n) = number;
        if (deed->seq_count == 0) {
            find_named(world, naming, ret_named);
        }
        must(naming->taken < 64);
        naming->at++;
        naming->taken++;
        return true;
    }
    return false;
}

uint64_t deed_waited(const struct world *world, const struct deed *deed,
                     const struct deed_step *step)
{
    uint64_t waited = 0;
    uint32_t taken = 0;
    for (uint32_t i = 0; deed->stream < STREAMS && i < deed->seq_count + deed->n_count; i++) {
        const uint64_t number = deed->seq_count > 0 ? deed->seqs[i] : deed->ns[i];
        if (number <= deed->done_upto || number > step->upto) {
            continue;
        }
        const bool is_seq = deed->seq_count > 0;
        const bool did =
            queue_waited(world, deed->stream, is_seq ? 0 : number, is_seq ? number : 0);
        waited |= (uint64_t)did << taken++;
    }
    return waited;
}

/* What somebody names is not there once retention took it. */
static bool is_kept(const struct deed *deed, const struct deed_step *step, uint64_t seq)
{
    return seq > deed->done_upto && seq <= step->upto && seq > step->ground[deed->stream];
}

/* Deleted by their ids: from the screens, or from the queue. */
static void take_ids(struct ledger *ledger, struct deed *deed, const struct deed_step *step)
{
    struct naming naming = {.deed = deed, .step = step};
    struct named named;
    while (deed->what == ACT_DELETE && next_named(ledger->world, &naming, &named)) {
        if (named.queued != NULL) {
            queue_reject(named.queued, deed, true);
        } else if (named.seq > step->ground[deed->stream]) {
            remove_one(ledger, deed, named.seq, bound_of(ledger, step));
            ledger->entries[named.seq - 1].was_named |=
                ledger->entries[named.seq - 1].kind == EVENT_COMMENT;
        }
    }
    reach_if(deed->n_count > 1, DONE_TO_IDS);
}

static void take_named(struct ledger *ledger, struct deed *deed, const struct deed_step *step)
{
    for (uint32_t i = 0; i < deed->seq_count; i++) {
        const uint64_t seq = deed->seqs[i];
        const bool is_there = is_kept(deed, step, seq) && seq <= ledger->head;
        /* Only what somebody sees is held: of many the rest is left as it is. */
        const bool is_left_alone =
            deed->what == ACT_HOLD && deed->seq_count > 1 && is_there && deeds_hide(ledger, seq);
        if (is_there && !is_left_alone) {
            remove_one(ledger, deed, seq, bound_of(ledger, step));
            ledger->entries[seq - 1].was_named |= ledger->entries[seq - 1].kind == EVENT_COMMENT;
        }
    }
    reach_if(deed->seq_count > 1, DONE_TO_MANY);
}

static void sweep(struct world *world, struct deed *deed)
{
    const uint64_t upto_n = deed->value_n;
    for (int i = 0; i < STREAMS; i++) {
        struct ledger *ledger = &world->ledgers[i];
        for (uint64_t seq = 1; deed_is_on(deed, ledger) && seq <= ledger->head; seq++) {
            const struct entry *entry = ledger_find(ledger, seq);
            if (entry->n <= upto_n &&
                (deed->what == ACT_CLEAR || deed_names_user(deed, entry->user))) {
                remove_one(ledger, deed, seq, upto_n + 1);
            }
        }
        ledger_note_gone(ledger);
    }
}

static void note_lifted(struct deed *deed, uint64_t act, uint64_t seq)
{
    if (deed->lifted_count == deed->lifted_room) {
        deed->lifted_room = 2 * deed->lifted_room + 8;
        deed->lifted = realloc(deed->lifted, deed->lifted_room * sizeof(*deed->lifted));
        must(deed->lifted != NULL);
    }
    deed->lifted[deed->lifted_count++] = (struct deed_lifted){.act = act, .seq = seq};
}

/* Whatever removes it does no more. */
static void let_go(struct world *world, struct deed *deed, uint64_t seq)
{
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        struct deed *other = &world->deeds.at[i];
        if (deed_holds(other, deed->stream, seq)) {
            note_lifted(deed, other->id, seq);
            take(other->sets->holds[deed->stream], seq);
        }
    }
}

static uint64_t seq_of_target(const struct deed *deed)
{
    return deed->seq_count == 1 ? deed->seqs[0] : 0;
}

/* The place of the comment that "id:.." names; 0: it has none. */
static uint64_t seq_of_id(struct world *world, const struct deed *deed)
{
    struct ledger *ledger = &world->ledgers[deed->stream];
    const uint64_t hash = hash_str(LEDGER_HASH_KEY, str_of(deed->target + strlen("id:")));
    for (uint64_t seq = ledger->head; seq > 0 && deed->target[0] == 'i'; seq--) {
        const struct entry *entry = ledger_find(ledger, seq);
        if (entry->kind == EVENT_COMMENT && entry->id_hash == hash) {
            return seq;
        }
    }
    return 0;
}

/* Those that were about this comment alone are lifted with it. */
static void lift_those_on(struct world *world, const struct deed *deed, uint64_t seq)
{
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        struct deed *other = &world->deeds.at[i];
        if ((other->what == ACT_DELETE || other->what == ACT_HOLD) && other->lifted_by == 0 &&
            other->stream == deed->stream && seq_of_target(other) == seq) {
            other->lifted_by = deed->id;
        }
    }
}

static void restore(struct world *world, struct deed *deed, const struct deed_step *step)
{
    struct ledger *ledger = &world->ledgers[deed->stream];
    for (uint32_t i = 0; i < deed->seq_count; i++) {
        const uint64_t seq = deed->seqs[i];
        if (is_kept(deed, step, seq) && seq <= ledger->head && deeds_hide(ledger, seq)) {
            let_go(world, deed, seq);
            lift_those_on(world, deed, seq);
        }
    }
}

/* It is back in its place, or has one now. */
static void approve_one(struct world *world, struct deed *deed, const struct deed_step *step,
                        const struct named *named)
{
    struct queued *queued = queue_find(world, named->n);
    const struct entry *entry = ledger_find(&world->ledgers[deed->stream], named->seq);
    const bool is_new = queued != NULL && (entry == NULL || entry->n > step->before_n);
    if (is_new) {
        world_holds(world, entry != NULL || queue_state(world, queued) != QUEUE_WAITS,
                    "P1: a%llu approves u%u's c%u, and it has no place",
                    (unsigned long long)deed->id, queued->user, queued->cid);
        queue_approve(world, queued, deed);
    } else if (named->seq != 0) {
        let_go(world, deed, named->seq);
        lift_those_on(world, deed, named->seq);
    }
}

/* It has no place, or has one since this transaction: an undo in front of it there may have put it
 * back, so that it waits though the disk never said so. */
static bool waits_since(const struct world *world, const struct deed *deed,
                        const struct deed_step *step, uint64_t n)
{
    const struct deeds *deeds = &world->deeds;
    const struct queued *queued = queue_find(world, n);
    bool is_undone = false;
    for (uint32_t i = deeds->step_count;
         i > 0 && deeds->steps[i - 1].before_n == step->before_n && !is_undone; i--) {
        is_undone = deeds->steps[i - 1].what == ACT_UNDO || deeds->steps[i - 1].what == ACT_DECIDE;
    }
    return is_undone && queued != NULL && queued->stream == deed->stream && !queued->is_approved &&
           queue_place(world, queued, step->before_n) == 0 &&
           queue_state(world, queued) != QUEUE_REJECTED;
}

/* Of many those that waited; one alone did, or there were no act. */
static void approve(struct world *world, struct deed *deed, const struct deed_step *step)
{
    const bool is_sole = deed->seq_count + deed->n_count == 1;
    struct naming naming = {.deed = deed, .step = step};
    struct named named;
    while (next_named(world, &naming, &named)) {
        const bool waited =
            is_sole || named.waited || (named.seq != 0 && waits_since(world, deed, step, named.n));
        if (waited) {
            approve_one(world, deed, step, &named);
        }
    }
}

static void reject(struct world *world, struct deed *deed, const struct deed_step *step)
{
    struct ledger *ledger = &world->ledgers[deed->stream];
    const bool is_sole = deed->seq_count + deed->n_count == 1;
    struct naming naming = {.deed = deed, .step = step};
    struct named named;
    while (next_named(world, &naming, &named)) {
        const bool waited = is_sole || named.waited || waits_since(world, deed, step, named.n);
        if (named.queued != NULL && waited && queue_state(world, named.queued) != QUEUE_REJECTED) {
            const bool is_sure = queue_state(world, named.queued) == QUEUE_WAITS;
            queue_reject(named.queued, deed, is_sole || is_sure);
        } else if (named.queued == NULL && named.seq != 0 && waited) {
            remove_one(ledger, deed, named.seq, bound_of(ledger, step));
        }
    }
}

/* What is to be rejected does not approve itself before its turn comes. */
static void stop_clocks(struct world *world, struct deed *deed, const struct deed_step *step)
{
    for (uint32_t i = 0; i < deed->n_count; i++) {
        struct queued *queued = queue_find(world, deed->ns[i]);
        if (queued != NULL && queued->stopped_by == 0 && queued->stream == deed->stream &&
            queue_place(world, queued, step->newest_n) == 0) {
            queued->stopped_by = deed->id;
        }
    }
}

/* From the answer to that undo on. */
static void hold_again(const struct ledger *ledger, const struct deed *undo, struct deed *deed,
                       uint64_t seq)
{
    if (deed->sets != NULL) {
        must(undo->id <= UINT16_MAX);
        deed->sets->again[number_of(ledger)][seq - 1] = (uint16_t)undo->id;
        put(deed->sets->holds[number_of(ledger)], seq);
    }
}

/* Of one comment: all that the restore lifted, but what was undone since. */
static void remove_again(struct world *world, struct deed *undo, const struct deed *restored,
                         uint64_t seq)
{
    const struct ledger *ledger = &world->ledgers[restored->stream];
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        struct deed *other = &world->deeds.at[i];
        if (other->lifted_by == restored->id && seq_of_target(other) == seq) {
            other->lifted_by = 0;
            hold_again(ledger, undo, other, seq);
        }
    }
    for (uint32_t i = 0; i < restored->lifted_count; i++) {
        struct deed *other = deeds_find(world, restored->lifted[i].act);
        if (restored->lifted[i].seq == seq && other->lifted_by == 0) {
            hold_again(ledger, undo, other, seq);
        }
    }
}

static void undo_restore(struct world *world, struct deed *deed, const struct deed *restored,
                         const struct deed_step *step)
{
    const struct ledger *ledger = &world->ledgers[restored->stream];
    for (uint32_t i = 0; i < restored->seq_count; i++) {
        const uint64_t seq = restored->seqs[i];
        if (is_kept(deed, step, seq)) {
            remove_again(world, deed, restored, seq);
        }
        if (is_kept(deed, step, seq) && seq <= ledger->head && deeds_hide(ledger, seq)) {
            note_bound(ledger, deed, seq, bound_of(ledger, step));
        }
    }
}

static bool is_on_id_of(const struct deed *deed, const struct entry *entry)
{
    return deed->target[0] == 'i' &&
           hash_str(LEDGER_HASH_KEY, str_of(deed->target + strlen("id:"))) == entry->id_hash;
}

/* By a rule or a hook, this comment by itself. */
static bool is_rule_on(const struct deed *deed, const struct entry *entry)
{
    return deed->lifted_by == 0 && is_on_id_of(deed, entry);
}

/* Its author, by one from before the undo, or by a rule or a hook this one by itself. */
static bool is_still_shadowed(const struct ledger *ledger, const struct deed *undo,
                              const struct entry *entry)
{
    const struct deeds *deeds = &ledger->world->deeds;
    for (uint32_t i = 0; i < deeds->count; i++) {
        const struct deed *deed = &deeds->at[i];
        const bool is_on = deed->id < undo->id && under_is_on(deed, entry->user);
        if (deed->what == ACT_SHADOW && deed_is_on(deed, ledger) &&
            (is_on || is_rule_on(deed, entry))) {
            return true;
        }
    }
    return false;
}

/* It hid this comment: its author's since then, or by its id. */
static bool hid(const struct deed *deed, const struct entry *entry)
{
    return deed->users == 0 ? is_on_id_of(deed, entry)
                            : deed_names_user(deed, entry->user) && entry->n >= deed->value_n;
}

/* Some other shadow did that is not lifted: it is that one's to show. */
static bool is_hid_by_another(const struct ledger *ledger, const struct entry *entry)
{
    const struct deeds *deeds = &ledger->world->deeds;
    for (uint32_t i = 0; i < deeds->count; i++) {
        const struct deed *deed = &deeds->at[i];
        const bool is_on = under_is_on(deed, entry->user) && hid(deed, entry);
        if (deed->what == ACT_SHADOW && deed_is_on(deed, ledger) &&
            (is_on || is_rule_on(deed, entry))) {
            return true;
        }
    }
    return false;
}

/* Undone, with none left that hid it: the last shadow of its author shows it. */
static void unshadow_one(const struct ledger *ledger, const struct deed *undo, struct entry *entry)
{
    if (!is_still_shadowed(ledger, undo, entry)) {
        reach_if(entry->waits, SHADOW_WAITED);
        entry->was_removed = entry->is_unshadowed = true;
    } else if (!is_hid_by_another(ledger, entry)) {
        entry->waits = true;
    }
}

/* What came behind the undo in one transaction with it was hidden by something else. */
static uint64_t undone_upto(struct world *world, const struct deed *undo)
{
    const bool has_event = undo->seq != 0 && undo->stream < STREAMS;
    return has_event ? ledger_find(&world->ledgers[undo->stream], undo->seq)->n : undo->known_n;
}

/* User by user, and of each row by row: this one's turn is in that transaction. */
static bool is_shown_with(const struct deed *undo, const struct deed *before,
                          const struct entry *entry, const struct deed_step *step)
{
    if (before->users == 0) {
        return !undo->is_begun;
    }
    const uint32_t from = undo->shown, to = step->shown;
    const bool is_begun = under_has_turn(before, entry->user, from, from + 1);
    const bool is_left = to != UINT32_MAX && under_has_turn(before, entry->user, to, to + 1);
    return under_has_turn(before, entry->user, from, to == UINT32_MAX ? USERS : to + 1) &&
           (!is_begun || entry->n >= undo->shown_n) && (!is_left || entry->n < step->shown_n);
}

/* What it hid is put back by a restore: its own place is removed. */
static void unshadow(struct world *world, struct deed *undo, const struct deed *before,
                     const struct deed_step *step)
{
    if (!undo->is_begun) {
        undo->shown_upto = undone_upto(world, undo);
    } else if (undo->turn != UINT32_MAX) { // until then it hid, of those whose turn had not come
        undo->shown_upto = step->newest_n;
    }
    for (int i = 0; i < STREAMS; i++) {
        struct ledger *ledger = &world->ledgers[i];
        for (uint64_t seq = 1; deed_is_on(before, ledger) && seq <= ledger->head; seq++) {
            struct entry *entry = &ledger->entries[seq - 1];
            if (entry->kind == EVENT_COMMENT && entry->is_shadowed &&
                entry->n <= undo->shown_upto && is_shown_with(undo, before, entry, step) &&
                (hid(before, entry) || (entry->waits && deed_names_user(before, entry->user)))) {
                unshadow_one(ledger, undo, entry);
            }
        }
    }
}

/* A rule's, or a hook's, with the comment that it hid: an undo before it in that transaction, whose
 * bound is the transaction's end, did not show that. */
static void shadow_one(struct world *world, const struct deed *deed)
{
    struct ledger *ledger = deed->stream < STREAMS ? &world->ledgers[deed->stream] : NULL;
    const uint64_t seq = ledger == NULL ? 0 : seq_of_id(world, deed);
    struct entry *entry = seq == 0 ? NULL : ledger_find(ledger, seq);
    if (entry != NULL && entry->is_shadowed) {
        entry->is_unshadowed = entry->was_removed = entry->waits = false;
    }
}

/* What it held is out of the queue, piece by piece, before all of it comes back. */
static bool comes_back_last(const struct deed *deed)
{
    return deed->what == ACT_HOLD && deed_names_seqs(deed);
}

/* A step of undoing: the first, or one more. */
static void lift_on(struct world *world, struct deed *deed, struct deed *before,
                    const struct deed_step *step)
{
    if (before->what == ACT_RESTORE) {
        undo_restore(world, deed, before, step);
    } else if (before->sets != NULL && (!comes_back_last(before) || step->upto == UINT64_MAX)) {
        memset(before->sets->holds, 0, sizeof(before->sets->holds));
    }
    under_undo(world, deed, before, step);
    if (before->what == ACT_SHADOW) {
        unshadow(world, deed, before, step);
    }
}

/* What a rule held has its place with the undo of that. */
static void release(struct world *world, const struct deed *before)
{
    struct queued *queued =
        before->what == ACT_HOLD && before->n_count == 1 ? queue_find(world, before->ns[0]) : NULL;
    if (queued != NULL) {
        queued->is_approved = true;
        queued->is_released = true;
    }
}

static void lift(struct world *world, struct deed *deed, struct deed *before,
                 const struct deed_step *step)
{
    reach_if(before->is_left && deed_names_comments(before), UNDONE_AMID);
    reach_if(before->is_left && before->persons != NULL, SANCTION_UNDONE_AMID);
    before->lifted_by = deed->id;
    deed->lifts = before->id;
    release(world, before);
    lift_on(world, deed, before, step);
}

static void undo(struct world *world, struct deed *deed, const struct deed_step *step)
{
    struct deed *before = deeds_find(world, strtoull(deed->target + strlen("act:a"), NULL, 10));
    world_holds(world, before != NULL, "P1: a%llu undoes what is not there",
                (unsigned long long)deed->id);
    lift(world, deed, before, step);
}

static void acknowledge(struct world *world, const struct deed *deed)
{
    struct deed *warning = deeds_find(world, strtoull(deed->target + strlen("act:a"), NULL, 10));
    if (warning == NULL) {
        return;
    }
    under_acknowledge(deed, warning);
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        const struct deed *other = &world->deeds.at[i];
        reach_if(other->what == ACT_WARN && under_is_on(other, deed->by) &&
                     other->stream == warning->stream,
                 WARNED_TWICE);
    }
}

/* Granted, what was appealed against is undone. */
static void decide(struct world *world, struct deed *deed, const struct deed_step *step)
{
    static const char prefix[] = "act:a";
    const struct deed *appeal =
        deeds_find(world, strtoull(deed->target + sizeof(prefix) - 1, NULL, 10));
    struct deed *against =
        appeal == NULL ? NULL
                       : deeds_find(world, strtoull(appeal->target + sizeof(prefix) - 1, NULL, 10));
    world_holds(world, against != NULL, "P1: a%llu decides on what is not there",
                (unsigned long long)deed->id);
    if (deed->is_granted && against->lifted_by == 0 && against->stream == deed->stream) {
        reach(GRANTED);
        lift(world, deed, against, step);
    }
}

static void note_progress(struct deed *deed, const struct deed_step *step)
{
    deed->is_begun = true;
    deed->done_upto = step->upto;
    deed->turn = step->turn;
    deed->shown = step->shown;
    deed->shown_n = step->shown_n;
}

bool deed_is_there(const struct deed_step *step, const struct deed_step *now)
{
    if (step->turn != now->turn) {
        return step->turn < now->turn;
    }
    if (step->shown != now->shown) {
        return step->shown < now->shown;
    }
    return step->shown_n <= now->shown_n && step->upto <= now->upto;
}

void deed_go_on(struct world *world, struct deed *deed, const struct deed_step *step)
{
    deed->seq = step->seq;
    if (deed->lifts != 0) {
        lift_on(world, deed, deeds_find(world, deed->lifts), step);
    } else if (deed_names_seqs(deed) && deed->what == ACT_RESTORE) {
        restore(world, deed, step);
    } else if (deed->what == ACT_APPROVE) {
        approve(world, deed, step);
    } else if (deed->what == ACT_REJECT) {
        reject(world, deed, step);
    } else if (deed_names_seqs(deed)) {
        take_named(&world->ledgers[deed->stream], deed, step);
    } else if (deed->n_count > 0) {
        take_ids(&world->ledgers[deed->stream], deed, step);
    } else if (deed->what == ACT_PURGE || deed->what == ACT_CLEAR) {
        queue_sweep(world, deed, step);
    } else if (under_goes_by_turns(deed)) {
        under_follow(world, deed, step);
    }
    note_progress(deed, step);
}

void deed_begin(struct world *world, struct deed *deed, const struct deed_step *step)
{
    switch ((enum act_do)deed->what) {
    case ACT_REJECT:
    case ACT_DELETE:
        stop_clocks(world, deed, step);
        deed_go_on(world, deed, step);
        break;
    case ACT_HOLD:
    case ACT_RESTORE:
    case ACT_APPROVE:
        deed_go_on(world, deed, step);
        break;
    case ACT_PURGE:
    case ACT_CLEAR:
        sweep(world, deed);
        deed_go_on(world, deed, step);
        break;
    case ACT_UNDO:
        undo(world, deed, step);
        break;
    case ACT_SHADOW:
        shadow_one(world, deed);
        under_follow(world, deed, step);
        break;
    case ACT_BAN:
    case ACT_TIMEOUT:
    case ACT_WARN: // each is to be acknowledged
    case ACT_UNBAN:
    case ACT_UNSHADOW:
        under_follow(world, deed, step);
        break;
    case ACT_ACKNOWLEDGE:
        acknowledge(world, deed);
        break;
    case ACT_PIN:
    case ACT_UNPIN:
    case ACT_SLOW:
    case ACT_MODE:
    case ACT_SHIELD:
    case ACT_TERMS:
    case ACT_APPEAL:
    case ACT_RULES:
    case ACTS:
        break;
    case ACT_DECIDE:
        decide(world, deed, step);
        break;
    }
    note_progress(deed, step);
}

void deed_free(struct deed *deed)
{
    free(deed->seqs);
    free(deed->ns);
    free(deed->lifted);
    free(deed->sets);
    free(deed->persons);
}
