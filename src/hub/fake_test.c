// SPDX-License-Identifier: Apache-2.0
#include "hub/fake_test.h"

#include "base/must.h"
#include "hub/heart.h"
#include "wire/json.h"
#include "wire/stream_name.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- homes ---- */

static void home_keep(struct home *home, struct letter *letter)
{
    struct fake_home *fake = (struct fake_home *)home;
    letter->next = NULL;
    *fake->last = letter;
    fake->last = &letter->next;
}

void fake_home_init(struct fake_home *home)
{
    *home = (struct fake_home){.home.send = home_keep};
    home->last = &home->first;
}

bool fake_home_open_one(struct fake_home *home)
{
    struct letter *letter = home->first;
    if (letter == NULL) {
        return false;
    }
    home->first = letter->next;
    if (home->first == NULL) {
        home->last = &home->first;
    }
    letter->open(letter);
    return true;
}

static void keep_ordered(struct port *port, int what, struct call *call)
{
    struct fake_engine *engine = (struct fake_engine *)port;
    must(engine->ordered_count < FAKE_CALLS_MAX);
    engine->ordered[engine->ordered_count].what = what;
    engine->ordered[engine->ordered_count].call = call;
    engine->ordered_count++;
}

static void keep_loose(struct port *port, struct call *call, bool is_count)
{
    struct fake_engine *engine = (struct fake_engine *)port;
    must(engine->loose_count < FAKE_CALLS_MAX);
    engine->loose[engine->loose_count] = call;
    engine->is_count[engine->loose_count] = is_count;
    engine->is_found[engine->loose_count] = false;
    engine->loose_count++;
    engine->reads++;
}

static void note_home(struct fake_engine *engine, struct home *home)
{
    for (uint32_t i = 0; i < engine->home_count; i++) {
        if (engine->homes[i] == home) {
            return;
        }
    }
    must(engine->home_count < 16);
    engine->homes[engine->home_count++] = home;
}

static void ask_watch(struct port *port, struct watch *watch)
{
    note_home((struct fake_engine *)port, watch->call.home);
    keep_ordered(port, FAKE_WATCH, &watch->call);
}

static void ask_unwatch(struct port *port, struct watch *watch)
{
    keep_ordered(port, FAKE_UNWATCH, &watch->call);
}

static void ask_sync(struct port *port, struct sync *sync)
{
    keep_ordered(port, FAKE_SYNC, &sync->call);
}

static void ask_read(struct port *port, struct read *read)
{
    keep_loose(port, &read->call, false);
}

static void ask_count(struct port *port, struct count_call *count)
{
    keep_loose(port, &count->call, true);
}

static bool may_be_warned(struct port *port, uint64_t user)
{
    const struct fake_engine *engine = (const struct fake_engine *)(const void *)port;
    return engine->warned_user != 0 && engine->warned_user % 2 == user % 2; // and some others
}

static void ask_warnings(struct port *port, struct warnings *warnings)
{
    ((struct fake_engine *)port)->warnings++;
    keep_ordered(port, FAKE_WARNINGS, &warnings->call);
}

static void ask_keep(struct port *port, struct reach_keep *keep)
{
    struct fake_engine *engine = (struct fake_engine *)port;
    keep->result = engine->keeps;
    if (keep->result == ERR_OK) {
        const uint32_t at = engine->kept_count++ % FAKE_KEPT_MAX;
        engine->kept[at].act = keep->act;
        engine->kept[at].figures = keep->figures;
    }
    call_finish(&keep->call);
}

static const struct port_ops ops = {.watch = ask_watch,
                                    .unwatch = ask_unwatch,
                                    .sync = ask_sync,
                                    .read = ask_read,
                                    .count = ask_count,
                                    .may_be_warned = may_be_warned,
                                    .warnings = ask_warnings,
                                    .keep = ask_keep};

