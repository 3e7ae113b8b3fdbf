// SPDX-License-Identifier: Apache-2.0
#include "ledger.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/must.h"
#include "deeds.h"
#include "engine/embedded/comment_body.h"
#include "engine/embedded/store_streams.h"
#include "moderator.h"
#include "queue.h"
#include "under.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is asked ---- */

struct entry *ledger_find(struct ledger *ledger, uint64_t seq)
{
    return seq == 0 || seq > ledger->head ? NULL : &ledger->entries[seq - 1];
}

static bool is_in_view(const struct entry *entry, uint8_t user)
{
    return !entry->is_shadowed || entry->user == user || user == EVERY_USER;
}

static bool is_of(const struct entry *entry, uint32_t kinds)
{
    return (kinds >> (entry->was_removed ? EVENT_REMOVED : entry->kind) & 1U) != 0;
}

uint64_t ledger_count(const struct ledger *ledger, uint8_t user, uint64_t from, uint64_t to,
                      uint32_t kinds)
{
    uint64_t count = 0;
    to = to < ledger->head ? to : ledger->head;
    from = from > 0 ? from : 1;
    if (kinds == UINT32_MAX && ledger->shadows == 0) {
        return to >= from ? to - from + 1 : 0;
    }
    for (uint64_t seq = from; seq <= to; seq++) {
        const struct entry *entry = &ledger->entries[seq - 1];
        count += is_of(entry, kinds) && is_in_view(entry, user);
    }
    return count;
}

/* How many comments of viewers that this user is shown stand before `seq` in its stretch of `at`,
 * as the log goes back. */
static uint32_t others_before(const struct ledger *ledger, uint8_t user, uint64_t seq,
                              int64_t long_ms)
{
    const int64_t at_ms = ledger->entries[seq - 1].at_ms;
    uint32_t count = 0;
    for (; seq > 1 && ledger->entries[seq - 2].at_ms / long_ms == at_ms / long_ms; seq--) {
        const struct entry *entry = &ledger->entries[seq - 2];
        count += entry->kind == EVENT_COMMENT && entry->user != HOST && is_in_view(entry, user);
    }
    return count;
}

/* By our own words on lanes: what the log's readers of each must be sent, and those who are shown
 * what is shadowed of theirs as if everybody were (P8). */
static uint8_t lanes_of(const struct ledger *ledger, uint8_t user, uint64_t seq)
{
    const struct entry *entry = &ledger->entries[seq - 1];
    const unsigned full = 1U << LANE_FULL, readable = 1U << LANE_READABLE;
    const unsigned digest = 1U << LANE_DIGEST, control = 1U << LANE_CONTROL;
    if (entry->kind != EVENT_COMMENT) {
        return (uint8_t)(full | readable | digest | control);
    }
    if (entry->user == HOST) {
        return (uint8_t)(full | readable | digest);
    }
    const bool reads = others_before(ledger, user, seq, 1000) < READABLE_PER_S;
    const bool digests = others_before(ledger, user, seq, 3000) < 5;
    return (uint8_t)(full | (reads ? readable : 0) | (digests ? digest : 0));
}

static bool is_carried(const struct ledger *ledger, uint8_t user, enum lane lane, uint64_t seq)
{
    const bool has_own = user < USERS && ledger->shadows > 0;
    const uint8_t public = ledger->entries[seq - 1].lanes;
    /* What retention took of theirs takes no place any more, though memory still has the rest. */
    const uint8_t lanes = !has_own               ? public
                          : seq > ledger->ground ? lanes_of(ledger, user, seq)
                                                 : lanes_of(ledger, user, seq) | public;
    return (lanes >> lane & 1U) != 0;
}

uint64_t ledger_count_carried(const struct ledger *ledger, uint8_t user, enum lane lane,
                              uint64_t from, uint64_t to)
{
    uint64_t count = 0;
    to = to < ledger->head ? to : ledger->head;
    for (uint64_t seq = from > 0 ? from : 1; seq <= to; seq++) {
        const struct entry *entry = &ledger->entries[seq - 1];
        count += is_in_view(entry, user) && is_carried(ledger, user, lane, seq);
    }
    return count;
}

