// SPDX-License-Identifier: Apache-2.0
#include "desk.h"

#include "rules/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { PATIENCE_S = 60 };

void desk_open(struct desk *desk, struct port *port)
{
    desk->port = port;
    assert_int_equal(mail_init(&desk->mail), ERR_OK);
}

void desk_close(struct desk *desk)
{
    mail_done(&desk->mail);
}

void desk_open_letters(struct desk *desk)
{
    (void)mail_open_all(&desk->mail);
}

void desk_wait(struct desk *desk, const bool *flag)
{
    const time_t since = time(NULL);
    while (!*flag) {
        mail_wait(&desk->mail, 1000);
        desk_open_letters(desk);
        if (time(NULL) - since > PATIENCE_S) {
            fail_msg("no answer in %d s", PATIENCE_S);
        }
    }
}

/* ---- posting ---- */

static void post_done(struct call *call)
{
    ((struct post *)(void *)call)->is_done = true;
}

struct post desk_post_of(const char *stream, const char *user, const char *cid, const char *text)
{
    return (struct post){
        .submit = {.stream = str_of(stream),
                   .author = {.id = str_of(user), .name = str_of(user)},
                   .cid = str_of(cid),
                   .text = str_of(text),
                   .media_ms = -1},
    };
}

void desk_ask_post(struct desk *desk, struct post *post)
{
    post->is_done = false;
    post->submit.call.home = mail_home(&desk->mail);
    post->submit.call.done = post_done;
    port_submit(desk->port, &post->submit);
}

void desk_post(struct desk *desk, struct post *post)
{
    desk_ask_post(desk, post);
    desk_wait(desk, &post->is_done);
}

void desk_post_done(struct post *post)
{
    event_unref(post->submit.event);
    post->submit.event = NULL;
}

uint64_t desk_say(struct desk *desk, const char *stream, const char *user, const char *text)
{
    struct post post = desk_post_of(stream, user, NULL, text);
    desk_post(desk, &post);
    assert_int_equal(post.submit.end, SUBMIT_DONE);
    const uint64_t seq = post.submit.event->seq;
    desk_post_done(&post);
    return seq;
}

/* ---- following ---- */

static void follow_done(struct call *call)
{
    struct follower *follower = (struct follower *)(void *)call;
    follower->is_done = true;
    follower->last = follower->events == 0 ? follower->watch.head : follower->last;
}

static void note_event(struct follower *follower, const struct event *event)
{
    const uint64_t last = follower->events == 0 ? follower->watch.head : follower->last;
    follower->out_of_order += event->seq <= last || event->prev != last;
    follower->last = event->seq;
    follower->last_kind = event->kind;
    follower->events++;
    const size_t len = event->body_len < sizeof(follower->last_body)
                           ? event->body_len
                           : sizeof(follower->last_body) - 1;
    memcpy(follower->last_body, event->body, len);
    follower->last_body[len] = '\0';
    snprintf(follower->last_staff, sizeof(follower->last_staff), "%.*s", (int)event->staff_len,
             event->body + event->body_len);
}

static void on_events(struct watch *watch, struct event *const *events, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        note_event((struct follower *)(void *)watch, events[i]);
    }
}

static void note_notice(struct follower *follower, const struct notice *notice)
{
    assert_true(notice->json_len < sizeof(follower->last_notice));
    const struct str json = {.at = notice->json, .len = notice->json_len};
    const bool is_own = notice->user_hash != 0;
    if (!is_own && (notice->is_of_all || str_has_prefix(json, STR("{\"type\":\"notice\"")))) {
        assert_true(notice->to_moderators);
        snprintf(follower->last_told, sizeof(follower->last_told), "%.*s", (int)json.len, json.at);
        follower->told++;
        follower->told_hidden = notice->hidden_count;
        return;
    }
    memcpy(follower->last_notice, notice->json, notice->json_len);
    follower->last_notice[notice->json_len] = '\0';
    follower->notice_user = notice->user_hash;
    follower->notice_ends = notice->ends_warning;
    follower->notices++;
}

static void on_notices(struct watch *watch, struct notice *const *notices, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        note_notice((struct follower *)(void *)watch, notices[i]);
    }
}

static void on_behind(struct watch *watch)
{
    ((struct follower *)(void *)watch)->behind++;
}

static void ask_follow_at(struct desk *desk, struct follower *follower, const char *stream,
                          struct home *home)
{
    *follower = (struct follower){.watch = {.stream = str_of(stream),
                                            .on_events = on_events,
                                            .on_notices = on_notices,
                                            .on_behind = on_behind}};
    follower->watch.call.home = home;
    follower->watch.call.done = follow_done;
    port_watch(desk->port, &follower->watch);
}

void desk_ask_follow(struct desk *desk, struct follower *follower, const char *stream)
{
    ask_follow_at(desk, follower, stream, mail_home(&desk->mail));
}

void desk_follow_at(struct desk *desk, struct follower *follower, const char *stream,
                    struct home *home)
{
    ask_follow_at(desk, follower, stream, home);
    desk_wait(desk, &follower->is_done);
}