bool fake_event_is_shown(const struct event *event, uint64_t view)
{
    return (event->flags & EVENT_FLAG_SHADOW) == 0 || event->user_hash == view ||
           view == READ_VIEW_ALL;
}

uint64_t fake_engine_prev(const struct fake_engine *engine, uint32_t i, uint64_t view)
{
    while (i > 0 && !fake_event_is_shown(engine->log[i - 1], view)) {
        i--;
    }
    return i == 0 ? 0 : engine->log[i - 1]->seq;
}

struct event_own fake_engine_own(const struct fake_engine *engine, uint32_t i, uint64_t view)
{
    const struct event *event = engine->log[i];
    struct event_own own = {.in_second = 0};
    while (view != 0 && view != READ_VIEW_ALL && i > 0 &&
           engine->log[i - 1]->at_ms / EVENT_DIGEST_MS == event->at_ms / EVENT_DIGEST_MS) {
        const struct event *before = engine->log[--i];
        const bool is_own = (before->flags & EVENT_FLAG_SHADOW) != 0 && event_is_ranked(before) &&
                            before->user_hash == view;
        own.in_window += is_own;
        own.in_second += is_own && before->at_ms / 1000 == event->at_ms / 1000;
    }
    return own;
}

uint32_t fake_engine_index(const struct fake_engine *engine, uint64_t seq)
{
    for (uint32_t i = 0; i < engine->count; i++) {
        if (engine->log[i]->seq == seq) {
            return i;
        }
    }
    must_fail(__FILE__, __LINE__, "a comment that is not in the log");
}

void fake_engine_init(struct fake_engine *engine, uint64_t seed)
{
    *engine = (struct fake_engine){.port.ops = &ops, .port.epoch.text = "k3f9"};
    rand_init(&engine->rand, seed);
}

void fake_engine_done(struct fake_engine *engine)
{
    for (uint32_t i = 0; i < engine->count; i++) {
        event_unref(engine->log[i]);
        event_unref(engine->texts[i]);
    }
    for (uint32_t i = 0; i < engine->retract_count; i++) {
        removal_done(&engine->retracts[i].removal);
    }
}

/* ---- the engine: the log ---- */

uint64_t fake_engine_head_of(const struct fake_engine *engine, uint64_t view)
{
    return fake_engine_prev(engine, engine->count, view);
}

uint64_t fake_engine_head(const struct fake_engine *engine)
{
    return fake_engine_head_of(engine, 0);
}

enum { ROW_MAX = 4 };

struct news {
    struct letter letter;
    struct watch *watch;
    struct event *events[ROW_MAX]; // [count], of none: behind
    uint32_t count;
    struct notice *notice; // owned; NULL: none
};

static void open_news(struct letter *letter)
{
    struct news *news = (struct news *)letter;
    if (news->notice != NULL) {
        news->watch->on_notices(news->watch, &news->notice, 1);
        notice_unref(news->notice);
    } else if (news->count == 0) {
        news->watch->on_behind(news->watch);
    } else {
        news->watch->on_events(news->watch, news->events, news->count);
    }
    for (uint32_t i = 0; i < news->count; i++) {
        event_unref(news->events[i]);
    }
    free(news);
}

static void send_news(struct watch *watch, struct event *event)
{
    struct news *news = calloc(1, sizeof(*news));
    must(news != NULL);
    news->letter.open = open_news;
    news->watch = watch;
    if (event != NULL) {
        news->events[news->count++] = event_ref(event);
    }
    home_send(watch->call.home, &news->letter);
}

/* Behind what the newest letter there has of it, if it has only such, as events of a batch come. */
static void send_behind(struct watch *watch, struct event *event)
{
    struct fake_home *home = (struct fake_home *)watch->call.home;
    struct letter *last = home->first;
    while (last != NULL && last->next != NULL) {
        last = last->next;
    }
    struct news *news = (struct news *)last;
    const bool is_of_it =
        last != NULL && last->open == open_news && news->watch == watch && news->count > 0;
    if (is_of_it && news->count < ROW_MAX && event->seq % 4 != 0) {
        news->events[news->count++] = event_ref(event);
    } else {
        send_news(watch, event);
    }
}

