// SPDX-License-Identifier: Apache-2.0
#include "screen.h"

#include "base/must.h"
#include "base/reach.h"
#include "deed.h"
#include "deeds.h"
#include "ledger.h"
#include "under.h"
#include "wire/json_slice.h"

#include <stdlib.h>
#include <string.h>

static struct screen *screen_of(struct prover_log *log)
{
    return (struct screen *)(void *)log;
}

/* ---- the truth, as they see it ---- */

static uint64_t on_count(struct prover_log *log, uint64_t from, uint64_t to, uint32_t kinds)
{
    return ledger_count(screen_of(log)->ledger, screen_of(log)->user, from, to, kinds);
}

static uint64_t on_carried(struct prover_log *log, enum lane lane, uint64_t from, uint64_t to)
{
    return ledger_count_carried(screen_of(log)->ledger, screen_of(log)->user, lane, from, to);
}

static uint64_t on_count_removed(struct prover_log *log, enum lane lane, uint64_t from, uint64_t to,
                                 uint64_t upto)
{
    const struct ledger_spared spared = {.lane = lane, .from = from, .to = to, .upto = upto};
    return ledger_count_removed(screen_of(log)->ledger, screen_of(log)->user, &spared);
}

static uint64_t on_oldest(struct prover_log *log)
{
    const struct ledger *ledger = screen_of(log)->ledger;
    return ledger->ground < ledger->head ? ledger->ground + 1 : UINT64_MAX;
}

static uint64_t on_expired(struct prover_log *log)
{
    return screen_of(log)->ledger->ground;
}

static void on_saw(struct prover_log *log, uint64_t seq, uint64_t prev, uint32_t kind,
                   struct str body)
{
    const struct store_row row = {.seq = seq, .prev = prev, .kind = (uint8_t)kind, .body = body};
    ledger_saw(screen_of(log)->ledger, &row);
}

/* A text stands in what is sent as `within`. */
static bool on_removed(struct prover_log *log, uint64_t seq, uint64_t within, uint64_t upto)
{
    struct ledger *ledger = screen_of(log)->ledger;
    const struct entry *entry = ledger_find(ledger, seq);
    world_holds(ledger->world,
                entry == NULL || !entry->is_shadowed || entry->is_unshadowed ||
                    entry->user == screen_of(log)->user,
                "P8: the text of seq %llu of %s is sent to others in %llu", (unsigned long long)seq,
                ledger->name.at, (unsigned long long)within);
    const struct entry *carrier = ledger_find(ledger, within);
    const bool is_removed = carrier == NULL ? deeds_remove(ledger, seq, upto)
                                            : deeds_took(ledger, seq, carrier->n, upto);
    world_holds(ledger->world, !is_removed, "P6: the text of seq %llu of %s is sent in %llu",
                (unsigned long long)seq, ledger->name.at, (unsigned long long)within);
    return is_removed;
}

static bool on_is_place(struct prover_log *log, uint64_t seq, uint64_t prev)
{
    return ledger_is_place(screen_of(log)->ledger, screen_of(log)->user, seq, prev);
}

static void on_broken(struct prover_log *log, const char *what)
{
    world_broken(screen_of(log)->ledger->world, "P5: %s", what);
}

/* ---- what it shows ---- */

static uint64_t number(struct str json, const char *name)
{
    const char *at = memmem(json.at, json.len, name, strlen(name));
    return at == NULL ? 0 : strtoull(at + strlen(name), NULL, 10);
}

static bool is_type(struct str json, const char *type)
{
    static const struct str begin = STR("{\"type\":\"");
    return str_has_prefix(json, begin) && json.len > begin.len + strlen(type) &&
           memcmp(json.at + begin.len, type, strlen(type)) == 0 &&
           json.at[begin.len + strlen(type)] == '"';
}

static void set(struct screen *screen, uint64_t seq, uint64_t act, bool is_shown)
{
    must(seq > 0 && seq <= EVENTS_MAX);
    screen->upto = seq > screen->upto ? seq : screen->upto;
    if (act >= screen->acts[seq - 1]) {
        screen->acts[seq - 1] = act;
        screen->is_shown[seq - 1] = is_shown;
    }
}

/* Each comment object in `at`, of an array. */
static void show_each(struct screen *screen, struct str list, uint64_t act)
{
    while (list.len > 0 && list.at[0] != ']') {
        const struct str json = json_slice_value(list);
        const uint64_t seq = number(json, "\"seq\":");
        if (json.len == 0 || seq == 0) {
            return;
        }
        set(screen, seq, act, is_type(json, "comment"));
        screen->is_known[seq - 1] = true;
        const char *next = json.at + json.len;
        list.len -= (size_t)(next - list.at);
        list.at = next;
        while (list.len > 0 && (list.at[0] == ',' || list.at[0] == ' ')) {
            list = (struct str){.at = list.at + 1, .len = list.len - 1};
        }
    }
}