uint64_t ledger_count_removed(const struct ledger *ledger, uint8_t user,
                              const struct ledger_spared *spared)
{
    const uint64_t to = spared->to < ledger->head ? spared->to : ledger->head;
    uint64_t count = 0;
    for (uint64_t seq = spared->from > 0 ? spared->from : 1; seq <= to; seq++) {
        const struct entry *entry = &ledger->entries[seq - 1];
        const bool is_known = entry->removed_seq != 0 && entry->removed_seq <= spared->upto;
        count += entry->was_removed && (is_known || spared->upto == UINT64_MAX) &&
                 is_in_view(entry, user) && !is_carried(ledger, user, spared->lane, seq);
    }
    return count;
}

uint64_t ledger_prev(const struct ledger *ledger, uint8_t user, uint64_t seq)
{
    while (--seq > 0 && !is_in_view(&ledger->entries[seq - 1], user)) {
    }
    return seq;
}

bool ledger_is_place(const struct ledger *ledger, uint8_t user, uint64_t seq, uint64_t prev)
{
    const uint64_t wanted = ledger_prev(ledger, user == EVERY_USER ? NOBODY_USER : user, seq);
    return ledger_count(ledger, user, seq, seq, UINT32_MAX) == 1 &&
           (prev == wanted || (prev <= ledger->ground && wanted <= ledger->ground));
}

/* A restore or a pin loses the texts of what is removed again; what retention took may have been
 * removed by an act that went with it. */
static bool is_redacted(const struct ledger *ledger, const struct entry *entry,
                        const struct store_row *row)
{
    return (row->kind == EVENT_REMOVED && (entry->was_removed || row->seq <= ledger->ground)) ||
           (row->kind == entry->kind && (row->kind == EVENT_RESTORE || row->kind == EVENT_PIN));
}

void ledger_saw(struct ledger *ledger, const struct store_row *row)
{
    struct world *world = ledger->world;
    const uint64_t seq = row->seq;
    struct entry *entry = ledger_find(ledger, seq);
    world_holds(world, entry != NULL, "P2: seq %llu of %s was shown and is not in the log",
                (unsigned long long)seq, ledger->name.at);
    world_holds(world, seq <= ledger->published,
                "P2: seq %llu of %s was shown before it was published", (unsigned long long)seq,
                ledger->name.at);
    world_holds(world, entry->kind == row->kind || is_redacted(ledger, entry, row),
                "P3: seq %llu of %s was shown as something else", (unsigned long long)seq,
                ledger->name.at);
    world_holds(
        world,
        entry->body_hash == hash_str(LEDGER_HASH_KEY, row->body) || is_redacted(ledger, entry, row),
        "P3: seq %llu of %s was shown with another text", (unsigned long long)seq, ledger->name.at);
    world->shown += !entry->is_shown;
    entry->is_shown = true;
}

void ledger_begin(struct world *world)
{
    static const char *const names[STREAMS] = {"demo", "other"};
    for (int i = 0; i < STREAMS; i++) {
        struct ledger *ledger = &world->ledgers[i];
        *ledger = (struct ledger){
            .world = world,
            .name = str_of(names[i]),
            .entries = calloc(EVENTS_MAX, sizeof(struct entry)),
        };
        must(ledger->entries != NULL);
    }
    world->audit = calloc(1, sizeof(*world->audit));
    must(world->audit != NULL);
}

void ledger_end(struct world *world)
{
    for (int i = 0; i < STREAMS; i++) {
        free(world->ledgers[i].entries);
    }
    free(world->audit);
}

/* ---- reading the disk ---- */

static bool open_audit(struct world *world)
{
    if (world->audit->db == NULL &&
        store_open(world->audit, "data/roar.db", STORE_READS) != ERR_OK) {
        return false;
    }
    return store_begin_read(world->audit) == ERR_OK;
}

void ledger_close(struct world *world)
{
    queue_close(world);
    store_close(world->audit);
}

struct ledger *ledger_by_id(struct world *world, int64_t id)
{
    struct store_stream stream;
    struct str name;
    world_holds(world, store_streams_by_id(world->audit, id, &stream, &name) == ERR_OK,
                "P1: a row belongs to no stream");
    for (int i = 0; i < STREAMS; i++) {
        if (str_eq(world->ledgers[i].name, name)) {
            world->ledgers[i].id = id;
            return &world->ledgers[i];
        }
    }
    world_broken(world, "P3: a row belongs to a stream nobody knows");
}

