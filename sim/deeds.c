// SPDX-License-Identifier: Apache-2.0
#include "deeds.h"

#include "base/hash.h"
#include "base/must.h"
#include "base/reach.h"
#include "engine/embedded/store_acts.h"
#include "engine/embedded/store_audit.h"
#include "ledger.h"
#include "rules/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(REACH_DONE_RULES - REACH_DONE_DELETE == ACT_RULES - ACT_DELETE,
               "one for each kind of act");

enum { MS_A_SECOND = 1000, TIMEOUT_SLACK_MS = 2000 };

/* ---- sets of comments ---- */

static bool has(const uint8_t *set, uint64_t seq)
{
    return (set[(seq - 1) / 8] >> ((seq - 1) % 8) & 1) != 0;
}

static void put(uint8_t *set, uint64_t seq)
{
    set[(seq - 1) / 8] |= (uint8_t)(1 << ((seq - 1) % 8));
}

static void take(uint8_t *set, uint64_t seq)
{
    set[(seq - 1) / 8] &= (uint8_t) ~(1 << ((seq - 1) % 8));
}

/* ---- what they are aimed at ---- */

static bool is_on(const struct deed *deed, const struct ledger *ledger)
{
    return deed->stream == STREAMS || &ledger->world->ledgers[deed->stream] == ledger;
}

static uint8_t number_of(const struct ledger *ledger)
{
    return (uint8_t)(ledger - ledger->world->ledgers);
}

struct deed *deeds_find(const struct world *world, uint64_t id)
{
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        if (world->deeds.at[i].id == id) {
            return &world->deeds.at[i];
        }
    }
    return NULL;
}

static void remove_one(struct ledger *ledger, struct deed *deed, uint64_t seq)
{
    struct entry *entry = ledger_find(ledger, seq);
    if (entry == NULL || entry->kind != EVENT_COMMENT) {
        return;
    }
    entry->was_removed = true;
    if (deed->stream == number_of(ledger) && !entry->is_shadowed && entry->removed_seq == 0) {
        entry->removed_seq = deed->seq;
    }
    if (deed->sets == NULL) {
        deed->sets = calloc(1, sizeof(*deed->sets));
        must(deed->sets != NULL);
    }
    put(deed->sets->took[number_of(ledger)], seq);
    put(deed->sets->holds[number_of(ledger)], seq);
}

/* The comments of "seq:1,2", each in its turn. False: that was the last. */
static bool next_named(const struct deed *deed, const char **at, uint64_t *ret_seq)
{
    char *end = NULL;
    const char *from = *at == NULL ? deed->target + strlen("seq:") : *at + 1;
    if (*at != NULL && **at != ',') {
        return false;
    }
    *ret_seq = strtoull(from, &end, 10);
    *at = end;
    return true;
}

static bool names_seqs(const struct deed *deed)
{
    return strncmp(deed->target, "seq:", 4) == 0;
}

/* Of many only what is visible is held. */
static void remove_named(struct ledger *ledger, struct deed *deed)
{
    const char *at = NULL;
    uint64_t seq = 0;
    const bool is_group = strchr(deed->target, ',') != NULL;
    while (next_named(deed, &at, &seq)) {
        const struct entry *entry = ledger_find(ledger, seq);
        const bool is_seen = entry != NULL && !deeds_hide(ledger, seq) &&
                             (!entry->is_shadowed || entry->is_unshadowed);
        if (!is_group || deed->what != ACT_HOLD || is_seen) {
            remove_one(ledger, deed, seq);
        }
    }
    reach_if(is_group, DONE_TO_MANY);
}

/* To hold what is shadowed changes nothing: nobody sees it. */
static void take_named(struct ledger *ledger, struct deed *deed)
{
    const struct entry *event = ledger == NULL ? NULL : ledger_find(ledger, deed->seq);
    const bool is_nothing = deed->what == ACT_HOLD && event == NULL;
    if (ledger != NULL && !is_nothing && names_seqs(deed)) {
        deed->bound_n = event == NULL ? 0 : event->n;
        remove_named(ledger, deed);
    }
}

static void sweep(struct world *world, struct deed *deed, uint64_t upto_n)
{
    deed->bound_n = upto_n + 1;
    for (int i = 0; i < STREAMS; i++) {
        struct ledger *ledger = &world->ledgers[i];
        for (uint64_t seq = 1; is_on(deed, ledger) && seq <= ledger->head; seq++) {
            const struct entry *entry = ledger_find(ledger, seq);
            if (entry->n <= upto_n && (deed->what == ACT_CLEAR || entry->user == deed->user)) {
                remove_one(ledger, deed, seq);
            }
        }
    }
}

