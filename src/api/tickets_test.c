// SPDX-License-Identifier: Apache-2.0
#include "api/tickets.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/metric.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct tickets *tickets;
static struct claims *ann;

static struct claims *claims_of(const char *sub)
{
    char text[80];
    struct json *payload = NULL;
    struct json_fault fault;
    struct claims *claims = NULL;
    (void)snprintf(text, sizeof(text), "{\"sub\":\"%s\",\"exp\":2000000000}", sub);
    assert_int_equal(json_parse(str_of(text), &payload, &fault), ERR_OK);
    assert_int_equal(claims_read(payload, &claims), ERR_OK);
    json_free(payload);
    return claims;
}

static int set_up(void **state)
{
    (void)state;
    ann = claims_of("ann");
    assert_int_equal(tickets_new(7, &tickets), ERR_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tickets_free(tickets);
    claims_unref(ann);
    return 0;
}

static struct str address; // who asks

static enum err grant_to(struct claims *claims, uint64_t number, int64_t mono_ms,
                         char ret_ticket[TICKET_LEN + 1])
{
    struct ticket_grant one = {
        .claims = claims, .address = address, .mono_ms = mono_ms, .limits = &tickets_limits_usual};
    memcpy(one.random, &number, sizeof(number));
    return tickets_grant(tickets, &one, ret_ticket);
}

static enum err grant(uint64_t number, int64_t mono_ms, char ret_ticket[TICKET_LEN + 1])
{
    return grant_to(ann, number, mono_ms, ret_ticket);
}

static void a_ticket_is_good_once(void **state)
{
    (void)state;
    char ticket[TICKET_LEN + 1];
    struct claims *claims = NULL;
    assert_int_equal(grant(1, 1000, ticket), ERR_OK);
    assert_int_equal(strlen(ticket), TICKET_LEN);
    assert_int_equal(tickets_redeem(tickets, str_of(ticket), 1001, &claims), ERR_OK);
    assert_ptr_equal(claims, ann);
    claims_unref(claims);
    assert_int_equal(tickets_redeem(tickets, str_of(ticket), 1002, &claims), ERR_NOT_FOUND);
}

static void a_ticket_is_good_for_its_time(void **state)
{
    (void)state;
    char early[TICKET_LEN + 1], late[TICKET_LEN + 1];
    struct claims *claims = NULL;
    assert_int_equal(grant(1, 1000, early), ERR_OK);
    assert_int_equal(grant(2, 1001, late), ERR_OK);
    const int64_t end_ms = 1000 + (int64_t)tickets_limits_usual.ttl_s * 1000;
    assert_int_equal(tickets_redeem(tickets, str_of(early), end_ms, &claims), ERR_NOT_FOUND);
    assert_int_equal(tickets_redeem(tickets, str_of(late), end_ms, &claims), ERR_OK);
    claims_unref(claims);
}

static bool metrics_say(const char *line)
{
    struct buf text;
    buf_init(&text, MEM_OTHER, 1 << 16);
    metric_write(&text);
    buf_add_byte(&text, '\0');
    assert_true(buf_ok(&text));
    const bool found = strstr((const char *)text.bytes, line) != NULL;
    buf_done(&text);
    return found;
}

static void open_ones_are_counted(void **state)
{
    (void)state;
    char used[TICKET_LEN + 1], forgotten[TICKET_LEN + 1];
    struct claims *claims = NULL;
    const int64_t end_ms = 1000 + (int64_t)tickets_limits_usual.ttl_s * 1000;
    assert_true(metrics_say("\nroar_tickets_open 0\n"));
    assert_int_equal(grant(1, 1000, used), ERR_OK);
    assert_int_equal(grant(2, 1000, forgotten), ERR_OK);
    assert_true(metrics_say("\nroar_tickets_open 2\n"));
    assert_int_equal(tickets_redeem(tickets, str_of(used), 1001, &claims), ERR_OK);
    claims_unref(claims);
    assert_true(metrics_say("\nroar_tickets_open 1\n"));
    assert_int_equal(tickets_redeem(tickets, str_of(forgotten), end_ms, &claims), ERR_NOT_FOUND);
    assert_true(metrics_say("\nroar_tickets_open 0\n"));
}

static void what_is_no_ticket_is_not_found(void **state)
{
    (void)state;
    struct claims *claims = NULL;
    assert_int_equal(tickets_redeem(tickets, STR_NONE, 1, &claims), ERR_NOT_FOUND);
    assert_int_equal(tickets_redeem(tickets, STR("x"), 1, &claims), ERR_NOT_FOUND);
    assert_null(claims);
}

static void open_tickets_are_bounded_and_old_ones_make_room(void **state)
{
    (void)state;
    char ticket[TICKET_LEN + 1];
    struct claims *user = NULL;
    for (uint64_t i = 0; i < tickets_limits_usual.open; i++) {
        if (i % tickets_limits_usual.open_user == 0) {
            char sub[24];
            (void)snprintf(sub, sizeof(sub), "u%d", (int)(i / tickets_limits_usual.open_user));
            claims_unref(user);
            user = claims_of(sub);
        }
        assert_int_equal(grant_to(user, i, 1000, ticket), ERR_OK);
    }
    claims_unref(user);
    assert_int_equal(grant(tickets_limits_usual.open, 1000, ticket), ERR_LIMIT);
    assert_int_equal(
        grant(tickets_limits_usual.open, 1000 + (int64_t)tickets_limits_usual.ttl_s * 1000, ticket),
        ERR_OK);
}

static void nobody_takes_everybodys(void **state)
{
    (void)state;
    char first[TICKET_LEN + 1], second[TICKET_LEN + 1], last[TICKET_LEN + 1];
    struct claims *claims = NULL;
    assert_int_equal(grant(1, 1000, first), ERR_OK);
    assert_int_equal(grant(2, 1000, second), ERR_OK);
    for (uint64_t i = 3; i <= tickets_limits_usual.open_user + 1; i++) {
        assert_int_equal(grant(i, 1000, last), ERR_OK);
    }
    assert_int_equal(tickets_redeem(tickets, str_of(first), 1001, &claims), ERR_NOT_FOUND);
    assert_int_equal(tickets_redeem(tickets, str_of(second), 1001, &claims), ERR_OK);
    claims_unref(claims);
    assert_int_equal(tickets_redeem(tickets, str_of(last), 1001, &claims), ERR_OK);
    claims_unref(claims);
}

static void a_new_guest_each_time_takes_nobodys(void **state)
{
    (void)state;
    char first[TICKET_LEN + 1], elsewhere[TICKET_LEN + 1], last[TICKET_LEN + 1];
    struct claims *claims = NULL;
    address = STR("192.0.2.7");
    assert_int_equal(grant(0, 1000, elsewhere), ERR_OK);
    address = STR("203.0.113.9");
    for (uint64_t i = 1; i <= tickets_limits_usual.open_address + 1; i++) {
        char sub[24];
        (void)snprintf(sub, sizeof(sub), "guest-%d", (int)i);
        struct claims *guest = claims_of(sub);
        assert_int_equal(grant_to(guest, i, 1000, i == 1 ? first : last), ERR_OK);
        claims_unref(guest);
    }
    address = STR_NONE;
    assert_int_equal(tickets_redeem(tickets, str_of(first), 1001, &claims), ERR_NOT_FOUND);
    assert_int_equal(tickets_redeem(tickets, str_of(elsewhere), 1001, &claims), ERR_OK);
    claims_unref(claims);
    assert_int_equal(tickets_redeem(tickets, str_of(last), 1001, &claims), ERR_OK);
    claims_unref(claims);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_ticket_is_good_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_ticket_is_good_for_its_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(open_ones_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_ticket_is_not_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_takes_everybodys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_guest_each_time_takes_nobodys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(open_tickets_are_bounded_and_old_ones_make_room, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
