// SPDX-License-Identifier: Apache-2.0
#include "api/held_claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { TTL_MS = 60000 };

static const struct held_claim anns = {.stream = {"demo", 4}, .id = {"c1", 2}, .user = {"ann", 3}};
static const struct held_claim bens = {.stream = {"demo", 4}, .id = {"c1", 2}, .user = {"ben", 3}};

static int set_up(void **state)
{
    struct held_claims *claims = NULL;
    assert_int_equal(held_claims_new(7, &claims), ERR_OK);
    *state = claims;
    return 0;
}

static int tear_down(void **state)
{
    held_claims_free(*state);
    return 0;
}

/* ERR_EXISTS: somebody else has it for `*ret_left_ms` more. */
static enum err check(struct held_claims *claims, const struct held_claim *claim, int64_t now_ms,
                      uint32_t *ret_left_ms)
{
    struct held_claims_found found = {.count = 0};
    enum err err = held_claims_of_others(claims, claim, now_ms, &found);
    for (uint32_t i = 0; i < found.count; i++) {
        if (str_eq(found.ids[i], claim->id)) {
            *ret_left_ms = found.left_ms[i];
            err = ERR_EXISTS;
        }
    }
    held_claims_found_done(&found);
    return err;
}

static void what_one_has_no_other_takes(void **state)
{
    uint32_t left_ms = 0;
    assert_int_equal(held_claims_take(*state, &anns, 1000, TTL_MS, &left_ms), ERR_OK);
    assert_int_equal(held_claims_take(*state, &bens, 11000, TTL_MS, &left_ms), ERR_EXISTS);
    assert_int_equal(left_ms, 50000);
    left_ms = 0;
    assert_int_equal(check(*state, &bens, 11000, &left_ms), ERR_EXISTS);
    assert_int_equal(left_ms, 50000);
    assert_int_equal(check(*state, &anns, 11000, &left_ms), ERR_OK);
    const struct held_claim elsewhere = {
        .stream = STR("other"), .id = STR("c1"), .user = STR("ben")};
    assert_int_equal(held_claims_take(*state, &elsewhere, 11000, TTL_MS, &left_ms), ERR_OK);
}

static void a_claim_runs_out_unless_it_is_made_again(void **state)
{
    uint32_t left_ms = 0;
    assert_int_equal(held_claims_take(*state, &anns, 0, TTL_MS, &left_ms), ERR_OK);
    assert_int_equal(held_claims_take(*state, &anns, 30000, TTL_MS, &left_ms), ERR_OK);
    assert_int_equal(check(*state, &bens, 89999, &left_ms), ERR_EXISTS);
    assert_int_equal(held_claims_take(*state, &bens, 90000, TTL_MS, &left_ms), ERR_OK);
    assert_int_equal(check(*state, &anns, 90000, &left_ms), ERR_EXISTS);
}

static void what_is_given_back_is_anybodys(void **state)
{
    uint32_t left_ms = 0;
    held_claims_drop(*state, &anns);
    assert_int_equal(held_claims_take(*state, &anns, 0, TTL_MS, &left_ms), ERR_OK);
    held_claims_drop(*state, &bens);
    assert_int_equal(check(*state, &bens, 0, &left_ms), ERR_EXISTS);
    held_claims_drop(*state, &anns);
    assert_int_equal(held_claims_take(*state, &bens, 0, TTL_MS, &left_ms), ERR_OK);
}

static void claims_are_listed_by_stream(void **state)
{
    uint32_t left_ms = 0;
    struct buf out;
    const struct held_claim other = {.stream = STR("demo2"), .id = STR("c9"), .user = STR("ann")};
    assert_int_equal(held_claims_take(*state, &anns, 0, TTL_MS, &left_ms), ERR_OK);
    assert_int_equal(held_claims_take(*state, &other, 0, TTL_MS, &left_ms), ERR_OK);
    buf_init(&out, MEM_OTHER, 4096);
    buf_add_str(&out, STR("\"comments\":[]"));
    held_claims_write(*state, STR("demo"), 1000, &out);
    assert_true(str_eq(buf_str(&out), STR("\"comments\":[],\"claims\":[{\"id\":\"c1\",\"by\":"
                                          "\"ann\",\"left_ms\":59000}]")));
    buf_reset(&out);
    held_claims_write(*state, STR("demo"), TTL_MS, &out);
    assert_true(str_eq(buf_str(&out), STR("\"claims\":[]")));
    buf_done(&out);
}

static void the_oldest_gives_way(void **state)
{
    uint32_t left_ms = 0;
    char id[16];
    struct held_claim claim = anns;
    for (int i = 0; i <= HELD_CLAIMS_MAX; i++) {
        (void)snprintf(id, sizeof(id), "c%d", i);
        claim.id = str_of(id);
        assert_int_equal(held_claims_take(*state, &claim, 0, TTL_MS, &left_ms), ERR_OK);
    }
    claim = bens;
    claim.id = STR("c0");
    assert_int_equal(check(*state, &claim, 0, &left_ms), ERR_OK);
    claim.id = STR("c1");
    assert_int_equal(check(*state, &claim, 0, &left_ms), ERR_EXISTS);
}

static void a_claim_without_memory_is_told(void **state)
{
    uint32_t left_ms = 0;
    mem_fail_after(1);
    assert_int_equal(held_claims_take(*state, &anns, 0, TTL_MS, &left_ms), ERR_NOMEM);
    mem_fail_after(2);
    assert_int_equal(held_claims_take(*state, &anns, 0, TTL_MS, &left_ms), ERR_NOMEM);
    assert_int_equal(check(*state, &bens, 0, &left_ms), ERR_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_one_has_no_other_takes),    TEST(a_claim_runs_out_unless_it_is_made_again),
        TEST(what_is_given_back_is_anybodys), TEST(claims_are_listed_by_stream),
        TEST(the_oldest_gives_way),           TEST(a_claim_without_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
