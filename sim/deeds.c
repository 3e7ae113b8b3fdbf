// SPDX-License-Identifier: Apache-2.0
#include "deeds.h"

#include "base/hash.h"
#include "base/must.h"
#include "base/reach.h"
#include "deed.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/store_acts.h"
#include "engine/embedded/store_audit.h"
#include "ledger.h"
#include "moderator.h"
#include "queue.h"
#include "rules/audit.h"
#include "under.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(REACH_DONE_RULES - REACH_DONE_DELETE == ACT_RULES - ACT_DELETE,
               "one for each kind of act");

enum { MS_A_SECOND = 1000, CHAINS_VERIFIED_OF = 4 };
enum { PART_USERS = -2 }; // of act_case.h, which has structs of our names

struct deed *deeds_find(const struct world *world, uint64_t id)
{
    return id == 0 || id > world->deeds.count ? NULL : &world->deeds.at[id - 1];
}

static uint8_t number_of(const struct ledger *ledger)
{
    return (uint8_t)(ledger - ledger->world->ledgers);
}

/* ---- the rows of `acts` ---- */

static uint8_t user_of(const char *target)
{
    const char *name = strncmp(target, "user:u", 6) == 0 ? target + 6 : "";
    return name[0] >= '0' && name[0] < '0' + USERS && name[1] == '\0' ? (uint8_t)(name[0] - '0')
                                                                      : NOBODY_USER;
}

static int64_t until_of(const struct world *world, const struct store_act *row)
{
    if (row->what != ACT_TIMEOUT) {
        return NEVER;
    }
    return row->seconds <= 0 ? 0 : row->until_ms - world->wall_ms; // a crash may lie between
}

/* {"caps":{"percent":50,"action":"hold"}} */
static enum outcome caps_of(const struct store_act *row)
{
    static const char *const actions[] = {[OUTCOME_HOLD] = "\"hold\"",
                                          [OUTCOME_SHADOW] = "\"shadow\"",
                                          [OUTCOME_REFUSE] = "\"refuse\""};
    const struct str value = row->value;
    if (row->what != ACT_RULES || memmem(value.at, value.len, "caps", 4) == NULL ||
        memmem(value.at, value.len, "dry_run", 7) != NULL) {
        return OUTCOME_ALLOW;
    }
    for (enum outcome i = OUTCOME_HOLD; i <= OUTCOME_REFUSE; i++) {
        if (memmem(value.at, value.len, actions[i], strlen(actions[i])) != NULL) {
            return i;
        }
    }
    return OUTCOME_ALLOW;
}

/* "seq:4,17,18" */
static void take_seqs(struct deed *deed, struct str list)
{
    deed->seqs = calloc(list.len, sizeof(*deed->seqs));
    must(deed->seqs != NULL);
    while (list.len > 0) {
        const struct str seq = str_cut(list, ',', &list);
        deed->seqs[deed->seq_count++] = strtoull(seq.at, NULL, 10);
    }
}

/* "id:01J..", "ids:01J..,01J.." */
static void take_ids(const struct world *world, struct deed *deed, struct str list)
{
    deed->ns = calloc(1 + list.len / COMMENT_ID_LEN, sizeof(*deed->ns));
    must(deed->ns != NULL);
    while (list.len > 0) {
        int64_t at_ms = 0;
        const struct str id = str_cut(list, ',', &list);
        deed->n_count +=
            comment_id_parse(world->queue.id_key, id, &deed->ns[deed->n_count], &at_ms) == ERR_OK;
    }
}

/* "users:["u0","u3"]" */
static void take_users(struct deed *deed, struct str list)
{
    for (size_t i = 0; i + 1 < list.len; i++) {
        if (list.at[i] == 'u' && list.at[i + 1] >= '0' && list.at[i + 1] < '0' + USERS) {
            deed->users |= (uint8_t)(1 << (list.at[i + 1] - '0'));
        }
    }
}

