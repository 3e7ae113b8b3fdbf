// SPDX-License-Identifier: Apache-2.0
#include "rules/limits.h"

#include "base/mem.h"
#include "base/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct limits *new_limits(uint32_t count, uint32_t window_ms)
{
    struct limits *limits = NULL;
    const struct limit limit = {.count = count, .window_ms = window_ms};
    assert_int_equal(limits_new(limit, 1, &limits), ERR_OK);
    return limits;
}

static void settings_are_read(void **state)
{
    static const struct {
        const char *text;
        struct limit limit;
    } good[] = {
        {"5/10s", {5, 10000}}, {"100/1m", {100, 60000}}, {"5000/1s", {5000, 1000}},
        {"0", {0, 0}},         {"3/500ms", {3, 500}},    {"1/24h", {1, 86400000}},
    };
    static const char *const bad[] = {
        "",      "5",     "5/",     "/10s",           "5/10",      "5/0s",
        "0/1s",  "5/s",   "-5/1s",  "5/1d",           "5 / 10s",   "5/10s ",
        "5/1h5", "5/25h", "5.5/1s", "5/99999999999h", "9999999/1s"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct limit limit = {.count = 77};
        assert_int_equal(limit_parse(str_of(good[i].text), &limit), ERR_OK);
        assert_int_equal(limit.count, good[i].limit.count);
        assert_int_equal(limit.window_ms, good[i].limit.window_ms);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct limit limit = {.count = 77};
        assert_int_equal(limit_parse(str_of(bad[i]), &limit), ERR_PROTO);
        assert_int_equal(limit.count, 77);
    }
}

static void the_window_slides(void **state)
{
    (void)state;
    struct limits *limits = new_limits(2, 1000);
    struct limit_answer answer = limits_ask(limits, STR("u"), 1, 5000);
    assert_true(answer.allowed);
    assert_int_equal(answer.limit, 2);
    assert_int_equal(answer.remaining, 1);
    assert_int_equal(answer.reset_ms, 1000);
    assert_int_equal(limits_take(limits, STR("u"), 5000), ERR_OK);
    answer = limits_ask(limits, STR("u"), 1, 5400);
    assert_int_equal(answer.remaining, 0);
    assert_int_equal(answer.reset_ms, 600);
    assert_int_equal(limits_take(limits, STR("u"), 5400), ERR_OK);
    answer = limits_ask(limits, STR("u"), 1, 5999);
    assert_false(answer.allowed);
    assert_int_equal(answer.retry_after_ms, 1);
    assert_true(limits_ask(limits, STR("other"), 1, 5999).allowed);
    assert_true(limits_ask(limits, STR("u"), 1, 6000).allowed);
    limits_free(limits);
}

static void asking_costs_nothing(void **state)
{
    (void)state;
    struct limits *limits = new_limits(1, 1000);
    for (int i = 0; i < 100; i++) {
        assert_true(limits_ask(limits, STR("u"), 1, 0).allowed);
    }
    assert_int_equal(limits_keys(limits), 0);
    limits_free(limits);
}

static void some_have_more(void **state)
{
    (void)state;
    struct limits *limits = new_limits(2, 1000);
    for (int i = 0; i < 20; i++) {
        const struct limit_answer answer = limits_ask(limits, STR("mod"), 10, 0);
        assert_true(answer.allowed);
        assert_int_equal(answer.limit, 20);
        assert_int_equal(answer.remaining, 19 - i);
        assert_int_equal(limits_take(limits, STR("mod"), 0), ERR_OK);
    }
    assert_false(limits_ask(limits, STR("mod"), 10, 999).allowed);
    /* No longer a moderator: there is room when all but one have left. */
    assert_int_equal(limits_ask(limits, STR("mod"), 1, 999).retry_after_ms, 1);
    limits_free(limits);
}

static void no_limit_keeps_nothing(void **state)
{
    (void)state;
    struct limits *limits = new_limits(0, 0);
    assert_int_equal(limits_take(limits, STR("u"), 0), ERR_OK);
    assert_true(limits_ask(limits, STR("u"), 1, 0).allowed);
    assert_int_equal(limits_ask(limits, STR("u"), 1, 0).limit, 0);
    assert_int_equal(limits_keys(limits), 0);
    limits_free(limits);
}

static void a_failed_commit_is_forgotten(void **state)
{
    (void)state;
    struct limits *limits = new_limits(3, 1000);
    assert_int_equal(limits_take(limits, STR("u"), 10), ERR_OK);
    assert_int_equal(limits_take(limits, STR("u"), 20), ERR_OK);
    assert_int_equal(limits_take(limits, STR("u"), 30), ERR_OK);
    limits_untake(limits, STR("u"), 25); // none at that time
    assert_false(limits_ask(limits, STR("u"), 1, 40).allowed);
    limits_untake(limits, STR("u"), 20);
    assert_int_equal(limits_ask(limits, STR("u"), 1, 40).remaining, 0);
    assert_int_equal(limits_ask(limits, STR("u"), 1, 1015).reset_ms, 15); // 30 is the oldest left
    limits_untake(limits, STR("u"), 10);
    limits_untake(limits, STR("u"), 30);
    assert_int_equal(limits_keys(limits), 0);
    limits_untake(limits, STR("nobody"), 10);
    limits_free(limits);
}

