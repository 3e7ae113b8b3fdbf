// SPDX-License-Identifier: Apache-2.0
/* A watch sees every event after its head once and in order; sync brings it up to date. */
#include "desk.h"
#include "subject.h"
#include "suite.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { POSTERS = 4, POSTS_EACH = 300, WINDOW = 8, FOLLOWERS = 60 };

struct poster {
    pthread_t thread;
    struct port *port;
    uint32_t refused;
    _Atomic uint32_t posted;
};

/* Keeps WINDOW posts on their way, so that batches form. */
static void *post_many(void *user)
{
    struct poster *poster = user;
    struct desk desk;
    desk_open(&desk, poster->port);
    for (int i = 0; i < POSTS_EACH; i += WINDOW) {
        struct post posts[WINDOW];
        for (int j = 0; j < WINDOW; j++) {
            posts[j] = desk_post_of("demo", "ann", NULL, "a comment among many");
            desk_ask_post(&desk, &posts[j]);
        }
        for (int j = 0; j < WINDOW; j++) {
            desk_wait(&desk, &posts[j].is_done);
            poster->refused += posts[j].submit.end != SUBMIT_DONE;
            poster->posted++;
            desk_post_done(&posts[j]);
        }
    }
    desk_close(&desk);
    return NULL;
}

static uint64_t start_posters(struct poster *posters, struct port *port)
{
    for (int i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){.port = port};
        assert_int_equal(pthread_create(&posters[i].thread, NULL, post_many, &posters[i]), 0);
    }
    return (uint64_t)POSTERS * ((POSTS_EACH + WINDOW - 1) / WINDOW) * WINDOW;
}

/* Letters are opened meanwhile: left for long, they would be more than a home may have unopened. */
static void join_posters(struct desk *desk, struct poster *posters)
{
    enum { A_MOMENT_MS = 5 };
    for (int i = 0; i < POSTERS; i++) {
        while (pthread_tryjoin_np(posters[i].thread, NULL) != 0) {
            mail_wait(&desk->mail, A_MOMENT_MS);
            desk_open_letters(desk);
        }
        assert_int_equal(posters[i].refused, 0);
    }
}

void following_takes_over_without_gap_or_double(void **state)
{
    struct subject *subject = *state;
    struct poster posters[POSTERS];
    struct desk desk;
    struct follower *followers = calloc(FOLLOWERS, sizeof(*followers));
    desk_open(&desk, subject->port);
    const uint64_t total = start_posters(posters, subject->port);
    uint32_t heads_between = 0;
    for (int i = 0; i < FOLLOWERS; i++) {
        desk_follow(&desk, &followers[i], "demo");
        assert_int_equal(followers[i].watch.result, ERR_OK);
        heads_between += followers[i].watch.head > 0 && followers[i].watch.head < total;
    }
    join_posters(&desk, posters);
    desk_sync(&desk);
    for (int i = 0; i < FOLLOWERS; i++) {
        assert_int_equal(followers[i].out_of_order, 0);
        assert_int_equal(followers[i].last, total);
        assert_int_equal(followers[i].events, total - followers[i].watch.head);
        desk_unfollow(&desk, &followers[i]);
    }
    assert_true(heads_between > 0); // some did begin in the middle
    free(followers);
    desk_close(&desk);
}

/* Each read joins what a watch gives: what is read up to the head and what follows is the log. */
void following_meets_what_is_read(void **state)
{
    struct subject *subject = *state;
    struct poster posters[POSTERS];
    struct desk desk;
    desk_open(&desk, subject->port);
    const uint64_t total = start_posters(posters, subject->port);
    for (int round = 0; round < 40; round++) {
        struct follower follower;
        desk_follow(&desk, &follower, "demo");
        struct reading reading = desk_read_newest(&desk, "demo", 5);
        assert_true(reading.read.head >= follower.watch.head);
        if (reading.read.count > 0) {
            assert_int_equal(reading.read.events[reading.read.count - 1]->seq, reading.read.head);
        }
        desk_sync(&desk); // what a read has shown is on its way to every watch
        assert_true(follower.last >= reading.read.head);
        assert_int_equal(follower.out_of_order, 0);
        read_done(&reading.read);
        desk_unfollow(&desk, &follower);
    }
    join_posters(&desk, posters);
    struct reading reading = desk_read_newest(&desk, "demo", 1);
    assert_int_equal(reading.read.head, total);
    read_done(&reading.read);
    desk_close(&desk);
}