static void take_target(const struct world *world, struct deed *deed, struct str target)
{
    struct str list = STR_NONE;
    const struct str kind = str_cut(target, ':', &list);
    if (str_eq(kind, STR("seq"))) {
        take_seqs(deed, list);
    } else if (str_eq(kind, STR("id")) || str_eq(kind, STR("ids"))) {
        take_ids(world, deed, list);
    } else if (str_eq(kind, STR("user")) || str_eq(kind, STR("users"))) {
        take_users(deed, list);
    }
}

/* What stands in its entry of the audit behind those words; NULL: nothing. */
static const char *find_in_entry(struct world *world, uint64_t id, struct str words)
{
    struct store_audit audit;
    if (store_audit_of(world->audit, id, &audit) != ERR_OK) {
        return NULL;
    }
    const char *at = memmem(audit.entry.at, audit.entry.len, words.at, words.len);
    return at == NULL ? NULL : at + words.len;
}

static bool is_by_system(struct world *world, uint64_t id)
{
    return find_in_entry(world, id, STR("\"kind\":\"system\"")) != NULL;
}

static uint8_t user_by(struct world *world, uint64_t id)
{
    const char *number = find_in_entry(world, id, STR("\"by\":\"u"));
    return number == NULL ? NOBODY_USER : (uint8_t)(*number - '0');
}

/* `step`: as it was seen, or with nothing yet of what waited. */
static void take_act(struct world *world, const struct store_act *row, struct deed_step *step,
                     bool is_new)
{
    struct deeds *deeds = &world->deeds;
    must(deeds->count < DEEDS_MAX && row->id == deeds->count + 1);
    struct deed *deed = &deeds->at[deeds->count++];
    *deed = (struct deed){
        .id = row->id,
        .seq = step->seq,
        .what = (uint8_t)row->what,
        .until_ms = until_of(world, row),
        .known_n = step->newest_n,
        .is_left = step->upto != UINT64_MAX,
        .stream = row->stream == 0 ? STREAMS
                                   : (uint8_t)(ledger_by_id(world, row->stream) - world->ledgers),
        .has_value = row->seconds != 0 || row->value.len > 0,
        .is_granted = row->what == ACT_DECIDE && str_eq(row->value, STR("granted")),
        .caps = (uint8_t)caps_of(row),
        .words = hash_str(LEDGER_HASH_KEY, row->value),
        .by = NOBODY_USER,
    };
    (void)snprintf(deed->target, sizeof(deed->target), "%.*s", (int)row->target.len,
                   row->target.at);
    deed->user = user_of(deed->target);
    take_target(world, deed, row->target);
    step->waited = is_new ? deed_waited(world, deed, step) : step->waited;
    world_note(world, "act a%llu: %s %s at %llu%s", (unsigned long long)deed->id,
               act_name(row->what), deed->target, (unsigned long long)deed->seq,
               deed->is_left ? ", its first piece" : "");
    if (row->what == ACT_PURGE || row->what == ACT_CLEAR || row->what == ACT_SHADOW) {
        deed->value_n = strtoull(row->value.at, NULL, 10);
    }
    deed->by = row->what == ACT_ACKNOWLEDGE ? user_by(world, deed->id) : NOBODY_USER;
    deed_begin(world, deed, step);
    if (row->what == ACT_APPROVE && is_by_system(world, deed->id)) {
        queue_approves_itself(world, deed);
    }
}

/* ---- what transactions did of them ---- */

static void keep_step(struct deeds *deeds, const struct deed_step *step)
{
    if (deeds->step_count == deeds->step_room) {
        deeds->step_room = 2 * deeds->step_room + 256;
        deeds->steps = realloc(deeds->steps, deeds->step_room * sizeof(*deeds->steps));
        must(deeds->steps != NULL);
    }
    deeds->steps[deeds->step_count++] = *step;
}

static bool undoes_shadow(const struct world *world, const struct store_act *row)
{
    static const struct str prefix = STR("act:a");
    const bool is_undo = row->what == ACT_UNDO && str_has_prefix(row->target, prefix);
    const struct deed *before =
        is_undo ? deeds_find(world, strtoull(row->target.at + prefix.len, NULL, 10)) : NULL;
    return before != NULL && before->what == ACT_SHADOW;
}