/* Whatever removes it does no more. */
static void let_go(struct world *world, struct deed *deed, uint64_t seq)
{
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        struct deed *other = &world->deeds.at[i];
        if (other->sets != NULL && has(other->sets->holds[deed->stream], seq)) {
            must(deed->lifted_count < LIFTED_MAX);
            deed->lifted[deed->lifted_count].act = other->id;
            deed->lifted[deed->lifted_count++].seq = seq;
            take(other->sets->holds[deed->stream], seq);
        }
    }
}

static uint64_t seq_of_target(const struct deed *deed)
{
    return strncmp(deed->target, "seq:", 4) == 0 && strchr(deed->target, ',') == NULL
               ? strtoull(deed->target + 4, NULL, 10)
               : 0;
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

static void restore(struct world *world, struct deed *deed)
{
    const char *at = NULL;
    uint64_t seq = 0;
    while (names_seqs(deed) && next_named(deed, &at, &seq)) {
        if (seq <= world->ledgers[deed->stream].head &&
            deeds_hide(&world->ledgers[deed->stream], seq)) {
            let_go(world, deed, seq);
            lift_those_on(world, deed, seq);
        }
    }
}

static void approve(struct world *world, struct deed *deed)
{
    const uint64_t seq = seq_of_id(world, deed);
    const struct entry *entry = ledger_find(&world->ledgers[deed->stream], deed->seq);
    if (entry != NULL && entry->kind == EVENT_RESTORE && seq != 0) {
        let_go(world, deed, seq);
        lift_those_on(world, deed, seq);
    }
}

static void reject(struct world *world, struct deed *deed)
{
    const uint64_t seq = seq_of_id(world, deed);
    if (seq != 0) {
        remove_one(&world->ledgers[deed->stream], deed, seq);
    }
}

static void undo_restore(struct world *world, const struct deed *restored)
{
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        struct deed *other = &world->deeds.at[i];
        if (other->lifted_by == restored->id) {
            other->lifted_by = 0;
            remove_named(&world->ledgers[other->stream], other);
        }
    }
    for (uint8_t i = 0; i < restored->lifted_count; i++) {
        struct deed *other = deeds_find(world, restored->lifted[i].act);
        if (other->lifted_by == 0) {
            put(other->sets->holds[restored->stream], restored->lifted[i].seq);
        }
    }
}

static bool is_on_id_of(const struct deed *deed, const struct entry *entry)
{
    return deed->target[0] == 'i' &&
           hash_str(LEDGER_HASH_KEY, str_of(deed->target + strlen("id:"))) == entry->id_hash;
}

/* Its author, or by a rule or a hook this one by itself. */
static bool is_still_shadowed(const struct ledger *ledger, const struct entry *entry)
{
    const struct deeds *deeds = &ledger->world->deeds;
    for (uint32_t i = 0; i < deeds->count; i++) {
        const struct deed *deed = &deeds->at[i];
        if (deed->what == ACT_SHADOW && deed->lifted_by == 0 && is_on(deed, ledger) &&
            (deed->user == entry->user || is_on_id_of(deed, entry))) {
            return true;
        }
    }
    return false;
}

/* It hid this comment: its author's since then, or by its id. */
static bool hid(const struct deed *deed, const struct entry *entry)
{
    return deed->user == NOBODY_USER ? is_on_id_of(deed, entry)
                                     : entry->user == deed->user && entry->n >= deed->since_n;
}

/* What it hid is put back by a restore: its own place is removed. */
static void unshadow(struct world *world, const struct deed *deed)
{
    const uint64_t upto_n = deeds_find(world, deed->lifted_by)->known_n;
    for (int i = 0; i < STREAMS; i++) {
        struct ledger *ledger = &world->ledgers[i];
        for (uint64_t seq = 1; is_on(deed, ledger) && seq <= ledger->head; seq++) {
            struct entry *entry = &ledger->entries[seq - 1];
            if (entry->kind == EVENT_COMMENT && entry->is_shadowed && entry->n <= upto_n &&
                hid(deed, entry) && !is_still_shadowed(ledger, entry)) {
                entry->was_removed = entry->is_unshadowed = true;
            }
        }
    }
}

