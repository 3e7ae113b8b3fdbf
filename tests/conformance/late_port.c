// SPDX-License-Identifier: Apache-2.0
/* A call on its detour:
 *
 *      asker ─▶ late_port: home and done become ours ─▶ engine ─▶ our thread: held
 *                                                                    │ shuffled, some at a time
 *                          asker's home ◀── home and done put back ──┘
 *
 * A watch is followed in the asker's stead: the engine's events come to our thread, which sends
 * them on at once when the asker has been told that it watches, and keeps them until then. So an
 * event is always sent before the answers that came to us behind it. */
#include "late_port.h"

#include "base/list.h"
#include "base/rand.h"
#include "loop/mail.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PATIENCE_MS = 1 }; // how long what is held waits for something to be shuffled with

struct detour {
    struct link link; // in late->away or late->held
    struct call *call;
    struct home *home;
    void (*done)(struct call *call);
    struct stand_in *stand_in; // of a watch: told when this one is handed over
};

struct stand_in {       // follows for the asker
    struct watch watch; // first
    struct link link;   // in late->stand_ins
    struct watch *asker;
    struct home *home;     // the asker's
    struct detour *detour; // the answer it owes
    struct link kept;      // of struct passed: events before the asker was told
    struct late_port *late;
    bool is_told;
    bool is_over; // behind: the engine has forgotten it
};

struct passed { // one event on its way on
    struct letter letter;
    struct link link; // in stand_in->kept
    struct watch *asker;
    struct event *event; // a reference; NULL: a notice, or it is behind
    struct notice *notice;
};

struct late_port {
    struct port port; // first
    struct port *behind;
    pthread_t thread;
    struct mail mail;
    /* -- under LATE -- */
    pthread_mutex_t lock;
    struct link away;      // detours that the engine holds
    struct link stand_ins; // watches that are on
    /* -- the thread's -- */
    struct link held;
    uint32_t held_count;
    struct rand rand;
    bool is_ending;
    struct letter ending;
};

static struct late_port *late_of(struct port *port)
{
    return (struct late_port *)(void *)port;
}

static void lock(struct late_port *late)
{
    assert_int_equal(pthread_mutex_lock(&late->lock), 0);
}

static void unlock(struct late_port *late)
{
    assert_int_equal(pthread_mutex_unlock(&late->lock), 0);
}

/* ---- calls ---- */

static void on_done(struct call *call);

static struct detour *detour_of(struct call *call)
{
    struct detour *detour = calloc(1, sizeof(*detour));
    assert_non_null(detour);
    *detour = (struct detour){.call = call, .home = call->home, .done = call->done};
    return detour;
}

static void send_away(struct late_port *late, struct call *call)
{
    struct detour *detour = detour_of(call);
    call->home = mail_home(&late->mail);
    call->done = on_done;
    lock(late);
    list_push(&late->away, &detour->link);
    unlock(late);
}

static void hold(struct late_port *late, struct detour *detour)
{
    list_push(&late->held, &detour->link);
    late->held_count++;
}

static _Thread_local struct late_port *here; // whose thread this is

static void on_done(struct call *call)
{
    struct late_port *late = here;
    lock(late);
    struct link *link = late->away.next;
    while (list_entry(link, struct detour, link)->call != call) {
        link = link->next;
        assert_ptr_not_equal(link, &late->away);
    }
    list_remove(link);
    unlock(late);
    hold(late, list_entry(link, struct detour, link));
}

static void open_passed(struct letter *letter)
{
    struct passed *passed = (struct passed *)(void *)letter;
    struct watch *asker = passed->asker;
    struct event *event = passed->event;
    struct notice *notice = passed->notice;
    free(passed);
    if (notice != NULL) {
        asker->on_notices(asker, &notice, 1);
        notice_unref(notice);
        return;
    }
    if (event == NULL) {
        asker->on_behind(asker);
        return;
    }
    asker->on_events(asker, &event, 1);
    event_unref(event);
}

static void send_on(struct stand_in *stand_in, struct event *event, struct notice *notice)
{
    struct passed *passed = calloc(1, sizeof(*passed));
    passed->letter.open = open_passed;
    passed->asker = stand_in->asker;
    passed->event = event == NULL ? NULL : event_ref(event);
    passed->notice = notice == NULL ? NULL : notice_ref(notice);
    if (stand_in->is_told) {
        home_send(stand_in->home, &passed->letter);
    } else {
        list_push(&stand_in->kept, &passed->link);
    }
}