static struct deed_step step_of(struct world *world, const struct store_act *row, uint64_t before_n)
{
    struct store_act_place place;
    struct deed_step step = {.act = row->id,
                             .seq = row->seq,
                             .upto = UINT64_MAX,
                             .before_n = before_n,
                             .newest_n = world->audited_n,
                             .turn = UINT32_MAX,
                             .shown = UINT32_MAX,
                             .what = (uint8_t)row->what};
    const bool is_unshadowing = undoes_shadow(world, row);
    for (int i = 0; i < STREAMS; i++) {
        step.ground[i] = world->ledgers[i].ground;
    }
    if (store_acts_place(world->audit, row->id, &place) == ERR_OK) {
        const bool is_by_numbers = row->what != ACT_PURGE && row->what != ACT_CLEAR;
        step.upto = is_by_numbers ? place.at : 0; // where a sweep is, is not said
        step.turn = place.part == PART_USERS ? (uint32_t)place.at : UINT32_MAX;
        if (is_unshadowing) {
            step.shown = place.part == PART_USERS ? 0 : (uint32_t)place.part;
            step.shown_n = place.part == PART_USERS ? 0 : place.at;
        }
    }
    return step;
}

static bool is_where_it_was(const struct deed *deed, const struct deed_step *step)
{
    return step->upto == deed->done_upto && step->turn == deed->turn &&
           step->shown == deed->shown && step->shown_n == deed->shown_n;
}

/* One more piece, or its end. */
static void look_on(struct world *world, struct deed *deed, uint64_t before_n)
{
    struct store_act row;
    if (store_acts_get(world->audit, deed->id, &row) != ERR_OK) {
        return; // a disk that fails is looked at again
    }
    struct deed_step step = step_of(world, &row, before_n);
    deed->is_left = step.upto != UINT64_MAX;
    deed->seq = step.seq; // where a sweep is, its event says alone
    if (deed->lifted_by != 0 || is_where_it_was(deed, &step)) {
        return;
    }
    step.waited = deed_waited(world, deed, &step);
    keep_step(&world->deeds, &step);
    deed_go_on(world, deed, &step);
    reach_if(deed_names_comments(deed), DONE_IN_PIECES);
    world_note(world, "a%llu goes on at %llu%s", (unsigned long long)deed->id,
               (unsigned long long)deed->seq, deed->is_left ? "" : ", to its end");
}

void deeds_look(struct world *world, uint64_t before_n)
{
    struct deeds *deeds = &world->deeds;
    struct store_act row;
    for (uint32_t i = 0; i < deeds->count; i++) {
        if (deeds->at[i].is_left) {
            look_on(world, &deeds->at[i], before_n);
        }
    }
    while (store_acts_get(world->audit, deeds->count + (uint64_t)1, &row) == ERR_OK) {
        struct deed_step step = step_of(world, &row, before_n);
        must(store_acts_get(world->audit, step.act, &row) == ERR_OK);
        take_act(world, &row, &step, true);
        keep_step(deeds, &step);
        if (step.upto != UINT64_MAX) {
            moderator_sees_begun(world);
        }
    }
}

/* ---- answers ---- */

static void answered(struct world *world, struct deed *deed)
{
    deed->fence = ++world->deeds.fence;
    reach_counts[REACH_DONE_DELETE + deed->what - ACT_DELETE]++; // in the order of enum act_do
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        struct deed *other = &world->deeds.at[i];
        if (other->lifted_by == deed->id && other->lift_fence == 0) {
            other->lift_fence = deed->fence;
        }
        under_answered(other, deed);
    }
}

static void check_entry(struct world *world, uint64_t id)
{
    struct store_audit audit;
    world_holds(world, store_audit_of(world->audit, id, &audit) == ERR_OK,
                "P16: a%llu is not in the audit", (unsigned long long)id);
}

