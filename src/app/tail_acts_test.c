// SPDX-License-Identifier: Apache-2.0
#include "app/tail_acts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct json *parse(const char *text)
{
    struct json *root = NULL;
    struct json_fault fault;
    assert_int_equal(json_parse(str_of(text), &root, &fault), ERR_OK);
    return root;
}

static void early(struct tail_acts *acts, const char *text)
{
    struct json *event = parse(text);
    tail_acts_early(acts, event);
    json_free(event);
}

static bool hides(const struct tail_acts *acts, const char *text)
{
    struct json *comment = parse(text);
    const bool is_hidden = tail_acts_hides(acts, comment);
    json_free(comment);
    return is_hidden;
}

static void what_an_early_copy_removes_is_hidden(void **state)
{
    struct tail_acts acts;
    (void)state;
    tail_acts_init(&acts);
    early(&acts, "{\"type\":\"retract\",\"seq\":20,\"seqs\":[12,14],\"early\":true}");
    early(&acts, "{\"type\":\"retract\",\"seq\":21,\"user_id\":\"u9\",\"upto\":15}");
    assert_true(hides(&acts, "{\"seq\":12,\"user\":{\"id\":\"a\"}}"));
    assert_false(hides(&acts, "{\"seq\":13,\"user\":{\"id\":\"a\"}}"));
    assert_true(hides(&acts, "{\"seq\":13,\"user\":{\"id\":\"u9\"}}"));
    assert_false(hides(&acts, "{\"seq\":16,\"user\":{\"id\":\"u9\"}}"));
    early(&acts, "{\"type\":\"retract\",\"seq\":22,\"all\":true,\"upto\":17}");
    assert_true(hides(&acts, "{\"seq\":17,\"user\":{\"id\":\"a\"}}"));
    assert_false(hides(&acts, "{\"seq\":18,\"user\":{\"id\":\"a\"}}"));
    assert_true(tail_acts_knows(&acts, 20));
    assert_false(tail_acts_knows(&acts, 19));
    tail_acts_done(&acts);
}

static void what_was_passed_is_forgotten(void **state)
{
    struct tail_acts acts;
    (void)state;
    tail_acts_init(&acts);
    early(&acts, "{\"type\":\"retract\",\"seq\":20,\"seqs\":[12,14]}");
    early(&acts, "{\"type\":\"retract\",\"seq\":21,\"user_id\":\"u9\",\"upto\":15}");
    tail_acts_pass(&acts, 13);
    assert_int_equal(acts.seqs.len, sizeof(uint64_t));
    assert_true(hides(&acts, "{\"seq\":14}"));
    assert_int_equal(acts.user_count, 1);
    tail_acts_pass(&acts, 21);
    assert_int_equal(acts.seqs.len, 0);
    assert_int_equal(acts.early.len, 0);
    assert_int_equal(acts.user_count, 0);
    tail_acts_done(&acts);
}

static void the_lists_are_bounded(void **state)
{
    struct tail_acts acts;
    (void)state;
    tail_acts_init(&acts);
    for (uint64_t i = 1; i <= TAIL_USERS_MAX + 1; i++) {
        early(&acts, "{\"type\":\"retract\",\"seq\":20,\"user_id\":\"u9\",\"upto\":15}");
    }
    assert_int_equal(acts.user_count, TAIL_USERS_MAX);
    for (uint64_t i = 0; i < TAIL_ACTS_MAX; i++) {
        early(&acts, "{\"type\":\"pin\",\"seq\":21}");
    }
    assert_int_equal(acts.early.len, TAIL_ACTS_MAX * sizeof(uint64_t));
    tail_acts_done(&acts);
}

static void each_act_is_a_line(void **state)
{
    static const struct {
        const char *event, *type, *line;
    } cases[] = {
        {"{\"seqs\":[4,5]}", "retract", "-- removed: 4 5\n"},
        {"{\"user_id\":\"u\\u001b9\",\"upto\":7}", "retract", "-- removed: all by u"},
        {"{\"all\":true,\"upto\":7}", "retract", "-- removed: everything up to 7\n"},
        {"{\"comments\":[{\"user\":{\"name\":\"Ann\"},\"text\":\"hi\",\"at\":0}]}", "restore",
         "Ann: hi\n"},
        {"{\"target\":7,\"comment\":{\"user\":{\"name\":\"Ann\"},\"text\":\"hi\"}}", "pin",
         "-- pinned: "},
        {"{\"target\":7}", "pin", "-- pinned: 7\n"},
        {"{\"target\":7}", "unpin", "-- no longer pinned: 7\n"},
        {"{\"slow\":10,\"modes\":[\"links_off\"],\"shield\":true}", "settings",
         "-- rules: one comment in 10 s links_off shield\n"},
        {"{\"slow\":0,\"modes\":[],\"shield\":false}", "settings", "-- rules: none\n"},
        {"{\"act\":\"a1\",\"text\":\"be kind\"}", "warned", "-- you are warned: be kind\n"},
        {"{\"id\":\"c1\"}", "held", "-- held: c1\n"},
        {"{\"id\":\"c1\"}", "approved", "-- approved: c1\n"},
        {"{\"id\":\"c1\"}", "rejected", "-- rejected: c1\n"},
        {"{\"seqs\":[4],\"by\":\"sa\\u001bm\",\"reason\":\"spam\"}", "retract", "m: spam)\n"},
        {"{\"slow\":0,\"by\":\"sam\"}", "settings", "-- rules: none (by sam)\n"},
        {"{\"do\":\"timeout\",\"target\":\"user:u9\",\"seconds\":600,\"by\":\"sam\"}", "notice",
         "-- timeout user:u9, 600 s (by sam)\n"},
        {"{\"do\":\"ban\",\"target\":\"user:u9\",\"all\":true,\"by\":\"root\",\"reason\":\"raid\"}",
         "notice", "-- ban user:u9 on all streams (by root: raid)\n"},
        {"{\"do\":\"delete\",\"target\":\"seq:4\",\"seq\":9,\"by\":\"sam\"}", "notice", ""},
        {"{\"do\":\"hold\",\"target\":\"id:c1\",\"by\":\"links\"}", "notice", ""},
        {"{\"many\":48}", "notice", "-- 48 acts of rules\n"},
        {"{}", "removed", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf line;
        struct json *event = parse(cases[i].event);
        buf_init(&line, MEM_OTHER, 4096);
        tail_acts_write(&line, event, str_of(cases[i].type));
        const struct str written = buf_str(&line);
        if (cases[i].line[0] == '\0') {
            assert_int_equal(written.len, 0);
        } else if (memmem(written.at, written.len, cases[i].line, strlen(cases[i].line)) == NULL) {
            fail_msg("%s: %.*s", cases[i].event, STR_ARG(written));
        }
        assert_true(written.len == 0 || memchr(written.at, '\x1b', written.len) == NULL);
        buf_done(&line);
        json_free(event);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_early_copy_removes_is_hidden),
        cmocka_unit_test(what_was_passed_is_forgotten),
        cmocka_unit_test(the_lists_are_bounded),
        cmocka_unit_test(each_act_is_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