/* {"user_id":"u1","upto":229}, or of everybody. */
static void take_gone(struct entry *entry, struct str body)
{
    static const char whose[] = "\"user_id\":\"u", upto[] = "\"upto\":";
    const char *user = memmem(body.at, body.len, whose, sizeof(whose) - 1);
    const char *at = memmem(body.at, body.len, upto, sizeof(upto) - 1);
    if (entry->kind == EVENT_RETRACT && !entry->is_shadowed && at != NULL) {
        entry->gone_upto = strtoull(at + sizeof(upto) - 1, NULL, 10);
        entry->gone_user = user == NULL ? EVERY_USER : (uint8_t)(user[sizeof(whose) - 1] - '0');
    }
}

static struct entry entry_of(const struct store_row *row)
{
    struct entry entry = {.n = row->n,
                          .at_ms = row->at_ms,
                          .kind = row->kind,
                          .is_shadowed = (row->flags & EVENT_FLAG_SHADOW) != 0,
                          .body_hash = hash_str(LEDGER_HASH_KEY, row->body)};
    if (row->kind == EVENT_COMMENT) { // "u3", "c17"
        entry.user = (uint8_t)(row->user.at[1] - '0');
        entry.cid = (uint16_t)strtoul(row->cid.at + 1, NULL, 10);
        entry.id_hash = hash_str(LEDGER_HASH_KEY, comment_body_id(row->body));
    } else if (row->user.len > 1) { // what is done to what is shadowed is its author's to know
        entry.user = (uint8_t)(row->user.at[1] - '0');
    }
    take_gone(&entry, row->body);
    return entry;
}

static void note_gone(struct ledger *ledger, uint64_t retract)
{
    const struct entry *gone = &ledger->entries[retract - 1];
    for (uint64_t seq = 1; seq <= gone->gone_upto && seq < retract; seq++) {
        struct entry *entry = &ledger->entries[seq - 1];
        const bool is_theirs = gone->gone_user == EVERY_USER || entry->user == gone->gone_user;
        if (entry->kind == EVENT_COMMENT && is_theirs && entry->was_removed &&
            !entry->is_shadowed && entry->removed_seq == 0) {
            entry->removed_seq = retract;
        }
    }
}

void ledger_note_gone(struct ledger *ledger)
{
    for (uint64_t seq = 1; seq <= ledger->head; seq++) {
        note_gone(ledger, seq);
    }
}

uint64_t ledger_seq_of(const struct ledger *ledger, uint8_t user, uint16_t cid)
{
    const struct comment *comment = &ledger->world->posters[user].comments[cid];
    return &ledger->world->ledgers[comment->stream] == ledger ? comment->seq : 0;
}

static void take_comment(struct world *world, const struct ledger *ledger, struct entry *entry,
                         uint64_t seq)
{
    struct poster *poster = &world->posters[entry->user];
    struct comment *comment = &poster->comments[entry->cid];
    world_holds(world, comment->is_tried && &world->ledgers[comment->stream] == ledger,
                "P3: u%u's c%u in %s is a comment nobody posted", entry->user, entry->cid,
                ledger->name.at);
    world_holds(world, comment->seq == 0 || comment->seq == seq,
                "P4: u%u's c%u in %s has the places %llu and %llu", entry->user, entry->cid,
                ledger->name.at, (unsigned long long)comment->seq, (unsigned long long)seq);
    comment->seq = seq;
    world_holds(world, !comment->is_denied, "P13: u%u's c%u was refused and is there", entry->user,
                entry->cid);
    if (poster->is_away && poster->cid == entry->cid && !comment->is_held && !world->is_verifying) {
        const int64_t waited_ms = world->now_ms - poster->submit.asked_mono_ms;
        world_holds(world, waited_ms <= POST_WAIT_MS_MAX, "P13: u%u waited %lld ms for its place",
                    entry->user, (long long)waited_ms);
    }
}

static void count_accepted(struct world *world, const struct entry *entry)
{
    const int64_t at_ms = entry->at_ms - world->wall_ms; // of one that is found after a crash
    const int64_t now_ms = world->is_verifying && at_ms < world->now_ms ? at_ms : world->now_ms;
    struct poster *poster = &world->posters[entry->user];
    const uint32_t most = world->scenario->has_limits ? 5 : 0;
    if (world->is_verifying && world->clock_stepped) {
        return; // its time is as the clock was
    }
    poster->accepted_ms[poster->accepted++] = now_ms;
    if (most > 0 && poster->accepted > most) {
        const int64_t since_ms = now_ms - poster->accepted_ms[poster->accepted - 1 - most];
        world_holds(world, since_ms >= 10000, "P9: u%u had %u accepted within %lld ms", entry->user,
                    most + 1, (long long)since_ms);
    }
}