/* at, rank and flags as an ordering point stamps them. */
static void stamp(struct fake_engine *engine, struct event *event, int64_t mono_ms)
{
    const int64_t now_ms = mono_ms < engine->stands_still_ms ? 0 : mono_ms + FAKE_WALL_MS;
    const int64_t at_ms = now_ms > engine->at_ms ? now_ms : engine->at_ms;
    if (at_ms / 1000 != engine->at_ms / 1000) {
        engine->rank_count = 0;
    }
    if (at_ms / EVENT_DIGEST_MS != engine->at_ms / EVENT_DIGEST_MS) {
        engine->digest_count = 0;
    }
    engine->at_ms = event->at_ms = at_ms;
    if (event->kind != EVENT_COMMENT) {
        return;
    }
    if (rand_below(&engine->rand, 8) == 0) {
        event->flags |= EVENT_FLAG_PRIVILEGED;
        return;
    }
    const bool takes_place = (event->flags & EVENT_FLAG_SHADOW) == 0;
    event->rank = (uint16_t)engine->rank_count;
    engine->rank_count += takes_place;
    if (engine->digest_count < EVENT_DIGEST_OTHERS) {
        event->flags |= EVENT_FLAG_DIGEST;
        event->flags |= (uint8_t)(engine->digest_count << EVENT_DIGEST_PLACE_SHIFT);
        engine->digest_count += takes_place;
    }
}

static void commit_body(struct fake_engine *engine, enum event_kind kind, int64_t mono_ms,
                        struct str body, uint64_t user)
{
    char staff[64] = "";
    if (kind != EVENT_COMMENT) {
        snprintf(staff, sizeof(staff), "\"by\":\"mo\",\"act\":\"a%u\"",
                 engine->one_act ? FAKE_EVENTS_MAX + 1 : engine->count + 1);
    }
    struct event *event = event_new_with_staff(body, str_of(staff));
    must(event != NULL && engine->count < FAKE_EVENTS_MAX);
    event->kind = (uint8_t)kind;
    event->user_hash = user;
    event->prev = fake_engine_head(engine);
    event->seq = fake_engine_head_of(engine, READ_VIEW_ALL) + 1 + rand_below(&engine->rand, 3);
    event->published_mono_ms = mono_ms;
    if (kind == EVENT_COMMENT && user == engine->shadowed_user && user != 0) {
        event->flags = EVENT_FLAG_SHADOW;
    }
    stamp(engine, event, mono_ms);
    engine->log[engine->count] = event;
    engine->count++;
    for (uint32_t i = 0; i < engine->watch_count; i++) {
        send_behind(engine->watches[i], event);
    }
}

void fake_engine_commit_sized(struct fake_engine *engine, enum event_kind kind, int64_t mono_ms,
                              uint32_t body_len)
{
    enum { AUTHOR_BYTES = 19 };
    static const char begin[] = "\"text\":\"";
    const bool is_signed = body_len >= AUTHOR_BYTES + sizeof(begin);
    const uint64_t user = 1 + (is_signed ? rand_below(&engine->rand, FAKE_USERS) : FAKE_USERS);
    struct buf body;
    buf_init(&body, MEM_OTHER, SIZE_MAX);
    if (kind == EVENT_STREAM) {
        buf_add_str(&body, STR("\"state\":\"paused\""));
        body_len = (uint32_t)body.len;
    } else if (is_signed) {
        buf_addf(&body, "\"user\":{\"id\":\"u%u\"},", (unsigned)user);
    }
    if (body_len >= body.len + sizeof(begin)) { // as in a log: members of an object
        buf_add_str(&body, str_of(begin));
        while (body.len + 1 < body_len) {
            buf_add_byte(&body, 'x');
        }
        buf_add_byte(&body, '"');
    }
    while (body.len < body_len) {
        buf_add_byte(&body, 'x');
    }
    must(buf_ok(&body));
    commit_body(engine, kind, mono_ms, buf_str(&body), user);
    buf_done(&body);
}

