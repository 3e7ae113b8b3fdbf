// SPDX-License-Identifier: Apache-2.0
#include "loop/mail.h"

#include "base/mem.h"
#include "sys/sys.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SENDERS = 4, LETTERS = 20000 };

struct numbered {
    struct letter letter;
    unsigned sender, number;
};

static unsigned next_of[SENDERS]; // the owner's
static unsigned opened_count;

static void open_numbered(struct letter *letter)
{
    struct numbered *numbered = (struct numbered *)(void *)letter;
    assert_int_equal(numbered->number, next_of[numbered->sender]);
    next_of[numbered->sender]++;
    opened_count++;
    mem_free(MEM_OTHER, numbered);
}

struct sender {
    struct sys_thread thread;
    struct home *to;
    unsigned number;
};

static void send_many(void *user)
{
    const struct sender *sender = user;
    for (unsigned i = 0; i < LETTERS; i++) {
        struct numbered *numbered = mem_new(MEM_OTHER, sizeof(*numbered));
        assert_non_null(numbered);
        *numbered = (struct numbered){
            .letter = {.open = open_numbered}, .sender = sender->number, .number = i};
        home_send(sender->to, &numbered->letter);
    }
}

static void test_letters_of_each_sender_come_once_and_in_order(void **state)
{
    (void)state;
    struct mail mail;
    struct sender senders[SENDERS];
    assert_int_equal(mail_init(&mail), ERR_OK);
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.to = mail_home(&mail), .number = i};
        assert_int_equal(sys_thread_start(&senders[i].thread, "sender", send_many, &senders[i]),
                         ERR_OK);
    }
    unsigned told = 0;
    while (told < SENDERS * LETTERS) {
        mail_wait(&mail, -1);
        told += mail_open_all(&mail);
    }
    for (unsigned i = 0; i < SENDERS; i++) {
        sys_thread_join(&senders[i].thread);
    }
    assert_int_equal(opened_count, SENDERS * LETTERS);
    assert_int_equal(mail_open_all(&mail), 0);
    assert_int_equal(mail_waiting(&mail), 0);
    mail_done(&mail);
}

enum { BOXES = 20000 };

struct visitor {
    struct sys_thread thread;
    struct mail *_Atomic box; // NULL: the last one has its letters
    struct letter letters[2];
    atomic_uint opened;
};

static struct visitor visitor;

static void count_opened(struct letter *letter)
{
    (void)letter;
    visitor.opened++;
}

static void send_two_to_each(void *user)
{
    (void)user;
    for (unsigned i = 0; i < BOXES; i++) {
        struct mail *box = NULL;
        while ((box = atomic_load(&visitor.box)) == NULL) {
            sched_yield();
        }
        atomic_store(&visitor.box, NULL);
        home_send(mail_home(box), &visitor.letters[0]);
        home_send(mail_home(box), &visitor.letters[1]);
    }
}

/* Who finds a letter without having been woken may close the box before the sender wakes. */
static void test_a_box_closes_only_when_its_senders_are_done(void **state)
{
    (void)state;
    visitor.letters[0].open = visitor.letters[1].open = count_opened;
    assert_int_equal(sys_thread_start(&visitor.thread, "visitor", send_two_to_each, NULL), ERR_OK);
    for (unsigned i = 0; i < BOXES; i++) {
        struct mail box;
        assert_int_equal(mail_init(&box), ERR_OK);
        atomic_store(&visitor.box, &box);
        for (unsigned looks = 1; visitor.opened < 2 * (i + 1); looks++) {
            (void)mail_open_all(&box);
            if (looks % 64 == 0) {
                sched_yield();
            }
        }
        mail_done(&box);
        memset(&box, 0xff, sizeof(box));
    }
    sys_thread_join(&visitor.thread);
    assert_int_equal(visitor.opened, 2 * BOXES);
}

struct echo {
    struct letter letter;
    struct mail *mail;
    unsigned left;
};

static void send_itself_again(struct letter *letter)
{
    struct echo *echo = (struct echo *)(void *)letter;
    if (echo->left > 0) {
        echo->left--;
        home_send(mail_home(echo->mail), letter);
    }
}

static void test_what_comes_while_opening_waits_for_the_next_time(void **state)
{
    (void)state;
    struct mail mail;
    assert_int_equal(mail_init(&mail), ERR_OK);
    struct echo echo = {.letter = {.open = send_itself_again}, .mail = &mail, .left = 2};
    home_send(mail_home(&mail), &echo.letter);
    for (unsigned left = 2; left > 0; left--) {
        assert_int_equal(mail_waiting(&mail), 1);
        assert_int_equal(mail_open_all(&mail), 1);
        assert_int_equal(echo.left, left - 1);
        mail_wait(&mail, -1); // the wake-up was written again: this does not block
    }
    assert_int_equal(mail_open_all(&mail), 1);
    assert_int_equal(mail_waiting(&mail), 0);
    mail_wait(&mail, 0);
    mail_done(&mail);
}