void deeds_answered(struct world *world, uint64_t id)
{
    struct deed *deed = deeds_find(world, id);
    world_holds(world, deed != NULL, "P1: a%llu was answered and is not there",
                (unsigned long long)id);
    world_holds(world, !deed->is_left, "P6: a%llu was answered before its end",
                (unsigned long long)id);
    if (deed->fence == 0) {
        answered(world, deed);
    }
    if (store_begin_read(world->audit) == ERR_OK) {
        check_entry(world, id);
        store_rollback(world->audit);
    }
}

/* ---- after a start ---- */

static void verify_chain(struct world *world, int64_t id, const char *name)
{
    struct audit_chain chain = {.n = 0};
    struct store_audit row;
    sqlite3_stmt *walk = NULL;
    uint64_t count = 0;
    enum audit_fault fault = AUDIT_SOUND;
    must(store_audit_after(world->audit, id, 0, &walk) == ERR_OK);
    while (store_audit_next(world->audit, walk, &row) == ERR_OK) {
        must(audit_chain_next(&chain, row.entry, &fault) == ERR_OK);
        world_holds(world, fault == AUDIT_SOUND && chain.first_n == 1, "P16: entry %llu of %s: %s",
                    (unsigned long long)row.n, name, audit_fault_text(fault));
        count++;
    }
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        const struct deed *deed = &world->deeds.at[i];
        count -=
            deed->stream == STREAMS ? id == 0 : id != 0 && world->ledgers[deed->stream].id == id;
    }
    world_holds(world, count == 0, "P16: the audit of %s has %lld entries too many", name,
                (long long)count);
}

static void verify_audit(struct world *world)
{
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        check_entry(world, world->deeds.at[i].id);
    }
    if (!world->is_calm && world->life % CHAINS_VERIFIED_OF != 0) {
        return; // a chain is whole: what is wrong is so at the last start, too
    }
    verify_chain(world, 0, "all streams");
    for (int i = 0; i < STREAMS; i++) {
        if (world->ledgers[i].id != 0) {
            verify_chain(world, world->ledgers[i].id, world->ledgers[i].name.at);
        }
    }
}

/* What is done again as it was: the newest that a crash took are not. */
static void follow_again(struct world *world, const struct deeds *before)
{
    struct deeds *deeds = &world->deeds;
    for (uint32_t i = 0; i < before->step_count; i++) {
        struct deed_step *step = &before->steps[i];
        struct deed *deed = deeds_find(world, step->act);
        struct store_act row;
        if (store_acts_get(world->audit, step->act, &row) != ERR_OK || row.what != step->what) {
            continue;
        }
        const struct deed_step now = step_of(world, &row, step->before_n);
        const bool is_there = deed_is_there(step, &now);
        if (is_there && deed == NULL && step->act == deeds->count + (uint64_t)1) {
            must(store_acts_get(world->audit, step->act, &row) == ERR_OK);
            take_act(world, &row, step, false);
            keep_step(deeds, step);
        } else if (is_there && deed != NULL && deed->lifted_by == 0) {
            keep_step(deeds, step);
            deed_go_on(world, deed, step);
            deed->is_left = step->upto != UINT64_MAX;
        }
    }
}

static void keep_answers(struct world *world, const struct deeds *before)
{
    for (uint32_t i = 0; i < before->count; i++) {
        const struct deed *was = &before->at[i];
        struct deed *deed = deeds_find(world, was->id);
        world_holds(world, deed != NULL || was->fence == 0, "P1: a%llu was answered and is gone",
                    (unsigned long long)was->id);
        if (deed != NULL && deed->what == was->what && deed->seq == was->seq) {
            deed->until_ms = was->until_ms;
            deed->fence = was->fence;
            deed->lift_fence = was->lift_fence;
            under_keep_answers(deed, was);
        }
    }
}