void fake_engine_commit(struct fake_engine *engine, enum event_kind kind, int64_t mono_ms)
{
    fake_engine_commit_sized(engine, kind, mono_ms, 20 + (uint32_t)rand_below(&engine->rand, 200));
}

/* ---- the engine: removals ---- */

struct barrier {
    struct letter letter;
    struct home *home;
    uint64_t seq;
};

static void open_barrier(struct letter *letter)
{
    struct barrier *barrier = (struct barrier *)letter;
    ((struct fake_home *)barrier->home)->fenced = barrier->seq;
    free(barrier);
}

static void send_barriers(const struct fake_engine *engine, uint64_t seq)
{
    for (uint32_t i = 0; i < engine->home_count; i++) {
        struct barrier *barrier = calloc(1, sizeof(*barrier));
        must(barrier != NULL);
        *barrier =
            (struct barrier){.letter.open = open_barrier, .home = engine->homes[i], .seq = seq};
        home_send(barrier->home, &barrier->letter);
    }
}

/* The log, as who reads from now on finds it. */
static void take_texts(struct fake_engine *engine, const struct removal *removal)
{
    for (uint32_t i = 0; i < engine->count; i++) {
        struct event *before = event_ref(engine->log[i]);
        must(removal_events(removal, &engine->log[i], 1) == ERR_OK);
        if (engine->log[i] != before && before->kind == EVENT_COMMENT) {
            engine->texts[i] = event_ref(before);
        }
        event_unref(before);
    }
}

static void retract(struct fake_engine *engine, const struct removal *removal, int64_t mono_ms)
{
    struct buf body;
    must(engine->retract_count < FAKE_RETRACTS_MAX);
    take_texts(engine, removal);
    buf_init(&body, MEM_OTHER, SIZE_MAX);
    removal_write(&body, removal);
    must(buf_ok(&body));
    must(removal_read(buf_str(&body), &engine->retracts[engine->retract_count].removal) == ERR_OK);
    commit_body(engine, EVENT_RETRACT, mono_ms, buf_str(&body), 0);
    engine->retracts[engine->retract_count++].seq = fake_engine_head(engine);
    buf_done(&body);
}

void fake_engine_remove(struct fake_engine *engine, const struct removal *removal, int64_t mono_ms)
{
    retract(engine, removal, mono_ms);
    send_barriers(engine, fake_engine_head(engine));
}

void fake_engine_purge(struct fake_engine *engine, const struct str *users, uint32_t count,
                       int64_t mono_ms)
{
    const uint64_t upto = fake_engine_head(engine);
    for (uint32_t i = 0; i < count; i++) {
        const struct removal removal = {.of = REMOVAL_USER, .user = users[i], .upto = upto};
        retract(engine, &removal, mono_ms);
    }
    send_barriers(engine, fake_engine_head(engine));
}

void fake_engine_retract_seq(struct fake_engine *engine, uint64_t seq, int64_t mono_ms)
{
    fake_engine_remove(engine, &(struct removal){.of = REMOVAL_SEQS, .seqs = &seq, .count = 1},
                       mono_ms);
}