static void what_has_passed_is_swept(void **state)
{
    (void)state;
    const uint64_t before = mem_held_bytes(MEM_ENGINE);
    struct limits *limits = new_limits(3, 1000);
    const uint64_t empty = mem_held_bytes(MEM_ENGINE);
    for (int i = 'a'; i <= 'j'; i++) {
        const char c = (char)i;
        const struct str key = {.at = &c, .len = 1};
        assert_int_equal(limits_take(limits, key, i), ERR_OK);
    }
    assert_int_equal(limits_take(limits, STR("a"), 500), ERR_OK); // the oldest key is used again
    limits_sweep(limits, 'j' + 999, 100);
    assert_int_equal(limits_keys(limits), 2); // a, and j, whose window ends in 1 ms
    limits_sweep(limits, 5000, 1);
    assert_int_equal(limits_keys(limits), 1);
    limits_sweep(limits, 5000, 1);
    assert_int_equal(limits_keys(limits), 0);
    assert_true(mem_held_bytes(MEM_ENGINE) < empty + 2048); // the table's slots stay
    limits_free(limits);
    assert_int_equal(mem_held_bytes(MEM_ENGINE), before);
}

static void a_new_limit_counts_what_was(void **state)
{
    (void)state;
    struct limits *limits = new_limits(10, 1000);
    for (int64_t at = 0; at < 5; at++) {
        assert_int_equal(limits_take(limits, STR("u"), at), ERR_OK);
    }
    limits_set(limits, (struct limit){.count = 3, .window_ms = 1000});
    const struct limit_answer answer = limits_ask(limits, STR("u"), 1, 10);
    assert_false(answer.allowed);
    assert_int_equal(answer.remaining, 0);
    assert_int_equal(answer.retry_after_ms, 2 + 1000 - 10); // when 0, 1 and 2 have left
    limits_free(limits);
}

static void no_memory_is_told_and_counts_nothing(void **state)
{
    (void)state;
    struct limits *limits = new_limits(1, 1000);
    for (uint64_t n = 1; n <= 2; n++) {
        mem_fail_after(n);
        assert_int_equal(limits_take(limits, STR("u"), 0), ERR_NOMEM);
        mem_fail_after(0);
        assert_true(limits_ask(limits, STR("u"), 1, 0).allowed);
    }
    limits_free(limits);
}

/* The naive model: every accepted time of a key, for ever. */
enum { MODEL_KEYS = 3, MODEL_TIMES = 4096 };
struct model {
    int64_t times[MODEL_KEYS][MODEL_TIMES];
    uint32_t counts[MODEL_KEYS];
};

static bool model_allows(const struct model *model, size_t key, struct limit limit, int64_t now)
{
    uint32_t inside = 0;
    for (uint32_t i = 0; i < model->counts[key]; i++) {
        inside += model->times[key][i] > now - limit.window_ms;
    }
    return inside < limit.count;
}

static void check_step(struct limits *limits, struct model *model, size_t key, struct limit limit,
                       int64_t now)
{
    const char name = (char)('a' + key);
    const struct str text = {.at = &name, .len = 1};
    const struct limit_answer answer = limits_ask(limits, text, 1, now);
    assert_int_equal(answer.allowed, model_allows(model, key, limit, now));
    if (answer.allowed) {
        assert_int_equal(limits_take(limits, text, now), ERR_OK);
        model->times[key][model->counts[key]++] = now;
        return;
    }
    /* The wait it names is right to the millisecond. */
    assert_false(model_allows(model, key, limit, now + answer.retry_after_ms - 1));
    assert_true(model_allows(model, key, limit, now + answer.retry_after_ms));
}

static void it_agrees_with_the_naive_model(void **state)
{
    static struct model model;
    struct rand rand;

    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        rand_init(&rand, seed);
        const struct limit limit = {.count = 1 + (uint32_t)rand_below(&rand, 9),
                                    .window_ms = 1 + (uint32_t)rand_below(&rand, 200)};
        struct limits *limits = new_limits(limit.count, limit.window_ms);
        int64_t now = -1000;
        model = (struct model){.counts = {0}};
        for (int step = 0; step < 1000; step++) {
            now += (int64_t)(rand_below(&rand, 3) == 0 ? rand_below(&rand, 60) : 0);
            check_step(limits, &model, (size_t)rand_below(&rand, MODEL_KEYS), limit, now);
            if (rand_below(&rand, 5) == 0) {
                limits_sweep(limits, now, 2);
            }
        }
        limits_free(limits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_read),
        cmocka_unit_test(the_window_slides),
        cmocka_unit_test(asking_costs_nothing),
        cmocka_unit_test(some_have_more),
        cmocka_unit_test(no_limit_keeps_nothing),
        cmocka_unit_test(a_failed_commit_is_forgotten),
        cmocka_unit_test(what_has_passed_is_swept),
        cmocka_unit_test(a_new_limit_counts_what_was),
        cmocka_unit_test(no_memory_is_told_and_counts_nothing),
        cmocka_unit_test(it_agrees_with_the_naive_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
