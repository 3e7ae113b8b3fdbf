// SPDX-License-Identifier: Apache-2.0
/* A process of its own posts and is killed in mid-write, again and again; whatever it was answered
 * is in the log, once. */
#include "desk.h"
#include "subject.h"

#include "base/rand.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { KILLS = 50, IN_FLIGHT = 32, ANSWERS_MAX = 1 << 20, ACT_KILLS = 15 };

struct answer {      // what the poster was told, through a pipe
    uint32_t number; // the cid's
    uint32_t seq;
};

static void cid_of(uint32_t number, char cid[16])
{
    snprintf(cid, 16, "c-%u", number);
}

/* The process that will be killed: numbers from `first` on, IN_FLIGHT at a time. */
static void post_for_ever(struct subject *subject, uint32_t first, int answers_fd)
{
    struct desk desk;
    subject_start(subject);
    desk_open(&desk, subject->port);
    for (uint32_t number = first;; number += IN_FLIGHT) {
        struct post posts[IN_FLIGHT];
        char cids[IN_FLIGHT][16];
        for (uint32_t i = 0; i < IN_FLIGHT; i++) {
            cid_of(number + i, cids[i]);
            posts[i] = desk_post_of("demo", "ann", cids[i], "will it last?");
            desk_ask_post(&desk, &posts[i]);
        }
        for (uint32_t i = 0; i < IN_FLIGHT; i++) {
            desk_wait(&desk, &posts[i].is_done);
            const struct answer answer = {.number = number + i,
                                          .seq = (uint32_t)posts[i].submit.event->seq};
            if (write(answers_fd, &answer, sizeof(answer)) != (ssize_t)sizeof(answer)) {
                _exit(1);
            }
            desk_post_done(&posts[i]);
        }
    }
}

static struct acting ban_of(uint32_t number, char user[16], struct str *users)
{
    cid_of(number, user);
    *users = str_of(user);
    return desk_act_of(
        "demo",
        (struct act){
            .what = ACT_BAN, .at = ACT_AT_USERS, .users = users, .target_count = 1, .seconds = -1});
}

/* The same with acts; the answer's seq is the act's number. */
static void act_for_ever(struct subject *subject, uint32_t first, int answers_fd)
{
    struct desk desk;
    subject_start(subject);
    desk_open(&desk, subject->port);
    for (uint32_t number = first;; number++) {
        char user[16];
        struct str users[1];
        struct acting acting = ban_of(number, user, users);
        desk_act(&desk, &acting);
        const struct answer answer = {.number = number, .seq = (uint32_t)acting.call.act_n};
        if (write(answers_fd, &answer, sizeof(answer)) != (ssize_t)sizeof(answer)) {
            _exit(1);
        }
    }
}

static uint32_t run_and_kill(struct subject *subject, struct rand *rand, struct answer *answers,
                             void (*work)(struct subject *subject, uint32_t first, int answers_fd))
{
    int pipe_fds[2];
    uint32_t count = 0;
    const uint64_t enough = 1 + rand_below(rand, 400);
    assert_int_equal(pipe(pipe_fds), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(pipe_fds[0]);
        work(subject, (uint32_t)rand_below(rand, 1U << 30), pipe_fds[1]);
    }
    close(pipe_fds[1]);
    while (read(pipe_fds[0], &answers[count], sizeof(*answers)) == (ssize_t)sizeof(*answers)) {
        count++;
        if (count == enough) {
            kill(child, SIGKILL); // what lies in the pipe was answered, too
        }
        assert_true(count < ANSWERS_MAX);
    }
    close(pipe_fds[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return count;
}

static void assert_all_there(struct subject *subject, const struct answer *answers, uint32_t count)
{
    struct desk desk;
    subject_start(subject);
    desk_open(&desk, subject->port);
    for (uint32_t i = 0; i < count; i++) {
        char cid[16];
        cid_of(answers[i].number, cid);
        struct post post = desk_post_of("demo", "ann", cid, "will it last?");
        desk_ask_post(&desk, &post);
        desk_wait(&desk, &post.is_done);
        assert_int_equal(post.submit.end, SUBMIT_DUPLICATE);
        assert_int_equal(post.submit.event->seq, answers[i].seq);
        desk_post_done(&post);
    }
    desk_close(&desk);
    subject_stop(subject);
}

static void what_was_answered_survives_kill(void **state)
{
    struct subject *subject = *state;
    struct answer *answers = calloc(ANSWERS_MAX, sizeof(*answers));
    struct rand rand;
    uint32_t total = 0;
    rand_init(&rand, 20251121);
    subject_stop(subject);
    for (int kills = 0; kills < KILLS; kills++) {
        const uint32_t count = run_and_kill(subject, &rand, answers, post_for_ever);
        assert_all_there(subject, answers, count);
        total += count;
    }
    assert_true(total > KILLS);
    subject_start(subject);
    free(answers);
}

static void assert_in_force(struct subject *subject, const struct answer *answers, uint32_t count)
{
    struct desk desk;
    subject_start(subject);
    desk_open(&desk, subject->port);
    for (uint32_t i = 0; i < count; i++) {
        char user[16];
        struct str users[1];
        struct acting again = ban_of(answers[i].number, user, users);
        assert_int_equal(desk_post_refused(&desk, "demo", user), REFUSAL_BANNED);
        desk_act(&desk, &again);
        assert_int_equal(again.call.end, ACT_DUPLICATE);
        assert_int_equal(again.call.act_n, answers[i].seq);
    }
    desk_close(&desk);
    subject_stop(subject);
}

static void what_was_done_holds_after_kill(void **state)
{
    struct subject *subject = *state;
    struct answer *answers = calloc(ANSWERS_MAX, sizeof(*answers));
    struct rand rand;
    rand_init(&rand, 20251122);
    subject_stop(subject);
    for (int kills = 0; kills < ACT_KILLS; kills++) {
        const uint32_t count = run_and_kill(subject, &rand, answers, act_for_ever);
        assert_true(count > 0);
        assert_in_force(subject, answers, count);
    }
    subject_start(subject);
    free(answers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_answered_survives_kill, subject_set_up,
                                        subject_tear_down),
        cmocka_unit_test_setup_teardown(what_was_done_holds_after_kill, subject_set_up,
                                        subject_tear_down),
    };
    return cmocka_run_group_tests_name("kill", tests, NULL, NULL);
}
