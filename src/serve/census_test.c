// SPDX-License-Identifier: Apache-2.0
#include "serve/census.h"

#include "loop/mail.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct address at(const char *text)
{
    struct address address = {0};
    assert_int_equal(address_parse_ip(str_of(text), &address), ERR_OK);
    return address;
}

static struct census *census_of(uint32_t address_max, uint32_t user_max, uint32_t viewers_max)
{
    struct census *census;
    const struct census_options options = {.seed = 3,
                                           .conns_address_max = address_max,
                                           .conns_user_max = user_max,
                                           .viewers_max = viewers_max};
    assert_int_equal(census_new(&options, &census), ERR_OK);
    return census;
}

static void an_address_counts_exactly(void **state)
{
    struct census *census = census_of(2, 0, 0);
    struct census_seat a = {0}, b = {0}, c = {0}, d = {0};
    const struct address one = at("192.0.2.1");
    const struct address two = at("192.0.2.2");
    (void)state;
    assert_int_equal(census_count_address(census, &a, &one), ERR_OK);
    assert_int_equal(census_count_address(census, &a, &one), ERR_OK); // twice is once
    assert_int_equal(census_count_address(census, &b, &one), ERR_OK);
    assert_int_equal(census_count_address(census, &c, &one), ERR_LIMIT);
    assert_int_equal(census_count_address(census, &c, &two), ERR_OK);
    assert_int_equal(census_addresses(census), 2);
    assert_int_equal(census_count_address(census, &a, &two), ERR_OK); // moves
    assert_int_equal(census_count_address(census, &d, &one), ERR_OK);
    census_leave(census, &a);
    census_leave(census, &b);
    census_leave(census, &c);
    census_leave(census, &d);
    census_leave(census, &d); // again is legal
    assert_int_equal(census_addresses(census), 0);
    census_free(census);
}

static void ipv6_counts_by_its_network(void **state)
{
    struct census *census = census_of(1, 0, 0);
    struct census_seat a = {0}, b = {0};
    const struct address one = at("2001:db8::1");
    const struct address same = at("2001:db8::ffff:2");
    const struct address other = at("2001:db8:0:1::1");
    (void)state;
    assert_int_equal(census_count_address(census, &a, &one), ERR_OK);
    assert_int_equal(census_count_address(census, &b, &same), ERR_LIMIT);
    assert_int_equal(census_count_address(census, &b, &other), ERR_OK);
    census_leave(census, &a);
    census_leave(census, &b);
    census_free(census);
}

static void the_node_is_full_at_its_bound(void **state)
{
    struct census *census = census_of(0, 0, 2);
    struct census_seat a = {0}, b = {0}, c = {0};
    (void)state;
    assert_int_equal(census_count_viewer(census, &a), ERR_OK);
    assert_int_equal(census_count_viewer(census, &a), ERR_OK);
    assert_int_equal(census_count_viewer(census, &b), ERR_OK);
    assert_int_equal(census_count_viewer(census, &c), ERR_LIMIT);
    census_leave_reader(census, &a);
    assert_int_equal(census_count_viewer(census, &c), ERR_OK);
    assert_int_equal(census_viewers(census), 2);
    census_leave(census, &b);
    census_leave(census, &c);
    assert_int_equal(census_viewers(census), 0);
    census_free(census);
}

static void each_stream_of_a_connection_is_a_viewer(void **state)
{
    struct census *census = census_of(0, 0, 3);
    struct census_seat a = {0}, b = {0};
    (void)state;
    assert_int_equal(census_count_viewer(census, &a), ERR_OK);
    assert_int_equal(census_count_further(census, &a), ERR_OK);
    assert_int_equal(census_count_further(census, &a), ERR_OK);
    assert_int_equal(census_count_further(census, &a), ERR_LIMIT);
    assert_int_equal(census_count_viewer(census, &b), ERR_LIMIT);
    census_leave_further(census, &a);
    assert_int_equal(census_count_viewer(census, &b), ERR_OK);
    census_leave_reader(census, &a);
    census_leave_further(census, &a); // its streams end after it has
    assert_int_equal(census_viewers(census), 1);
    census_leave(census, &b);
    census_free(census);
}

/* ---- users ---- */

static int told[8];
static struct census_seat seats[8];

static void on_replaced(struct census_seat *seat)
{
    told[seat - seats]++;
}