/* What an undo brings back comes one by one, or what is shadowed of several would stand apart. */
static void check_restore(struct world *world, struct ledger *ledger, const struct store_row *row)
{
    static const char name[] = "\"seq\":";
    const char *end = row->body.at + row->body.len, *at = row->body.at;
    uint32_t all = 0, shadowed = 0;
    while ((at = memmem(at, (size_t)(end - at), name, sizeof(name) - 1)) != NULL) {
        at += sizeof(name) - 1;
        const struct entry *entry = ledger_find(ledger, strtoull(at, NULL, 10));
        shadowed += entry != NULL && entry->is_shadowed;
        all++;
    }
    const bool is_of_shadow = shadowed == all && (row->flags & EVENT_FLAG_SHADOW) == 0;
    world_holds(world, all <= 1 || is_of_shadow, "P8: seq %llu of %s brings back %u at once",
                (unsigned long long)row->seq, ledger->name.at, all);
}

static void take_row(struct world *world, const struct store_row *row)
{
    struct ledger *ledger = ledger_by_id(world, row->stream);
    struct entry entry = entry_of(row);
    const uint64_t prev = ledger_prev(ledger, NOBODY_USER, ledger->head + 1);
    world_holds(world,
                row->seq == ledger->head + 1 &&
                    (row->prev == prev || (prev <= ledger->ground && row->prev <= ledger->ground)),
                "P3: %s has seq %llu (prev %llu) after %llu", ledger->name.at,
                (unsigned long long)row->seq, (unsigned long long)row->prev,
                (unsigned long long)ledger->head);
    must(row->seq <= EVENTS_MAX);
    const struct entry *before = ledger_find(ledger, ledger->head);
    world_holds(world, before == NULL || (before->at_ms <= row->at_ms && before->n < row->n),
                "P3: seq %llu of %s is older than the one before it", (unsigned long long)row->seq,
                ledger->name.at);
    if (entry.kind == EVENT_COMMENT) {
        take_comment(world, ledger, &entry, row->seq);
        if (!world->posters[entry.user].comments[entry.cid].is_held) { // that was counted before
            count_accepted(world, &entry);
        }
    }
    if (entry.kind == EVENT_RESTORE) {
        check_restore(world, ledger, row);
    }
    ledger->entries[row->seq - 1] = entry;
    ledger->entries[row->seq - 1].lanes = lanes_of(ledger, NOBODY_USER, row->seq);
    ledger->head = row->seq;
    note_gone(ledger, row->seq);
    ledger->shadows += entry.is_shadowed;
    world->audited_n = row->n;
    if (entry.kind == EVENT_COMMENT && ledger == &world->ledgers[0]) {
        moderator_sees(world);
    }
    world_note(world, "committed %s %llu: %s u%u c%u%s", ledger->name.at,
               (unsigned long long)row->seq, event_kind_name(entry.kind), entry.user, entry.cid,
               entry.is_shadowed ? ", shadowed" : "");
}

static void look_at_ground(struct world *world)
{
    for (int i = 0; world->scenario->has_retention && i < STREAMS; i++) {
        struct ledger *ledger = &world->ledgers[i];
        struct store_stream stream;
        if (store_streams_find(world->audit, ledger->name, &stream) != ERR_OK ||
            stream.ground_seq == ledger->ground) {
            continue;
        }
        world_holds(world, stream.ground_seq > ledger->ground && stream.ground_seq <= ledger->head,
                    "P1: retention of %s went from %llu to %llu", ledger->name.at,
                    (unsigned long long)ledger->ground, (unsigned long long)stream.ground_seq);
        ledger->ground = stream.ground_seq;
        world_note(world, "expired %s up to %llu", ledger->name.at,
                   (unsigned long long)ledger->ground);
    }
}

static bool was_held(const struct world *world, const struct store_row *row)
{
    const struct entry entry = entry_of(row);
    return world->posters[entry.user].comments[entry.cid].is_held;
}