void fake_engine_retract(struct fake_engine *engine, int64_t mono_ms)
{
    enum { SEQS_MAX = 5, NEWEST = 60 };
    uint64_t seqs[SEQS_MAX];
    struct removal removal = {.of = REMOVAL_SEQS, .seqs = seqs};
    static const struct str users[] = {STR("u1"), STR("u2"), STR("u3"), STR("u4")};
    _Static_assert(sizeof(users) / sizeof(users[0]) == FAKE_USERS, "each of them");
    const uint64_t user = rand_below(&engine->rand, FAKE_USERS);
    const uint64_t how = rand_below(&engine->rand, 12);
    const uint32_t from = engine->count > NEWEST ? engine->count - NEWEST : 0;
    if (how < 8) {
        for (uint32_t i = from; i < engine->count && removal.count < SEQS_MAX; i++) {
            const uint8_t kind = engine->log[i]->kind;
            const bool is_comment = kind == EVENT_COMMENT || kind == EVENT_REMOVED;
            if (rand_below(&engine->rand, 12) == 0 && is_comment) {
                seqs[removal.count++] = engine->log[i]->seq;
            }
        }
    } else if (how < 11) {
        fake_engine_purge(engine, users + user, how == 10 ? FAKE_USERS - (uint32_t)user : 1,
                          mono_ms);
        return;
    } else {
        removal = (struct removal){.of = REMOVAL_ALL, .upto = fake_engine_head(engine)};
    }
    fake_engine_remove(engine, &removal, mono_ms);
}

bool fake_engine_restore(struct fake_engine *engine, int64_t mono_ms)
{
    uint32_t i = engine->count;
    while (i > 0 && (engine->texts[i - 1] == NULL ||
                     (engine->texts[i - 1]->flags & EVENT_FLAG_SHADOW) != 0)) {
        i--;
    }
    if (i == 0) {
        return false;
    }
    struct buf body;
    buf_init(&body, MEM_OTHER, SIZE_MAX);
    buf_add_str(&body, STR("\"comments\":["));
    event_write(&body, engine->texts[i - 1], STR("demo"), engine->texts[i - 1]->prev);
    buf_add_byte(&body, ']');
    must(buf_ok(&body));
    event_unref(engine->texts[i - 1]);
    engine->texts[i - 1] = NULL;
    commit_body(engine, EVENT_RESTORE, mono_ms, buf_str(&body), 0);
    buf_done(&body);
    return true;
}

void fake_engine_notice(struct fake_engine *engine, const struct fake_notice *told)
{
    char json[100];
    snprintf(json, sizeof(json), "%s%s%s\"for\":%u,\"moderators\":%d}",
             told->is_of_all ? "" : "{\"type\":\"",
             told->is_of_all      ? ""
             : told->ends_warning ? "unwarned"
                                  : "held",
             told->is_of_all ? "" : "\",\"stream\":\"demo\",", (unsigned)told->user,
             told->to_moderators);
    for (uint32_t i = 0; i < engine->watch_count; i++) {
        struct news *news = calloc(1, sizeof(*news));
        struct notice *notice = notice_new(str_of(json));
        must(news != NULL && notice != NULL);
        notice->user_hash = told->user;
        notice->to_moderators = told->to_moderators;
        notice->is_routine = told->is_routine;
        notice->ends_warning = told->ends_warning;
        notice->is_of_all = told->is_of_all;
        must(notice_hide_from(notice, &told->hidden_from, told->hidden_from != 0) == ERR_OK);
        *news =
            (struct news){.letter.open = open_news, .watch = engine->watches[i], .notice = notice};
        home_send(news->watch->call.home, &news->letter);
    }
}

void fake_engine_pin(struct fake_engine *engine, uint64_t seq, int64_t mono_ms)
{
    const struct event *comment = engine->log[fake_engine_index(engine, seq)];
    struct buf body;
    buf_init(&body, MEM_OTHER, SIZE_MAX);
    json_write_member_u64(&body, "target", seq);
    json_write_name(&body, "comment");
    event_write(&body, comment, STR("demo"), comment->prev);
    must(buf_ok(&body));
    commit_body(engine, EVENT_PIN, mono_ms, buf_str(&body), 0);
    buf_done(&body);
}

void fake_engine_set(struct fake_engine *engine, const char *settings, int64_t mono_ms)
{
    commit_body(engine, EVENT_SETTINGS, mono_ms, str_of(settings), 0);
}