static void lift(struct world *world, struct deed *deed, uint64_t by)
{
    deed->lifted_by = by;
    if (deed->what == ACT_SHADOW) {
        unshadow(world, deed);
    }
    if (deed->sets != NULL) {
        memset(deed->sets->holds, 0, sizeof(deed->sets->holds));
    }
    if (deed->what == ACT_RESTORE) {
        undo_restore(world, deed);
    }
    for (uint32_t i = 0; i < world->deeds.count; i++) { // a lifter's undoing
        struct deed *other = &world->deeds.at[i];
        const bool is_lifter = deed->what == ACT_UNBAN || deed->what == ACT_UNSHADOW ||
                               (deed->what == ACT_TIMEOUT && deed->until_ms == 0);
        if (is_lifter && other->lifted_by == deed->id) {
            other->lifted_by = 0;
            other->lift_fence = 0;
        }
    }
}

static void undo(struct world *world, const struct deed *deed)
{
    struct deed *before = deeds_find(world, strtoull(deed->target + strlen("act:a"), NULL, 10));
    world_holds(world, before != NULL, "P1: a%llu undoes what is not there",
                (unsigned long long)deed->id);
    lift(world, before, deed->id);
}

/* It takes the place of such an act, or ends it. */
static void supersede(struct world *world, const struct deed *deed, enum act_do what)
{
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        struct deed *other = &world->deeds.at[i];
        if (other != deed && other->what == what && other->lifted_by == 0 &&
            other->stream == deed->stream && other->user == deed->user &&
            (deed->user != NOBODY_USER || strcmp(other->target, deed->target) == 0)) {
            other->lifted_by = deed->id;
        }
    }
}

static void acknowledge(struct world *world, const struct deed *deed)
{
    struct deed *warning = deeds_find(world, strtoull(deed->target + strlen("act:a"), NULL, 10));
    if (warning != NULL) {
        warning->lifted_by = deed->id;
    }
}

/* Granted, what was appealed against is undone. */
static void decide(struct world *world, const struct deed *deed)
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
        lift(world, against, deed->id);
    }
}

static void follow(struct world *world, struct deed *deed, uint64_t value)
{
    struct ledger *ledger = deed->stream == STREAMS ? NULL : &world->ledgers[deed->stream];
    switch ((enum act_do)deed->what) {
    case ACT_HOLD:
    case ACT_DELETE:
        take_named(ledger, deed);
        break;
    case ACT_PURGE:
    case ACT_CLEAR:
        sweep(world, deed, value);
        break;
    case ACT_RESTORE:
        restore(world, deed);
        break;
    case ACT_APPROVE:
        approve(world, deed);
        break;
    case ACT_REJECT:
        reject(world, deed);
        break;
    case ACT_UNDO:
        undo(world, deed);
        break;
    case ACT_BAN:
    case ACT_TIMEOUT:
    case ACT_WARN:
        supersede(world, deed, (enum act_do)deed->what);
        break;
    case ACT_SHADOW:
        deed->since_n = value;
        supersede(world, deed, ACT_SHADOW);
        break;
    case ACT_UNBAN:
        supersede(world, deed, ACT_BAN);
        break;
    case ACT_UNSHADOW:
        supersede(world, deed, ACT_SHADOW);
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
        decide(world, deed);
        break;
    }
}

/* ---- the rows of `acts` ---- */

static struct deed before[DEEDS_MAX]; // while all is followed anew
static uint32_t before_count;

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
    return row->seconds <= 0 ? 0 : world->now_ms + row->seconds * MS_A_SECOND;
}