static struct str behind(struct str json, const char *name)
{
    const char *at = memmem(json.at, json.len, name, strlen(name));
    if (at == NULL) {
        return STR_NONE;
    }
    at += strlen(name);
    return (struct str){.at = at, .len = (size_t)(json.at + json.len - at)};
}

static void retract(struct screen *screen, struct str json, uint64_t act)
{
    const struct str seqs = behind(json, "\"seqs\":[");
    const struct str user = behind(json, "\"user_id\":\"u");
    const uint64_t upto = number(json, "\"upto\":");
    for (const char *at = seqs.at; seqs.len > 0;) {
        char *end = NULL;
        set(screen, strtoull(at, &end, 10), act, false);
        if (*end != ',') {
            return;
        }
        at = end + 1;
    }
    for (uint64_t seq = 1; seq <= upto && seq <= screen->ledger->head; seq++) {
        const struct entry *entry = &screen->ledger->entries[seq - 1];
        if (user.len == 0 || (entry->kind == EVENT_COMMENT && entry->user == user.at[0] - '0')) {
            set(screen, seq, act, false);
        }
    }
}

static void on_told(struct prover_log *log, struct str json)
{
    struct screen *screen = screen_of(log);
    const uint64_t seq = number(json, "\"seq\":");
    if (is_type(json, "comment") || is_type(json, "removed")) {
        const struct entry *entry = ledger_find(screen->ledger, seq);
        reach_if(entry != NULL && entry->is_shadowed, SHOWN_SHADOW);
        reach_if(is_type(json, "removed"), SHOWN_REMOVED);
        set(screen, seq, 0, is_type(json, "comment"));
        screen->is_known[seq - 1] = true;
    } else if (is_type(json, "restore")) {
        show_each(screen, behind(json, "\"comments\":["), seq);
    } else if (is_type(json, "retract")) {
        retract(screen, json, seq);
    }
}

/* Of acts who moderates is told, but not of a shadow of theirs. */
static void check_notice(const struct screen *screen, struct str json)
{
    struct world *world = screen->ledger->world;
    const char *const name = world->posters[screen->user].name;
    char own[64], among[64];
    snprintf(own, sizeof(own), "\"target\":\"user:%s\"", name);
    snprintf(among, sizeof(among), "\\\"%s\\\"", name); // of "users:[\"u1\",\"u4\"]"
    reach(TOLD_OF_AN_ACT);
    world_holds(world, screen->moderates, "who does not moderate is told %.*s", (int)json.len,
                json.at);
    const bool is_of_shadow = strstr(json.at, "\"do\":\"shadow\"") != NULL ||
                              strstr(json.at, "\"do\":\"unshadow\"") != NULL;
    world_holds(
        world, !is_of_shadow || (strstr(json.at, own) == NULL && strstr(json.at, among) == NULL),
        "P8: u%u is told of a shadow of theirs: %.*s", screen->user, (int)json.len, json.at);
}

/* One that it was told of, over or not, does not come back. */
static void note_warning(struct screen *screen, uint64_t act, bool is_over)
{
    uint32_t i = 0;
    while (i < screen->warning_count && screen->warnings[i].act != act) {
        i++;
    }
    if (i < WARNINGS_SEEN_MAX) {
        screen->warnings[i].act = act;
        screen->warnings[i].is_over =
            is_over || (i < screen->warning_count && screen->warnings[i].is_over);
        screen->warning_count += i == screen->warning_count;
    }
}

/* That they are under one, or not any more. */
static void check_warning(struct screen *screen, struct str json, bool is_over)
{
    struct world *world = screen->ledger->world;
    const uint64_t act = number(json, "\"act\":\"a");
    const struct deed *deed = deeds_find(world, act);
    world_holds(world,
                deed != NULL && deed->what == ACT_WARN && deed_names_user(deed, screen->user),
                "P8: u%u is told of the warning of another", screen->user);
    world_holds(world, !is_over || deed->lifted_by != 0 || !under_is_on(deed, screen->user),
                "P9: u%u is told that a%llu is over, and it is not", screen->user,
                (unsigned long long)act);
    note_warning(screen, act, is_over);
    screen->warned += !is_over;
    reach_if(is_over, WARNING_OVER);
}