static void remove_watch(struct fake_engine *engine, const struct watch *watch)
{
    for (uint32_t i = 0; i < engine->watch_count; i++) {
        if (engine->watches[i] == watch) {
            engine->watches[i] = engine->watches[--engine->watch_count];
            return;
        }
    }
}

void fake_engine_lose_watch(struct fake_engine *engine)
{
    if (engine->watch_count > 0) {
        struct watch *watch = engine->watches[rand_below(&engine->rand, engine->watch_count)];
        remove_watch(engine, watch);
        send_news(watch, NULL);
    }
}

void fake_engine_expire(struct fake_engine *engine, uint32_t count)
{
    engine->oldest +=
        count < engine->count - engine->oldest ? count : engine->count - engine->oldest;
}

/* ---- the engine: answering ---- */

/* What is set, and the newest pins; nobody unpins. */
static void tell_facts(const struct fake_engine *engine, struct watch *watch)
{
    uint32_t pins = 0;
    for (uint32_t i = engine->count; i > engine->oldest; i--) {
        struct event *event = engine->log[i - 1];
        if (event->kind == EVENT_SETTINGS && watch->settings == NULL) {
            watch->settings = event_ref(event);
        }
        if (event->kind == EVENT_PIN && pins < PINS_MAX) {
            watch->pins[pins++] = event_ref(event);
        }
    }
}

static void answer_watch(struct fake_engine *engine, struct watch *watch)
{
    watch->result = engine->watch_fails;
    if (watch->result == ERR_OK) {
        watch->epoch = engine->port.epoch;
        watch->head = fake_engine_head(engine);
        watch->heard = fake_engine_head_of(engine, READ_VIEW_ALL);
        watch->state = STREAM_LIVE;
        watch->settings = NULL;
        memset(watch->pins, 0, sizeof(watch->pins));
        tell_facts(engine, watch);
        must(engine->watch_count < 16);
        engine->watches[engine->watch_count] = watch;
        engine->watch_count++;
    }
}

static bool fits(const struct read *read, const struct event *event)
{
    const bool in = read->from == READ_AFTER ? event->seq > read->bound && event->seq <= read->upto
                                             : event->seq < read->bound;
    return in && (read->kinds >> event->kind & 1) != 0 && fake_event_is_shown(event, read->view);
}

static uint64_t oldest(const struct fake_engine *engine)
{
    return engine->oldest < engine->count ? engine->log[engine->oldest]->seq
           : engine->count == 0           ? 0
                                          : fake_engine_head(engine) + 1;
}

static void put_behind(struct event *event, const struct fake_engine *engine, uint32_t i,
                       uint64_t view)
{
    if (event_is_ranked(event)) {
        event_put_behind(event, fake_engine_own(engine, i, view));
    }
}

static void answer_read(struct fake_engine *engine, struct read *read)
{
    uint32_t found = 0, skip = 0, at = 0;
    read->result = engine->fails ? ERR_SYS : ERR_OK;
    if (engine->fails) {
        return;
    }
    for (uint32_t i = engine->oldest; i < engine->count; i++) {
        found += fits(read, engine->log[i]);
    }
    must(stream_name_is_valid(read->stream)); // it is the asker's to keep until now
    read->epoch = engine->port.epoch;
    read->head = fake_engine_head(engine);
    read->heard = fake_engine_head_of(engine, READ_VIEW_ALL);
    read->oldest = oldest(engine);
    read->more = found > read->limit;
    read->count = found < read->limit ? found : read->limit;
    read->events = read->count == 0 ? NULL : mem_new(MEM_EVENT, read->count * sizeof(void *));
    must(read->count == 0 || read->events != NULL);
    skip = read->from == READ_BEFORE ? found - read->count : 0;
    for (uint32_t i = engine->oldest; i < engine->count && at < read->count; i++) {
        if (fits(read, engine->log[i])) {
            if (skip > 0) {
                skip--;
            } else {
                const uint64_t prev = read->view == READ_VIEW_ALL
                                          ? engine->log[i]->prev
                                          : fake_engine_prev(engine, i, read->view);
                read->events[at] = event_with_prev(engine->log[i], prev);
                must(read->events[at] != NULL);
                put_behind(read->events[at], engine, i, read->view);
                at++;
            }
        }
    }
}