/* What acts answered before it was posted make of a comment. */
static void check_sanctions(struct world *world, const struct ledger *ledger,
                            const struct entry *entry)
{
    const struct poster *poster = &world->posters[entry->user];
    const bool is_held = poster->comments[entry->cid].is_held;
    if (entry->kind != EVENT_COMMENT || !poster->is_away || poster->cid != entry->cid) {
        return;
    }
    const uint64_t fence = poster->fence;
    const uint8_t user = entry->user;
    world_holds(world,
                is_held || (!under_surely(ledger, ACT_BAN, user, fence) &&
                            !under_surely(ledger, ACT_TIMEOUT, user, fence) &&
                            !under_surely(ledger, ACT_WARN, user, fence)),
                "P9: u%u posts c%u to %s in spite of a sanction", user, entry->cid,
                ledger->name.at);
    world_holds(world,
                is_held || !under_surely(ledger, ACT_HOLD, user, fence) || entry->is_shadowed,
                "P9: what u%u posts is to be held, and c%u is not", user, entry->cid);
    world_holds(world,
                is_held || !under_surely(ledger, ACT_SHADOW, user, fence) || entry->is_shadowed,
                "P8: u%u is shadowed, and c%u is not", user, entry->cid);
    world_holds(world, !entry->is_shadowed || deeds_shadow(ledger, entry, fence),
                "P8: u%u is not shadowed, and c%u is", user, entry->cid);
}

/* What the strictest of rules and hooks has to make of a comment that is in the log. */
static void check_outcome(struct world *world, const struct entry *entry, enum outcome outcome,
                          const char *whose)
{
    const bool is_held = world->posters[entry->user].comments[entry->cid].is_held;
    const bool is_as_told = outcome == OUTCOME_ALLOW ||
                            (outcome == OUTCOME_HOLD && entry->is_shadowed) ||
                            (outcome == OUTCOME_SHADOW && entry->is_shadowed);
    world_holds(world, is_held || is_as_told, "P9: u%u's c%u is in the log, and %s says %d",
                entry->user, entry->cid, whose, (int)outcome);
}

/* Rules and hooks that judged it. */
static void check_rules(struct world *world, const struct ledger *ledger, const struct entry *entry)
{
    const struct poster *poster = &world->posters[entry->user];
    if (entry->kind != EVENT_COMMENT || !poster->is_away || poster->cid != entry->cid ||
        entry->user == HOST) {
        return;
    }
    const struct wish *wish = &poster->submit.wish;
    check_outcome(world, entry, wish->outcome, "a hook");
    if (poster->submit.traits.caps_percent == 100) {
        check_outcome(world, entry, deeds_caps(ledger, poster), "a rule");
    }
}

static void look_at_acts(struct world *world, const uint64_t heads[STREAMS], uint64_t before_n)
{
    if (world->is_verifying) {
        deeds_verify(world, before_n);
        return;
    }
    deeds_look(world, before_n);
    queue_check(world);
    for (int i = 0; i < STREAMS; i++) {
        const struct ledger *ledger = &world->ledgers[i];
        for (uint64_t seq = heads[i] + 1; seq <= ledger->head; seq++) {
            check_sanctions(world, ledger, &ledger->entries[seq - 1]);
            check_rules(world, ledger, &ledger->entries[seq - 1]);
        }
    }
}

void ledger_look(struct world *world)
{
    sqlite3_stmt *walk = NULL;
    const uint64_t heads[STREAMS] = {world->ledgers[0].head, world->ledgers[1].head};
    const uint64_t before_n = world->audited_n;
    uint32_t comments = 0;
    struct store_row row = {.n = 0};
    const bool is_unchanged = world->audited_ops == disk.ops && !world->is_verifying;
    if (world->is_dead || is_unchanged || !open_audit(world)) {
        return;
    }
    world->audited_ops = disk.ops;
    queue_look(world);
    must(store_rows_since(world->audit, world->audited_n + 1, &walk) == ERR_OK);
    enum err err = ERR_OK;
    while ((err = store_rows_next(world->audit, walk, &row)) == ERR_OK) {
        take_row(world, &row);
        comments += row.kind == EVENT_COMMENT && !was_held(world, &row);
    }
    world_holds(world,
                !world->scenario->has_small_queue || comments <= SMALL_QUEUE || world->is_verifying,
                "P13: %u posts waited for the disk", comments);
    world_holds(world, err == ERR_NOT_FOUND, "P1: a row that was just committed is damaged");
    look_at_ground(world);
    look_at_acts(world, heads, before_n);
    store_rollback(world->audit);
}