void desk_follow(struct desk *desk, struct follower *follower, const char *stream)
{
    desk_ask_follow(desk, follower, stream);
    desk_wait(desk, &follower->is_done);
}

void desk_unfollow(struct desk *desk, struct follower *follower)
{
    follower->is_done = false;
    port_unwatch(desk->port, &follower->watch);
    desk_wait(desk, &follower->is_done);
    desk_follower_done(follower);
}

void desk_follower_done(struct follower *follower)
{
    event_unref(follower->watch.settings);
    follower->watch.settings = NULL;
    for (int i = 0; i < PINS_MAX; i++) {
        event_unref(follower->watch.pins[i]);
        follower->watch.pins[i] = NULL;
    }
}

struct syncing {
    struct sync sync; // first
    bool is_done;
};

static void sync_done(struct call *call)
{
    ((struct syncing *)(void *)call)->is_done = true;
}

void desk_sync(struct desk *desk)
{
    struct syncing syncing = {
        .sync = {.call = {.home = mail_home(&desk->mail), .done = sync_done}}};
    port_sync(desk->port, &syncing.sync);
    desk_wait(desk, &syncing.is_done);
}

/* ---- reading ---- */

static void reading_done(struct call *call)
{
    ((struct reading *)(void *)call)->is_done = true;
}

void desk_ask_read(struct desk *desk, struct reading *reading)
{
    reading->is_done = false;
    reading->read.call.home = mail_home(&desk->mail);
    reading->read.call.done = reading_done;
    port_read(desk->port, &reading->read);
}

void desk_read(struct desk *desk, struct reading *reading)
{
    desk_ask_read(desk, reading);
    desk_wait(desk, &reading->is_done);
}

struct reading desk_reading_after(const char *stream, uint64_t after, uint32_t limit)
{
    return (struct reading){.read = {.stream = str_of(stream),
                                     .from = READ_AFTER,
                                     .bound = after,
                                     .upto = SEQ_MAX,
                                     .limit = limit,
                                     .kinds = UINT32_MAX}};
}

struct reading desk_read_after(struct desk *desk, const char *stream, uint64_t after,
                               uint32_t limit)
{
    struct reading reading = desk_reading_after(stream, after, limit);
    desk_read(desk, &reading);
    return reading;
}

struct reading desk_read_newest(struct desk *desk, const char *stream, uint32_t limit)
{
    struct reading reading = {.read = {.stream = str_of(stream),
                                       .from = READ_BEFORE,
                                       .bound = SEQ_MAX + 1,
                                       .limit = limit,
                                       .kinds = UINT32_MAX}};
    desk_read(desk, &reading);
    return reading;
}

static void count_done(struct call *call)
{
    ((struct counting *)(void *)call)->is_done = true;
}

struct counting desk_counting(const char *stream, uint64_t after, uint64_t upto)
{
    return (struct counting){
        .count = {.stream = str_of(stream), .after = after, .upto = upto, .with_removed = true}};
}

void desk_count_it(struct desk *desk, struct counting *counting)
{
    counting->count.call = (struct call){.home = mail_home(&desk->mail), .done = count_done};
    port_count(desk->port, &counting->count);
    desk_wait(desk, &counting->is_done);
}

struct count_call desk_count(struct desk *desk, const char *stream, uint64_t after, uint64_t upto)
{
    struct counting counting = desk_counting(stream, after, upto);
    desk_count_it(desk, &counting);
    return counting.count;
}

/* ---- streams ---- */

struct asking {
    struct stream_call call; // first
    bool is_done;
};

static void stream_done(struct call *call)
{
    ((struct asking *)(void *)call)->is_done = true;
}

static struct stream_call ask_stream(struct desk *desk, const struct stream_call *call)
{
    struct asking asking = {.call = *call};
    asking.call.call = (struct call){.home = mail_home(&desk->mail), .done = stream_done};
    port_stream(desk->port, &asking.call);
    desk_wait(desk, &asking.is_done);
    return asking.call;
}

struct stream_call desk_stream(struct desk *desk, enum stream_do what, const char *stream)
{
    const struct stream_call call = {.what = what, .stream = str_of(stream), .retention_days = -1};
    return ask_stream(desk, &call);
}

struct stream_call desk_put(struct desk *desk, const char *stream, int32_t retention_days,
                            int8_t state)
{
    const struct stream_call call = {.what = STREAM_DO_PUT,
                                     .stream = str_of(stream),
                                     .retention_days = retention_days,
                                     .state = state};
    return ask_stream(desk, &call);
}

/* ---- moderation ---- */

static void act_done(struct call *call)
{
    ((struct acting *)(void *)call)->is_done = true;
}

struct acting desk_act_of(const char *stream, struct act act)
{
    return (struct acting){
        .call = {.stream = str_of(stream),
                 .act = act,
                 .by = {.kind = ACTOR_USER, .id = STR("mod"), .role_bits = ROLE_MODERATOR}}};
}