/* What is followed anew was known when its rows were not all there yet. */
static uint64_t known_n(const struct world *world, uint64_t id)
{
    for (uint32_t i = 0; i < before_count; i++) {
        if (before[i].id == id) {
            return before[i].known_n;
        }
    }
    return world->audited_n;
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

static void take_act(struct world *world, const struct store_act *row)
{
    struct deeds *deeds = &world->deeds;
    must(deeds->count < DEEDS_MAX);
    struct deed *deed = &deeds->at[deeds->count++];
    *deed = (struct deed){
        .id = row->id,
        .seq = row->seq,
        .what = (uint8_t)row->what,
        .until_ms = until_of(world, row),
        .known_n = known_n(world, row->id),
        .stream = row->stream == 0 ? STREAMS
                                   : (uint8_t)(ledger_by_id(world, row->stream) - world->ledgers),
        .has_value = row->seconds != 0 || row->value.len > 0,
        .is_granted = row->what == ACT_DECIDE && str_eq(row->value, STR("granted")),
        .caps = (uint8_t)caps_of(row),
    };
    (void)snprintf(deed->target, sizeof(deed->target), "%.*s", (int)row->target.len,
                   row->target.at);
    deed->user = user_of(deed->target);
    world_note(world, "act a%llu: %s %s at %llu", (unsigned long long)deed->id, act_name(row->what),
               deed->target, (unsigned long long)deed->seq);
    const bool is_number =
        row->what == ACT_PURGE || row->what == ACT_CLEAR || row->what == ACT_SHADOW;
    follow(world, deed, is_number ? strtoull(row->value.at, NULL, 10) : 0);
}

void deeds_look_held(struct world *world)
{
    sqlite3_stmt *walk = NULL;
    if (!world->is_moderated ||
        sqlite3_prepare_v2(world->audit->db,
                           "SELECT n, user, cid FROM held WHERE n > ?1 ORDER BY n", -1, &walk,
                           NULL) != SQLITE_OK) {
        return; // a disk that fails is looked at again
    }
    (void)sqlite3_bind_int64(walk, 1, (int64_t)world->deeds.held_n);
    while (sqlite3_step(walk) == SQLITE_ROW) {
        const char *user = (const char *)sqlite3_column_text(walk, 1);
        const char *cid = (const char *)sqlite3_column_text(walk, 2);
        struct poster *poster = &world->posters[user[1] - '0'];
        poster->comments[strtoul(cid + 1, NULL, 10)].is_held = true;
        world->deeds.held_n = (uint64_t)sqlite3_column_int64(walk, 0);
    }
    (void)sqlite3_finalize(walk);
}

void deeds_look(struct world *world)
{
    struct deeds *deeds = &world->deeds;
    for (;;) {
        const uint64_t newest = deeds->count == 0 ? 0 : deeds->at[deeds->count - 1].id;
        struct store_act row;
        if (store_acts_get(world->audit, newest + 1, &row) != ERR_OK) {
            break;
        }
        take_act(world, &row);
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
    verify_chain(world, 0, "all streams");
    for (int i = 0; i < STREAMS; i++) {
        if (world->ledgers[i].id != 0) {
            verify_chain(world, world->ledgers[i].id, world->ledgers[i].name.at);
        }
    }
}

static void free_sets(struct deeds *deeds)
{
    for (uint32_t i = 0; i < deeds->count; i++) {
        free(deeds->at[i].sets);
        deeds->at[i].sets = NULL;
    }
}

/* What a crash took was never answered; so what is left is followed anew. */
void deeds_verify(struct world *world)
{
    struct deeds *deeds = &world->deeds;
    before_count = deeds->count;
    free_sets(deeds);
    memcpy(before, deeds->at, before_count * sizeof(before[0]));
    deeds->count = 0;
    deeds->held_n = 0;
    for (int i = 0; i < STREAMS; i++) {
        struct ledger *ledger = &world->ledgers[i];
        for (uint64_t seq = 1; seq <= ledger->head; seq++) {
            ledger->entries[seq - 1].was_removed = ledger->entries[seq - 1].is_unshadowed = false;
            ledger->entries[seq - 1].removed_seq = 0;
        }
    }
    deeds_look_held(world);
    deeds_look(world);
    for (uint32_t i = 0; i < before_count; i++) {
        struct deed *deed = deeds_find(world, before[i].id);
        world_holds(world, deed != NULL || before[i].fence == 0,
                    "P1: a%llu was answered and is gone", (unsigned long long)before[i].id);
        if (deed != NULL && deed->seq == before[i].seq && deed->what == before[i].what) {
            deed->until_ms = before[i].until_ms;
            deed->fence = before[i].fence;
            deed->lift_fence = before[i].lift_fence;
        }
    }
    before_count = 0;
    for (uint32_t i = 0; i < deeds->count; i++) {
        if (deeds->at[i].fence == 0) { // whoever asks the new process finds it in force
            answered(world, &deeds->at[i]);
        }
    }
    verify_audit(world);
}

/* ---- what holds ---- */

bool deeds_remove(const struct ledger *ledger, uint64_t seq, uint64_t fence)
{
    const struct deeds *deeds = &ledger->world->deeds;
    for (uint32_t i = 0; i < deeds->count && seq > ledger->ground; i++) {
        const struct deed *deed = &deeds->at[i];
        if (deed->sets != NULL && deed->fence != 0 && deed->fence <= fence &&
            has(deed->sets->holds[number_of(ledger)], seq)) {
            return true;
        }
    }
    return false;
}

bool deeds_hide(const struct ledger *ledger, uint64_t seq)
{
    const struct deeds *deeds = &ledger->world->deeds;
    for (uint32_t i = 0; i < deeds->count; i++) {
        if (deeds->at[i].sets != NULL && has(deeds->at[i].sets->holds[number_of(ledger)], seq)) {
            return true;
        }
    }
    return false;
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
        if (deed->what == ACT_RULES && deed->lifted_by == 0 && is_on(deed, ledger)) {
            const bool is_known = deed->fence != 0 && deed->fence <= poster->fence;
            return is_known ? (enum outcome)deed->caps : OUTCOME_ALLOW;
        }
    }
    return OUTCOME_ALLOW;
}

bool deeds_took(const struct ledger *ledger, uint64_t seq, uint64_t n, uint64_t fence)
{
    const struct deeds *deeds = &ledger->world->deeds;
    for (uint32_t i = 0; i < deeds->count && seq > ledger->ground; i++) {
        const struct deed *deed = &deeds->at[i];
        if (deed->sets != NULL && deed->fence != 0 && deed->fence <= fence && deed->bound_n > n &&
            has(deed->sets->took[number_of(ledger)], seq)) {
            return true;
        }
    }
    return false;
}

bool deeds_are_showing(const struct ledger *ledger, uint64_t seq, uint8_t user)
{
    const struct entry *entry = &ledger->entries[seq - 1];
    if (deeds_remove(ledger, seq, UINT64_MAX)) {
        return false;
    }
    return !entry->is_shadowed || entry->user == user || entry->is_unshadowed;
}

static bool is_on_user(const struct deed *deed, const struct ledger *ledger, uint8_t user)
{
    return deed->user == user && is_on(deed, ledger);
}

bool deeds_under(const struct ledger *ledger, enum act_do what, uint8_t user, uint64_t fence)
{
    const struct world *world = ledger->world;
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        const struct deed *deed = &world->deeds.at[i];
        if (what == ACT_TIMEOUT && world->scenario->clock_steps > 0) {
            return false; // over a restart it lasts by the wall's clock
        }
        if (deed->what == what && is_on_user(deed, ledger, user) && deed->fence != 0 &&
            deed->fence <= fence && deed->lifted_by == 0 &&
            deed->until_ms > world->now_ms + TIMEOUT_SLACK_MS) {
            return true;
        }
    }
    return false;
}