/* Whoever asks the new process finds it in force, but for what it has not come to. */
static void answer_all(struct world *world)
{
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        struct deed *deed = &world->deeds.at[i];
        const bool is_begun = deed->is_left && (deed_names_comments(deed) || deed->lifts != 0 ||
                                                under_goes_by_turns(deed));
        reach_if(is_begun, LEFT_BY_A_CRASH);
        if (deed->fence == 0 && !is_begun) {
            answered(world, deed);
        }
    }
}

static void free_all(struct deeds *deeds)
{
    for (uint32_t i = 0; i < deeds->count; i++) {
        deed_free(&deeds->at[i]);
    }
    free(deeds->at);
    free(deeds->steps);
}

/* What a crash took was never answered; so what is left is followed anew. */
void deeds_verify(struct world *world, uint64_t before_n)
{
    struct deeds before = world->deeds;
    deeds_begin(world);
    world->deeds.fence = before.fence;
    for (int i = 0; i < STREAMS; i++) {
        struct ledger *ledger = &world->ledgers[i];
        for (uint64_t seq = 1; seq <= ledger->head; seq++) {
            struct entry *entry = &ledger->entries[seq - 1];
            entry->was_removed = entry->is_unshadowed = entry->was_named = false;
            entry->waits = false;
            entry->removed_seq = 0;
        }
    }
    queue_reset(world);
    queue_look(world);
    follow_again(world, &before);
    deeds_look(world, before_n);
    queue_check(world);
    keep_answers(world, &before);
    answer_all(world);
    verify_audit(world);
    free_all(&before);
}

/* ---- what holds ---- */

/* By its answer, or that to the undo of what had lifted it from this comment. */
static bool is_answered(const struct world *world, const struct deed *deed, uint32_t again,
                        uint64_t fence)
{
    const struct deed *since = again == 0 ? deed : deeds_find(world, again);
    return since->fence != 0 && since->fence <= fence;
}

bool deeds_remove(const struct ledger *ledger, uint64_t seq, uint64_t fence)
{
    const struct world *world = ledger->world;
    const uint8_t stream = number_of(ledger);
    for (uint32_t i = 0; i < world->deeds.taker_count; i++) {
        const struct deed *deed = &world->deeds.at[world->deeds.takers[i]];
        if (deed_holds(deed, stream, seq) &&
            is_answered(world, deed, deed->sets->again[stream][seq - 1], fence)) {
            return true;
        }
    }
    return false;
}

bool deeds_hide(const struct ledger *ledger, uint64_t seq)
{
    const struct deeds *deeds = &ledger->world->deeds;
    for (uint32_t i = 0; i < deeds->taker_count; i++) {
        if (deed_holds(&deeds->at[deeds->takers[i]], number_of(ledger), seq)) {
            return true;
        }
    }
    return false;
}

bool deeds_hold_alone(const struct ledger *ledger, uint64_t seq)
{
    const struct deeds *deeds = &ledger->world->deeds;
    bool is_held = false;
    for (uint32_t i = 0; i < deeds->taker_count; i++) {
        const struct deed *deed = &deeds->at[deeds->takers[i]];
        if (deed_holds(deed, number_of(ledger), seq) && deed->what != ACT_HOLD) {
            return false;
        }
        is_held = is_held || deed_holds(deed, number_of(ledger), seq);
    }
    return is_held;
}

static bool may_change_rules(const struct deed *deed)
{
    return deed->what == ACT_RULES || deed->what == ACT_UNDO;
}

enum outcome deeds_caps(const struct ledger *ledger, const struct poster *poster)
{
    const struct deeds *deeds = &ledger->world->deeds;
    for (uint32_t i = poster->deeds; i < deeds->count; i++) {
        if (may_change_rules(&deeds->at[i])) {
            return OUTCOME_ALLOW;
        }
    }
    for (uint32_t i = deeds->count; i > 0; i--) {
        const struct deed *deed = &deeds->at[i - 1];
        if (deed->what == ACT_RULES && deed->lifted_by == 0 && deed_is_on(deed, ledger)) {
            const bool is_known = deed->fence != 0 && deed->fence <= poster->fence;
            return is_known ? (enum outcome)deed->caps : OUTCOME_ALLOW;
        }
    }
    return OUTCOME_ALLOW;
}