void ledger_published(struct world *world)
{
    for (int i = 0; i < STREAMS; i++) {
        world->ledgers[i].published = world->ledgers[i].head;
    }
    world->deeds.published = world->deeds.step_count;
}

/* ---- after a start ---- */

/* What follows the newest row that is still there never happened, if nobody knew of it. */
static void cut(struct world *world, struct ledger *ledger, uint64_t head)
{
    for (; ledger->head > head; ledger->head--) {
        struct entry *entry = ledger_find(ledger, ledger->head);
        world_holds(world, !entry->is_answered, "P1: seq %llu of %s was answered and is gone",
                    (unsigned long long)ledger->head, ledger->name.at);
        world_holds(world, !entry->is_shown, "P2: seq %llu of %s was shown and is gone",
                    (unsigned long long)ledger->head, ledger->name.at);
        if (entry->kind == EVENT_COMMENT) {
            struct poster *poster = &world->posters[entry->user];
            poster->comments[entry->cid].seq = 0;
            poster->accepted -= poster->accepted > 0 && !poster->comments[entry->cid].is_held;
        }
        ledger->shadows -= entry->is_shadowed;
        *entry = (struct entry){.n = 0};
    }
    ledger->published = ledger->published < head ? ledger->published : head;
}

static void verify_row(struct world *world, struct ledger *ledger, const struct store_row *row)
{
    struct entry *known = ledger_find(ledger, row->seq);
    const struct entry entry = entry_of(row);
    known->is_found_removed = row->kind == EVENT_REMOVED;
    world_holds(world,
                known->n == entry.n && known->at_ms == entry.at_ms &&
                    ((known->kind == entry.kind && known->body_hash == entry.body_hash) ||
                     known->is_found_removed || is_redacted(ledger, known, row)),
                "P1: seq %llu of %s is another one after the restart", (unsigned long long)row->seq,
                ledger->name.at);
}

/* Nothing is removed but by acts. */
static void check_found(struct world *world, const struct ledger *ledger)
{
    for (uint64_t seq = ledger->ground + 1; seq <= ledger->head; seq++) {
        const struct entry *entry = &ledger->entries[seq - 1];
        must(entry != NULL);
        world_holds(world, !entry->is_found_removed || entry->was_removed,
                    "P1: seq %llu of %s is removed, and no act removed it", (unsigned long long)seq,
                    ledger->name.at);
        world_holds(world, entry->is_found_removed || !entry->was_named,
                    "P6: an act removed seq %llu of %s, and its text is there after the restart",
                    (unsigned long long)seq, ledger->name.at);
    }
}

static void verify_known(struct world *world, uint64_t *heads)
{
    sqlite3_stmt *walk = NULL;
    struct store_row row = {.n = 0};
    enum err err = ERR_OK;
    must(store_rows_since(world->audit, 1, &walk) == ERR_OK);
    while ((err = store_rows_next(world->audit, walk, &row)) == ERR_OK) {
        struct ledger *ledger = ledger_by_id(world, row.stream);
        uint64_t *head = &heads[ledger - world->ledgers];
        world_holds(world, row.seq == *head + 1, "P1: %s lacks what stands before seq %llu",
                    ledger->name.at, (unsigned long long)row.seq);
        *head = row.seq;
        if (row.seq <= ledger->head) {
            verify_row(world, ledger, &row);
        }
    }
    world_holds(world, err == ERR_NOT_FOUND, "P1: a row is damaged after the restart");
}

void ledger_verify(struct world *world)
{
    uint64_t heads[STREAMS];
    world_holds(world, open_audit(world), "P1: the log cannot be read after the restart");
    look_at_ground(world);
    for (int i = 0; i < STREAMS; i++) {
        heads[i] = world->ledgers[i].ground;
    }
    verify_known(world, heads);
    store_rollback(world->audit);
    world->audited_n = 0;
    for (int i = 0; i < STREAMS; i++) {
        struct ledger *ledger = &world->ledgers[i];
        cut(world, ledger, heads[i] < ledger->head ? heads[i] : ledger->head);
        const struct entry *newest = ledger_find(ledger, ledger->head);
        world->audited_n =
            newest != NULL && newest->n > world->audited_n ? newest->n : world->audited_n;
    }
    world->is_verifying = true;
    ledger_look(world);
    world->is_verifying = false;
    for (int i = 0; i < STREAMS; i++) {
        check_found(world, &world->ledgers[i]);
    }
    ledger_published(world); // whoever asks the new process gets all of it
}