static void forget(struct stand_in *stand_in)
{
    lock(stand_in->late);
    list_remove(&stand_in->link);
    unlock(stand_in->late);
    free(stand_in);
}

/* The asker's `done` is on its way: what was kept follows it. */
static void told(struct stand_in *stand_in)
{
    struct link *link = NULL;
    stand_in->is_told = true;
    while ((link = list_pop(&stand_in->kept)) != NULL) {
        home_send(stand_in->home, &list_entry(link, struct passed, link)->letter);
    }
    if (stand_in->watch.result != ERR_OK || stand_in->is_over) {
        forget(stand_in);
    }
}

static void hand_over(struct late_port *late, struct detour *detour)
{
    struct call *call = detour->call;
    struct stand_in *stand_in = detour->stand_in;
    list_remove(&detour->link);
    late->held_count--;
    call->home = detour->home;
    call->done = detour->done;
    free(detour);
    if (stand_in == NULL) {
        call_finish(call);
        return;
    }
    stand_in->asker->result = stand_in->watch.result;
    stand_in->asker->epoch = stand_in->watch.epoch;
    stand_in->asker->head = stand_in->watch.head;
    stand_in->asker->heard = stand_in->watch.heard;
    stand_in->asker->state = stand_in->watch.state;
    stand_in->asker->settings = stand_in->watch.settings;
    memcpy(stand_in->asker->pins, stand_in->watch.pins, sizeof(stand_in->watch.pins));
    call_finish(call);
    told(stand_in);
}

/* ---- the thread ---- */

static void hand_over_some(struct late_port *late, bool all)
{
    while (late->held_count > 0 && (all || rand_below(&late->rand, 3) != 0)) {
        uint64_t place = rand_below(&late->rand, late->held_count);
        struct link *link = late->held.next;
        while (place-- > 0) {
            link = link->next;
        }
        hand_over(late, list_entry(link, struct detour, link));
    }
}

static void *run(void *user)
{
    struct late_port *late = user;
    here = late;
    while (!late->is_ending || late->held_count > 0) {
        mail_wait(&late->mail, late->held_count > 0 ? PATIENCE_MS : -1);
        hand_over_some(late, mail_open_all(&late->mail) == 0);
    }
    return NULL;
}

static void open_ending(struct letter *letter)
{
    struct late_port *late =
        (struct late_port *)(void *)((char *)letter - offsetof(struct late_port, ending));
    late->is_ending = true;
}

/* ---- watches ---- */

static void on_watch_done(struct call *call)
{
    struct stand_in *stand_in = (struct stand_in *)(void *)call;
    hold(stand_in->late, stand_in->detour);
}

static void on_events(struct watch *watch, struct event *const *events, uint32_t count)
{
    struct stand_in *stand_in = (struct stand_in *)(void *)watch;
    for (uint32_t i = 0; i < count; i++) {
        send_on(stand_in, events[i], NULL);
    }
}

static void on_notices(struct watch *watch, struct notice *const *notices, uint32_t count)
{
    struct stand_in *stand_in = (struct stand_in *)(void *)watch;
    for (uint32_t i = 0; i < count; i++) {
        send_on(stand_in, NULL, notices[i]);
    }
}

static void on_behind(struct watch *watch)
{
    struct stand_in *stand_in = (struct stand_in *)(void *)watch;
    send_on(stand_in, NULL, NULL);
    stand_in->is_over = true;
    if (stand_in->is_told) {
        forget(stand_in);
    }
}

static void do_watch(struct port *port, struct watch *watch)
{
    struct late_port *late = late_of(port);
    struct stand_in *stand_in = calloc(1, sizeof(*stand_in));
    stand_in->asker = watch;
    stand_in->home = watch->call.home;
    stand_in->late = late;
    list_init(&stand_in->kept);
    stand_in->watch = (struct watch){
        .call = {.home = mail_home(&late->mail), .done = on_watch_done},
        .stream = watch->stream,
        .on_events = on_events,
        .on_notices = watch->on_notices == NULL ? NULL : on_notices,
        .on_behind = on_behind,
    };
    stand_in->detour = detour_of(&watch->call);
    stand_in->detour->stand_in = stand_in;
    lock(late);
    list_push(&late->stand_ins, &stand_in->link);
    unlock(late);
    port_watch(late->behind, &stand_in->watch);
}