struct acting desk_act_by(const char *stream, struct act act, const char *user, uint32_t roles)
{
    struct acting acting = desk_act_of(stream, act);
    acting.call.by.id = str_of(user);
    acting.call.by.role_bits = roles;
    acting.call.by.is_for_all = (roles & ROLE_ADMIN) != 0;
    return acting;
}

struct act desk_on_user(enum act_do what, const struct str *user, int64_t seconds)
{
    return (struct act){
        .what = what, .at = ACT_AT_USERS, .users = user, .target_count = 1, .seconds = seconds};
}

struct act desk_on_seqs(enum act_do what, const uint64_t *seqs, uint32_t count)
{
    return (struct act){
        .what = what, .at = ACT_AT_SEQS, .seqs = seqs, .target_count = count, .seconds = -1};
}

struct act desk_on_id(enum act_do what, struct str id)
{
    return (struct act){.what = what, .at = ACT_AT_ID, .id = id, .seconds = -1};
}

struct act desk_on_act(enum act_do what, uint64_t act)
{
    return (struct act){.what = what, .at = ACT_AT_ACT, .act = act, .seconds = -1};
}

struct act desk_undo_of(uint64_t act)
{
    return desk_on_act(ACT_UNDO, act);
}

void desk_ask_act(struct desk *desk, struct acting *acting)
{
    acting->is_done = false;
    acting->call.call.home = mail_home(&desk->mail);
    acting->call.call.done = act_done;
    port_act(desk->port, &acting->call);
}

void desk_act(struct desk *desk, struct acting *acting)
{
    desk_ask_act(desk, acting);
    desk_wait(desk, &acting->is_done);
}

uint64_t desk_do(struct desk *desk, const char *stream, struct act act)
{
    struct acting acting = desk_act_of(stream, act);
    desk_act(desk, &acting);
    assert_int_equal(acting.call.refusal, ACT_REFUSAL_NONE);
    assert_int_equal(acting.call.end, ACT_DONE);
    assert_true(acting.call.act_n > 0);
    return acting.call.act_n;
}

enum act_refusal desk_refuses(struct desk *desk, const char *stream, struct act act)
{
    struct acting acting = desk_act_of(stream, act);
    desk_act(desk, &acting);
    assert_int_equal(acting.call.end, ACT_REFUSED);
    return acting.call.refusal;
}

struct looking {
    struct moderation_call call; // first
    bool is_done;
};

static void look_up_done(struct call *call)
{
    ((struct looking *)(void *)call)->is_done = true;
}

static void look_up(struct desk *desk, struct looking *looking)
{
    looking->call.call.home = mail_home(&desk->mail);
    looking->call.call.done = look_up_done;
    port_moderation(desk->port, &looking->call);
    desk_wait(desk, &looking->is_done);
}

enum err desk_look_up(struct desk *desk, struct moderation_call asked, char *ret_json, size_t size)
{
    struct looking looking = {.call = asked};
    look_up(desk, &looking);
    ret_json[0] = '\0';
    if (looking.call.result == ERR_OK && looking.call.out.len > 0) {
        assert_true(looking.call.out.len < size);
        memcpy(ret_json, looking.call.out.bytes, looking.call.out.len);
        ret_json[looking.call.out.len] = '\0';
    }
    buf_done(&looking.call.out);
    return looking.call.result;
}

enum err desk_look_at_act(struct desk *desk, const char *stream, uint64_t act,
                          struct moderation_call *ret_found)
{
    struct looking looking = {
        .call = {.what = MODERATION_ACT, .stream = str_of(stream), .after = act, .limit = 1}};
    look_up(desk, &looking);
    buf_done(&looking.call.out);
    *ret_found = looking.call;
    return looking.call.result;
}

struct keeping {
    struct reach_keep keep; // first
    bool is_done;
};

static void keep_done(struct call *call)
{
    ((struct keeping *)(void *)call)->is_done = true;
}

enum err desk_keep(struct desk *desk, uint64_t act, struct reach_figures figures)
{
    struct keeping keeping = {.keep = {.call = {.home = mail_home(&desk->mail), .done = keep_done},
                                       .act = act,
                                       .figures = figures}};
    port_keep(desk->port, &keeping.keep);
    desk_wait(desk, &keeping.is_done);
    return keeping.keep.result;
}

enum refusal desk_post_refused(struct desk *desk, const char *stream, const char *user)
{
    struct post post = desk_post_of(stream, user, NULL, "hello");
    desk_post(desk, &post);
    const enum refusal refusal = post.submit.refusal;
    assert_int_equal(post.submit.end, refusal == REFUSAL_NONE ? SUBMIT_DONE : SUBMIT_REFUSED);
    desk_post_done(&post);
    return refusal;
}

static void remind_done(struct call *call)
{
    ((struct reminded *)(void *)call)->is_done = true;
}

void desk_ask_warnings(struct desk *desk, struct reminded *reminded)
{
    reminded->warnings.call = (struct call){.home = mail_home(&desk->mail), .done = remind_done};
    port_warnings(desk->port, &reminded->warnings);
    desk_wait(desk, &reminded->is_done);
}