static void sit(struct census *census, struct mail *mail, size_t which, const char *user)
{
    const struct census_recall recall = {.home = mail_home(mail), .replaced = on_replaced};
    assert_int_equal(census_count_user(census, &seats[which], str_of(user), &recall), ERR_OK);
}

static void begin_users(struct mail *mail)
{
    assert_int_equal(mail_init(mail), ERR_OK);
    for (size_t i = 0; i < 8; i++) {
        seats[i] = (struct census_seat){0};
        told[i] = 0;
    }
}

static void the_oldest_is_told_once(void **state)
{
    struct census *census = census_of(0, 2, 0);
    struct mail mail;
    (void)state;
    begin_users(&mail);
    sit(census, &mail, 0, "ann");
    sit(census, &mail, 1, "ann");
    sit(census, &mail, 7, "bob");
    sit(census, &mail, 1, "ann"); // sits already
    assert_int_equal(mail_open_all(&mail), 0);
    sit(census, &mail, 2, "ann");
    sit(census, &mail, 3, "ann"); // before the first has left
    assert_int_equal(mail_open_all(&mail), 2);
    assert_int_equal(told[0], 1);
    assert_int_equal(told[1], 1);
    assert_int_equal(told[2] + told[3] + told[7], 0);
    census_leave(census, &seats[0]);
    census_leave(census, &seats[2]);
    sit(census, &mail, 4, "ann");
    assert_int_equal(mail_open_all(&mail), 0);
    sit(census, &mail, 5, "ann"); // 3, 4 and 5 stay: 3 is the oldest
    assert_int_equal(mail_open_all(&mail), 1);
    assert_int_equal(told[3], 1);
    for (size_t i = 0; i < 8; i++) {
        census_leave(census, &seats[i]);
    }
    mail_done(&mail);
    census_free(census);
}

static void who_reads_no_more_is_not_counted(void **state)
{
    struct census *census = census_of(0, 1, 1);
    struct mail mail;
    (void)state;
    begin_users(&mail);
    sit(census, &mail, 0, "ann");
    assert_int_equal(census_count_viewer(census, &seats[0]), ERR_OK);
    census_leave_reader(census, &seats[0]);
    sit(census, &mail, 1, "ann");
    assert_int_equal(census_count_viewer(census, &seats[1]), ERR_OK);
    assert_int_equal(mail_open_all(&mail), 0);
    census_leave(census, &seats[0]);
    census_leave(census, &seats[1]);
    mail_done(&mail);
    census_free(census);
}

static void who_left_before_the_letter_is_not_told(void **state)
{
    struct census *census = census_of(0, 1, 0);
    struct mail mail;
    (void)state;
    begin_users(&mail);
    sit(census, &mail, 0, "ann");
    sit(census, &mail, 1, "ann");
    census_leave(census, &seats[0]);
    sit(census, &mail, 0, "bob"); // the same memory, another seat
    assert_int_equal(mail_open_all(&mail), 1);
    assert_int_equal(told[0], 0);
    census_leave(census, &seats[0]);
    census_leave(census, &seats[1]);
    mail_done(&mail);
    census_free(census);
}

/* ---- threads ---- */

enum { THREADS = 4, ROUNDS = 2000 };

static void *come_and_go(void *user)
{
    struct census *census = user;
    const struct address one = at("192.0.2.1");
    for (int i = 0; i < ROUNDS; i++) {
        struct census_seat seat = {0};
        if (census_count_address(census, &seat, &one) == ERR_OK) {
            assert_int_equal(census_count_viewer(census, &seat), ERR_OK);
        }
        census_leave(census, &seat);
    }
    return NULL;
}

static void threads_leave_nothing_behind(void **state)
{
    struct census *census = census_of(THREADS, 0, THREADS);
    pthread_t threads[THREADS];
    (void)state;
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, census), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(census_addresses(census), 0);
    assert_int_equal(census_viewers(census), 0);
    census_free(census);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_counts_exactly),
        cmocka_unit_test(ipv6_counts_by_its_network),
        cmocka_unit_test(the_node_is_full_at_its_bound),
        cmocka_unit_test(each_stream_of_a_connection_is_a_viewer),
        cmocka_unit_test(the_oldest_is_told_once),
        cmocka_unit_test(who_reads_no_more_is_not_counted),
        cmocka_unit_test(who_left_before_the_letter_is_not_told),
        cmocka_unit_test(threads_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