static void test_what_wakes_each_mailbox_is_known(void **state)
{
    (void)state;
    struct mail one, two;
    int fds[2] = {-1, -1};
    assert_int_equal(mail_wake_fds(NULL, 0), 0);
    assert_int_equal(mail_init(&one), ERR_OK);
    assert_int_equal(mail_init(&two), ERR_OK);
    assert_int_equal(mail_wake_fds(fds, 1), 2);
    assert_int_equal(fds[0], one.wake_fd);
    assert_int_equal(fds[1], -1);
    mail_done(&one);
    assert_int_equal(mail_wake_fds(fds, 2), 1);
    assert_int_equal(fds[0], two.wake_fd);
    mail_done(&two);
    assert_int_equal(mail_wake_fds(NULL, 0), 0);
}

enum { WANTED = 3, FOR_EVER = -1 };

struct gathering {
    struct mail mail;
    struct letter letters[WANTED + 1];
};

static void gathering_begin(struct gathering *gathering)
{
    *gathering = (struct gathering){.letters[0].next = NULL};
    visitor.opened = 0;
    assert_int_equal(mail_init(&gathering->mail), ERR_OK);
    for (unsigned i = 0; i <= WANTED; i++) {
        gathering->letters[i].open = count_opened;
    }
}

static void send_the_rest(void *user)
{
    struct gathering *gathering = user;
    for (unsigned i = 1; i < WANTED; i++) {
        home_send(mail_home(&gathering->mail), &gathering->letters[i]);
    }
}

static void test_who_gathers_is_woken_by_the_letter_that_makes_it_enough(void **state)
{
    (void)state;
    struct gathering gathering;
    struct sys_thread thread;
    gathering_begin(&gathering);
    home_send(mail_home(&gathering.mail), &gathering.letters[0]);
    mail_gather(&gathering.mail, 1, FOR_EVER); // it is there
    assert_int_equal(sys_thread_start(&thread, "sender", send_the_rest, &gathering), ERR_OK);
    mail_gather(&gathering.mail, WANTED, FOR_EVER);
    assert_int_equal(mail_open_all(&gathering.mail), WANTED);
    sys_thread_join(&thread);

    home_send(mail_home(&gathering.mail), &gathering.letters[WANTED]); // as ever: one wakes
    mail_wait(&gathering.mail, FOR_EVER);
    assert_int_equal(mail_open_all(&gathering.mail), 1);
    mail_done(&gathering.mail);
}

static void send_an_urgent_one(void *user)
{
    struct gathering *gathering = user;
    mail_send_urgent(&gathering->mail, &gathering->letters[1]);
}

static void test_an_urgent_letter_ends_a_gathering(void **state)
{
    (void)state;
    struct gathering gathering;
    struct sys_thread thread;
    gathering_begin(&gathering);
    home_send(mail_home(&gathering.mail), &gathering.letters[0]);
    assert_int_equal(sys_thread_start(&thread, "sender", send_an_urgent_one, &gathering), ERR_OK);
    while (mail_waiting(&gathering.mail) < 2) {
        mail_gather(&gathering.mail, WANTED, FOR_EVER);
    }
    assert_int_equal(mail_open_all(&gathering.mail), 2);
    sys_thread_join(&thread);
    mail_done(&gathering.mail);
}

static void test_a_gathering_ends_in_time_and_wakes_as_ever(void **state)
{
    (void)state;
    struct gathering gathering;
    gathering_begin(&gathering);
    home_send(mail_home(&gathering.mail), &gathering.letters[0]);
    mail_gather(&gathering.mail, WANTED, 1);
    assert_int_equal(mail_open_all(&gathering.mail), 1);
    home_send(mail_home(&gathering.mail), &gathering.letters[1]);
    mail_wait(&gathering.mail, FOR_EVER);
    assert_int_equal(mail_open_all(&gathering.mail), 1);
    mail_done(&gathering.mail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_letters_of_each_sender_come_once_and_in_order),
        cmocka_unit_test(test_a_box_closes_only_when_its_senders_are_done),
        cmocka_unit_test(test_what_comes_while_opening_waits_for_the_next_time),
        cmocka_unit_test(test_what_wakes_each_mailbox_is_known),
        cmocka_unit_test(test_who_gathers_is_woken_by_the_letter_that_makes_it_enough),
        cmocka_unit_test(test_an_urgent_letter_ends_a_gathering),
        cmocka_unit_test(test_a_gathering_ends_in_time_and_wakes_as_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