void following_sees_before_the_answer(void **state)
{
    struct subject *subject = *state;
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    assert_int_equal(follower.watch.head, 0);
    assert_int_equal(follower.watch.state, STREAM_LIVE);
    assert_true(epoch_eq(&follower.watch.epoch, &subject->port->epoch));
    for (uint64_t i = 1; i <= 100; i++) {
        const uint64_t seq = desk_say(&desk, "demo", "ann", "hello");
        assert_int_equal(seq, i);
        assert_int_equal(follower.last, i);
    }
    (void)desk_say(&desk, "other", "ann", "not for this watch");
    desk_sync(&desk);
    assert_int_equal(follower.events, 100);
    desk_unfollow(&desk, &follower);
    (void)desk_say(&desk, "demo", "ann", "after it left");
    desk_sync(&desk);
    assert_int_equal(follower.events, 100);
    desk_close(&desk);
}

struct passer { // posts on its own thread and home, one at a time
    pthread_t thread;
    struct port *port;
    _Atomic uint64_t answered; // the newest seq that was answered
};

static void *post_one_by_one(void *user)
{
    struct passer *passer = user;
    struct desk desk;
    desk_open(&desk, passer->port);
    for (int i = 0; i < 300; i++) {
        passer->answered = desk_say(&desk, "demo", "bob", "answered elsewhere");
    }
    desk_close(&desk);
    return NULL;
}

void following_is_up_to_date_after_sync(void **state)
{
    struct subject *subject = *state;
    struct passer passer = {.port = subject->port};
    struct desk desk;
    struct follower follower;
    desk_open(&desk, subject->port);
    desk_follow(&desk, &follower, "demo");
    assert_int_equal(pthread_create(&passer.thread, NULL, post_one_by_one, &passer), 0);
    uint64_t answered = 0;
    while (answered < 300) {
        answered = passer.answered;
        desk_sync(&desk);
        assert_true(follower.last >= answered);
    }
    pthread_join(passer.thread, NULL);
    assert_int_equal(follower.out_of_order, 0);
    desk_unfollow(&desk, &follower);
    desk_close(&desk);
}

/* The same stream from two homes and twice from one: each watch is its own. */
void following_many_times_over(void **state)
{
    struct subject *subject = *state;
    struct desk desks[2];
    struct follower followers[3];
    desk_open(&desks[0], subject->port);
    desk_open(&desks[1], subject->port);
    desk_follow(&desks[0], &followers[0], "demo");
    desk_follow(&desks[0], &followers[1], "demo");
    desk_follow(&desks[1], &followers[2], "demo");
    (void)desk_say(&desks[0], "demo", "ann", "one");
    desk_unfollow(&desks[0], &followers[0]);
    (void)desk_say(&desks[0], "demo", "ann", "two");
    desk_sync(&desks[0]);
    desk_sync(&desks[1]);
    assert_int_equal(followers[0].events, 1);
    assert_int_equal(followers[1].events, 2);
    assert_int_equal(followers[2].events, 2);
    desk_unfollow(&desks[0], &followers[1]);
    desk_unfollow(&desks[1], &followers[2]);
    desk_close(&desks[0]);
    desk_close(&desks[1]);
}

/* A home that gossips: as soon as a letter for it is handed over, a sync is asked for elsewhere. */
struct gossip {
    struct home home; // first
    struct desk *near;
    struct desk *far;
    struct sync sync;
    struct follower *follower; // of `far`
    _Atomic bool is_armed;
    uint64_t seen; // the newest that it had when the sync was done
    bool is_synced;
};

static void gossip_send(struct home *home, struct letter *letter)
{
    struct gossip *gossip = (struct gossip *)(void *)home;
    if (atomic_exchange(&gossip->is_armed, false)) {
        port_sync(gossip->far->port, &gossip->sync);
    }
    home_send(mail_home(&gossip->near->mail), letter);
}

static void gossip_synced(struct call *call)
{
    struct gossip *gossip =
        (struct gossip *)(void *)((char *)call - offsetof(struct gossip, sync.call));
    gossip->seen = gossip->follower->last;
    gossip->is_synced = true;
}

/* Who was told of an event by a watch of one home finds it at every other. */
void following_is_told_everywhere_before_a_sync(void **state)
{
    struct subject *subject = *state;
    struct desk near;
    struct desk far;
    struct follower first;
    struct follower second;
    desk_open(&near, subject->port);
    desk_open(&far, subject->port);
    struct gossip gossip = {.home = {.send = gossip_send},
                            .near = &near,
                            .far = &far,
                            .sync = {.call = {.home = mail_home(&far.mail), .done = gossip_synced}},
                            .follower = &second};
    desk_follow_at(&near, &first, "demo", &gossip.home);
    desk_follow(&far, &second, "demo");
    gossip.is_armed = true;
    const uint64_t seq = desk_say(&near, "demo", "ann", "psst");
    desk_wait(&far, &gossip.is_synced);
    assert_int_equal(gossip.seen, seq);
    desk_unfollow(&near, &first);
    desk_unfollow(&far, &second);
    desk_close(&near);
    desk_close(&far);
}