/* To who is concerned alone. */
static void on_notified(struct prover_log *log, struct str json)
{
    struct screen *screen = screen_of(log);
    struct world *world = screen->ledger->world;
    world_holds(world, screen->user != NOBODY_USER, "P8: nobody in particular is told %.*s",
                (int)json.len, json.at);
    if (is_type(json, "notice")) {
        check_notice(screen, json);
        return;
    }
    if (screen->moderates) { // of the queue they are told all
        return;
    }
    if (is_type(json, "warned") || is_type(json, "unwarned")) {
        check_warning(screen, json, is_type(json, "unwarned"));
        return;
    }
    const uint64_t cid = number(json, "\"cid\":\"c");
    const struct comment *comment = &world->posters[screen->user].comments[cid % CIDS_MAX];
    struct ledger *ledger = &world->ledgers[comment->stream];
    const struct entry *entry = ledger_find(ledger, comment->seq);
    const bool is_expired =
        comment->seq != 0 && comment->seq <= ledger->ground; // since it was held
    world_holds(world, comment->is_held || is_expired || (entry != NULL && entry->was_removed),
                "P8: u%u is told what became of c%llu of another", screen->user,
                (unsigned long long)cid);
}

/* What it has is of another life, or further back than removals are told. */
static void on_dropped(struct prover_log *log)
{
    struct screen *screen = screen_of(log);
    screen_clear(screen, screen->ledger, screen->user);
}

/* ---- */

void screen_check_warnings(const struct screen *screen)
{
    struct world *world = screen->ledger->world;
    for (uint32_t i = 0; i < screen->warning_count; i++) {
        const struct deed *deed = deeds_find(world, screen->warnings[i].act);
        world_holds(world, screen->warnings[i].is_over || under_is_on(deed, screen->user),
                    "P9: a%llu is over, and still on a screen of u%u",
                    (unsigned long long)screen->warnings[i].act, screen->user);
    }
}

void screen_begin(struct screen *screen, struct world *world)
{
    screen->log = (struct prover_log){.count = on_count,
                                      .carried = on_carried,
                                      .count_removed = on_count_removed,
                                      .oldest = on_oldest,
                                      .expired = on_expired,
                                      .saw = on_saw,
                                      .removed = on_removed,
                                      .is_place = on_is_place,
                                      .told = on_told,
                                      .notified = on_notified,
                                      .dropped = on_dropped,
                                      .lacks_staff = true,
                                      .broken = on_broken};
    screen->acts = calloc(EVENTS_MAX, sizeof(screen->acts[0]));
    screen->is_shown = calloc(EVENTS_MAX, 1);
    screen->is_known = calloc(EVENTS_MAX, 1);
    must(screen->acts != NULL && screen->is_shown != NULL && screen->is_known != NULL);
    screen->ledger = &world->ledgers[0];
    screen->user = NOBODY_USER;
}

void screen_end(struct screen *screen)
{
    free(screen->acts);
    free(screen->is_shown);
    free(screen->is_known);
}

void screen_clear(struct screen *screen, struct ledger *ledger, uint8_t user)
{
    memset(screen->acts, 0, screen->upto * sizeof(screen->acts[0]));
    memset(screen->is_shown, 0, screen->upto);
    memset(screen->is_known, 0, screen->upto);
    screen->upto = 0;
    screen->ledger = ledger;
    screen->user = user;
}

/* Of what retention took nothing is said: the retract went with it, and who comes back is told
 * `expired`, without numbers (protocol.md 7). */
static void count_expired(const struct screen *screen)
{
    for (uint64_t seq = 1; seq <= screen->ledger->ground; seq++) {
        reach_if(screen->is_known[seq - 1], SCREEN_EXPIRED);
    }
}

void screen_check(const struct screen *screen, uint64_t upto)
{
    const struct ledger *ledger = screen->ledger;
    count_expired(screen);
    for (uint64_t seq = ledger->ground + 1; seq <= upto && seq <= ledger->head; seq++) {
        const struct entry *entry = &ledger->entries[seq - 1];
        if (entry->kind != EVENT_COMMENT) {
            continue;
        }
        const bool is_visible = deeds_are_showing(ledger, seq, screen->user);
        reach_if(screen->is_known[seq - 1], SCREEN_JUDGED);
        world_holds(ledger->world, is_visible || !screen->is_shown[seq - 1],
                    "P7: seq %llu of %s is removed, and still on a screen", (unsigned long long)seq,
                    ledger->name.at);
        world_holds(ledger->world,
                    !is_visible || !screen->is_known[seq - 1] || screen->is_shown[seq - 1],
                    "P7: seq %llu of %s is visible, and not on a screen that had it",
                    (unsigned long long)seq, ledger->name.at);
    }
}