static void on_unwatch_done(struct call *call)
{
    struct stand_in *stand_in = (struct stand_in *)(void *)call;
    hold(stand_in->late, stand_in->detour);
    forget(stand_in);
}

static void do_unwatch(struct port *port, struct watch *watch)
{
    struct late_port *late = late_of(port);
    struct stand_in *found = NULL;
    lock(late);
    for (struct link *link = late->stand_ins.next; link != &late->stand_ins; link = link->next) {
        struct stand_in *stand_in = list_entry(link, struct stand_in, link);
        found = stand_in->asker == watch ? stand_in : found;
    }
    unlock(late);
    if (found == NULL) { // it was told that it is behind
        call_finish(&watch->call);
        return;
    }
    found->detour = detour_of(&watch->call);
    found->watch.call.done = on_unwatch_done;
    port_unwatch(late->behind, &found->watch);
}

/* ---- the rest ---- */

static void do_submit(struct port *port, struct submit *submit)
{
    struct late_port *late = late_of(port);
    send_away(late, &submit->call);
    port_submit(late->behind, submit);
}

static void do_sync(struct port *port, struct sync *sync)
{
    struct late_port *late = late_of(port);
    send_away(late, &sync->call);
    port_sync(late->behind, sync);
}

static void do_read(struct port *port, struct read *read)
{
    struct late_port *late = late_of(port);
    send_away(late, &read->call);
    port_read(late->behind, read);
}

static void do_count(struct port *port, struct count_call *count)
{
    struct late_port *late = late_of(port);
    send_away(late, &count->call);
    port_count(late->behind, count);
}

static void do_stream(struct port *port, struct stream_call *stream)
{
    struct late_port *late = late_of(port);
    send_away(late, &stream->call);
    port_stream(late->behind, stream);
}

static void do_act(struct port *port, struct act_call *act)
{
    struct late_port *late = late_of(port);
    send_away(late, &act->call);
    port_act(late->behind, act);
}

static void do_moderation(struct port *port, struct moderation_call *call)
{
    struct late_port *late = late_of(port);
    send_away(late, &call->call);
    port_moderation(late->behind, call);
}

static bool do_may_be_warned(struct port *port, uint64_t user)
{
    return port_may_be_warned(((struct late_port *)(void *)port)->behind, user);
}

static void do_warnings(struct port *port, struct warnings *warnings)
{
    struct late_port *late = late_of(port);
    send_away(late, &warnings->call);
    port_warnings(late->behind, warnings);
}

static void do_keep(struct port *port, struct reach_keep *keep)
{
    struct late_port *late = late_of(port);
    send_away(late, &keep->call);
    port_keep(late->behind, keep);
}

static const struct port_ops ops = {
    .submit = do_submit,
    .watch = do_watch,
    .unwatch = do_unwatch,
    .sync = do_sync,
    .read = do_read,
    .count = do_count,
    .stream = do_stream,
    .act = do_act,
    .moderation = do_moderation,
    .may_be_warned = do_may_be_warned,
    .warnings = do_warnings,
    .keep = do_keep,
};

struct late_port *late_port_new(struct port *behind, uint64_t seed)
{
    struct late_port *late = calloc(1, sizeof(*late));
    assert_non_null(late);
    late->port = (struct port){.ops = &ops, .epoch = behind->epoch, .user_key = behind->user_key};
    late->behind = behind;
    late->ending.open = open_ending;
    rand_init(&late->rand, seed);
    list_init(&late->away);
    list_init(&late->stand_ins);
    list_init(&late->held);
    assert_int_equal(mail_init(&late->mail), ERR_OK);
    assert_int_equal(pthread_mutex_init(&late->lock, NULL), 0);
    assert_int_equal(pthread_create(&late->thread, NULL, run, late), 0);
    return late;
}

struct port *late_port_port(struct late_port *late)
{
    return &late->port;
}

void late_port_free(struct late_port *late)
{
    home_send(mail_home(&late->mail), &late->ending);
    assert_int_equal(pthread_join(late->thread, NULL), 0);
    assert_true(list_is_empty(&late->away));
    mail_done(&late->mail);
    pthread_mutex_destroy(&late->lock);
    free(late);
}