bool deeds_may_be_under(const struct ledger *ledger, enum act_do what, uint8_t user, uint64_t fence)
{
    const struct deeds *deeds = &ledger->world->deeds;
    for (uint32_t i = 0; i < deeds->count; i++) {
        const struct deed *deed = &deeds->at[i];
        const bool is_lifted = deed->lift_fence != 0 && deed->lift_fence <= fence;
        if (deed->what == what && is_on_user(deed, ledger, user) && !is_lifted) {
            return true;
        }
    }
    return false;
}

bool deeds_shadow(const struct ledger *ledger, const struct entry *entry)
{
    const struct world *world = ledger->world;
    for (uint32_t i = 0; i < world->deeds.count; i++) {
        const struct deed *deed = &world->deeds.at[i];
        const bool is_by_rule =
            deed->target[0] == 'i' &&
            hash_str(LEDGER_HASH_KEY, str_of(deed->target + strlen("id:"))) == entry->id_hash;
        if (deed->what == ACT_SHADOW && (is_by_rule || is_on_user(deed, ledger, entry->user))) {
            return true;
        }
    }
    return false;
}

static bool is_in_the_way(const struct deed *deed)
{
    static const uint32_t always = 1U << ACT_BAN | 1U << ACT_WARN;
    static const uint32_t if_set =
        1U << ACT_SLOW | 1U << ACT_MODE | 1U << ACT_SHIELD | 1U << ACT_TERMS | 1U << ACT_RULES;
    return (always >> deed->what & 1U) != 0 ||
           ((if_set >> deed->what & 1U) != 0 && deed->has_value) ||
           (deed->what == ACT_HOLD && deed->user != NOBODY_USER) ||
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
    world->deeds.at = calloc(DEEDS_MAX, sizeof(struct deed));
    must(world->deeds.at != NULL);
}

void deeds_end(struct world *world)
{
    free_sets(&world->deeds);
    free(world->deeds.at);
}