/* A text may stand in spite of an act that removed it: by one that was not answered when it was
 * begun to be sent (P6 holds from the answer on), and in the row, behind the act, by which it came
 * back (protocol.md 6: a place stays removed, the text is in the restore). */
bool deeds_took(const struct ledger *ledger, uint64_t seq, uint64_t n, uint64_t fence)
{
    const struct deeds *deeds = &ledger->world->deeds;
    bool is_unanswered = false;
    bool is_behind = false;
    for (uint32_t i = 0; i < deeds->taker_count; i++) {
        const struct deed *deed = &deeds->at[deeds->takers[i]];
        const uint64_t bound_n = deed->sets->bound[number_of(ledger)][seq - 1];
        const bool is_known = deed->fence != 0 && deed->fence <= fence;
        if (bound_n > n && is_known) {
            return true;
        }
        is_unanswered = is_unanswered || bound_n > n;
        is_behind = is_behind || (bound_n > 0 && bound_n <= n);
    }
    reach(TEXT_JUDGED);
    reach_if(is_unanswered, TEXT_UNANSWERED);
    reach_if(is_behind, TEXT_BEHIND);
    return false;
}

bool deeds_are_showing(const struct ledger *ledger, uint64_t seq, uint8_t user)
{
    const struct entry *entry = &ledger->entries[seq - 1];
    if (deeds_hide(ledger, seq)) {
        return false;
    }
    return !entry->is_shadowed || entry->user == user || entry->is_unshadowed;
}

bool deeds_are_unshadowing(const struct ledger *ledger)
{
    const struct world *world = ledger->world;
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        const struct deed *deed = &world->deeds.at[i];
        const struct deed *lifted = deeds_find(world, deed->lifts);
        if (deed->is_left && lifted != NULL && lifted->what == ACT_SHADOW &&
            deed_is_on(lifted, ledger)) {
            return true;
        }
    }
    return false;
}

void deeds_check_rest(struct world *world)
{
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        const struct deed *deed = &world->deeds.at[i];
        world_holds(world, !deed->is_left, "P1: a%llu was begun and has no end",
                    (unsigned long long)deed->id);
    }
}

bool deeds_shadow(const struct ledger *ledger, const struct entry *entry, uint64_t fence)
{
    const struct world *world = ledger->world;
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        const struct deed *deed = &world->deeds.at[i];
        const bool is_by_rule =
            deed->target[0] == 'i' &&
            hash_str(LEDGER_HASH_KEY, str_of(deed->target + strlen("id:"))) == entry->id_hash;
        if (deed->what == ACT_SHADOW && is_by_rule) {
            return true;
        }
    }
    return under_maybe(ledger, ACT_SHADOW, entry->user, fence);
}

static bool is_in_the_way(const struct deed *deed)
{
    static const uint32_t always = 1U << ACT_BAN | 1U << ACT_WARN;
    static const uint32_t if_set =
        1U << ACT_SLOW | 1U << ACT_MODE | 1U << ACT_SHIELD | 1U << ACT_TERMS | 1U << ACT_RULES;
    return (always >> deed->what & 1U) != 0 ||
           ((if_set >> deed->what & 1U) != 0 && deed->has_value) ||
           (deed->what == ACT_HOLD && deed->users != 0) ||
           (deed->what == ACT_TIMEOUT && deed->until_ms != 0);
}

uint64_t deeds_in_the_way(const struct world *world, uint8_t *ret_stream)
{
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        const struct deed *deed = &world->deeds.at[i];
        if (deed->lifted_by == 0 && is_in_the_way(deed)) {
            *ret_stream = deed->stream;
            return deed->id;
        }
    }
    return 0;
}

void deeds_begin(struct world *world)
{
    world->deeds = (struct deeds){.at = calloc(DEEDS_MAX, sizeof(struct deed))};
    must(world->deeds.at != NULL);
}

void deeds_end(struct world *world)
{
    free_all(&world->deeds);
}