static void answer_count(struct fake_engine *engine, struct count_call *count)
{
    count->result = engine->fails ? ERR_SYS : ERR_OK;
    count->count = count->removed = 0;
    count->heard = fake_engine_head_of(engine, READ_VIEW_ALL);
    count->oldest = oldest(engine);
    must(stream_name_is_valid(count->stream)); // it is the asker's to keep until now
    for (uint32_t i = engine->oldest; i < engine->count; i++) {
        const struct event *event = engine->log[i];
        const bool is_in = event->seq > count->after && event->seq <= count->upto &&
                           fake_event_is_shown(event, count->view);
        count->count += is_in;
        count->removed += is_in && count->with_removed && event->kind == EVENT_REMOVED;
    }
}

/* Looked up in one step, answered in another, as by a thread of its own. */
static void answer_loose(struct fake_engine *engine)
{
    const uint64_t i = rand_below(&engine->rand, engine->loose_count);
    struct call *call = engine->loose[i];
    if (!engine->is_found[i]) {
        engine->is_found[i] = true;
        if (engine->is_count[i]) {
            answer_count(engine, (struct count_call *)call);
        } else {
            answer_read(engine, (struct read *)call);
        }
        return;
    }
    engine->loose_count--;
    engine->loose[i] = engine->loose[engine->loose_count];
    engine->is_count[i] = engine->is_count[engine->loose_count];
    engine->is_found[i] = engine->is_found[engine->loose_count];
    call_finish(call);
}

static void answer_warnings(const struct fake_engine *engine, struct warnings *warnings)
{
    char json[100];
    must(stream_name_is_valid(warnings->stream)); // it is the asker's to keep until now
    warnings->result = engine->fails ? ERR_SYS : ERR_OK;
    warnings->count = !engine->fails && warnings->user == engine->warned_user;
    snprintf(json, sizeof(json),
             "{\"type\":\"warned\",\"stream\":\"demo\",\"for\":%u,\"moderators\":0}",
             (unsigned)warnings->user);
    if (warnings->count > 0) {
        warnings->notices[0] = notice_new(str_of(json));
        must(warnings->notices[0] != NULL);
        warnings->notices[0]->user_hash = warnings->user;
    }
}

static void answer_ordered(struct fake_engine *engine, uint32_t i)
{
    struct call *call = engine->ordered[i].call;
    if (engine->ordered[i].what == FAKE_WATCH) {
        answer_watch(engine, (struct watch *)call);
    } else if (engine->ordered[i].what == FAKE_UNWATCH) {
        remove_watch(engine, (struct watch *)call);
    } else if (engine->ordered[i].what == FAKE_WARNINGS) {
        answer_warnings(engine, (struct warnings *)call);
    }
    engine->ordered_count--;
    memmove(engine->ordered + i, engine->ordered + i + 1,
            (engine->ordered_count - i) * sizeof(engine->ordered[0]));
    call_finish(call);
}

void fake_engine_step_last(struct fake_engine *engine)
{
    must(engine->ordered_count > 0);
    answer_ordered(engine, engine->ordered_count - 1);
}

bool fake_engine_step(struct fake_engine *engine)
{
    const uint32_t loose = engine->stalls ? 0 : engine->loose_count;
    const uint32_t waiting = loose + engine->ordered_count;
    if (waiting == 0) {
        return false;
    }
    if (rand_below(&engine->rand, waiting) < loose) {
        answer_loose(engine);
    } else {
        answer_ordered(engine, 0);
    }
    return true;
}
